internal import HTTPSupport
internal import Synchronization
internal import UsageModel

/// Keeps tokens that nobody was given away from the database: a token that was looked for in vain isn't looked for
/// again, and each peer has a budget of looking. Tokens that were good lately pass by both, so that who shares an
/// address with a guesser goes on working.
///
/// That a token is remembered as unknown can do no harm: what is made later has another secret of 256 random bits.
final class UnknownTokens: Sendable {
    /// Tokens that one peer may try in vain at once, and again after as many ``refillMilliseconds``.
    static let budget = 30
    /// How long it takes until a peer may try one more.
    static let refillMilliseconds: Int64 = 2_000
    /// Of tokens known to be unknown, of tokens that were good, and of peers, each. When full, all are forgotten: they
    /// cost a question of the database each until they are known again.
    static let capacity = 4_096
    /// How long a token that was good passes by the budget.
    static let goodMilliseconds: Int64 = 3_600_000

    private struct State: Sendable {
        var unknown: Set<BearerToken> = []
        /// By token, until when.
        var good: [BearerToken: Int64] = [:]
        /// By peer, when its budget is whole again.
        var wholeAt: [PeerName: Int64] = [:]
    }

    enum Verdict: Sendable, Equatable {
        case look
        case unknown
        case tooMany(retryAfterSeconds: Int)
    }

    private let state = Mutex(State())

    /// Whether a token may be looked for.
    func verdict(on token: BearerToken, from peer: PeerName, now milliseconds: Int64) -> Verdict {
        state.withLock { state in
            if let until = state.good[token], until > milliseconds { return .look }
            // Costs the database nothing, and so its peer nothing.
            if state.unknown.contains(token) { return .unknown }
            let wholeAt = state.wholeAt[peer] ?? milliseconds
            let excess = wholeAt - milliseconds - (Int64(Self.budget) - 1) * Self.refillMilliseconds
            return excess > 0 ? .tooMany(retryAfterSeconds: Int((excess + 999) / 1_000)) : .look
        }
    }

    func wasGood(_ token: BearerToken, now milliseconds: Int64) {
        state.withLock { state in
            if state.good.count >= Self.capacity { state.good = [:] }
            state.good[token] = milliseconds + Self.goodMilliseconds
        }
    }

    /// A token turned out to be nobody's, or was known to be.
    func wasUnknown(_ token: BearerToken, from peer: PeerName, now milliseconds: Int64) {
        state.withLock { state in
            state.good[token] = nil
            if state.unknown.count >= Self.capacity { state.unknown = [] }
            guard state.unknown.insert(token).inserted else { return }
            if state.wholeAt.count >= Self.capacity {
                state.wholeAt = state.wholeAt.filter { $0.value > milliseconds }
                if state.wholeAt.count >= Self.capacity { state.wholeAt = [:] }
            }
            state.wholeAt[peer] = max(milliseconds, state.wholeAt[peer] ?? 0) + Self.refillMilliseconds
        }
    }
}
