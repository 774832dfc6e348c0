internal import CollectorCore
internal import Synchronization
internal import UsageModel

/// Lets in so many requests a second, with bursts of one second's worth.
final class TokenBucket: Sendable {
    private struct State {
        /// Thousandths of a request that may come in now.
        var millitokens: Int64
        var filledAt: Int64
    }

    private let perSecond: Int64
    private let clock: any SteadyClock
    private let state: Mutex<State>

    /// - Parameter perSecond: 0 for no limit.
    init(perSecond: Int, clock: any SteadyClock) {
        self.perSecond = Int64(perSecond)
        self.clock = clock
        state = Mutex(State(millitokens: Int64(perSecond) * 1_000, filledAt: clock.nowMilliseconds()))
    }

    /// Takes one request's token, if there is one.
    func take() -> Bool {
        if perSecond == 0 { return true }
        let now = clock.nowMilliseconds()
        return state.withLock { state in
            let gained = min(now - state.filledAt, 1_000) * perSecond
            state.millitokens = min(perSecond * 1_000, state.millitokens + max(0, gained))
            state.filledAt = now
            guard state.millitokens >= 1_000 else { return false }
            state.millitokens -= 1_000
            return true
        }
    }
}

/// Bytes of request bodies that are in work at once.
final class ByteBudget: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes `bytes` if they are free. A single request larger than the limit is let in while nothing else is.
    func take(_ bytes: Int) -> Bool {
        used.withLock { used in
            guard used == 0 || used + bytes <= limit else { return false }
            used += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) {
        used.withLock { $0 -= bytes }
    }
}
