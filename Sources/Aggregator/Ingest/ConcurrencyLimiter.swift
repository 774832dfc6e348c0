internal import Synchronization
package import UsageModel

/// Says how many batches may be under way at once, in all and per collector, so that a storm of collectors that come
/// back together is turned into "later" instead of memory.
package final class ConcurrencyLimiter: Sendable {
    /// Why a batch was not let in.
    package enum Refusal: Error, Sendable, Equatable {
        /// The process has enough to do: 503.
        case busy
        /// This collector has several batches under way already: 429.
        case tooManyFromCollector
    }

    private struct State {
        var total = 0
        var byCollector: [CollectorIdentity: Int] = [:]
    }

    private let limit: Int
    private let limitPerCollector: Int
    private let state = Mutex(State())

    package init(limit: Int, limitPerCollector: Int) {
        precondition(limit > 0 && limitPerCollector > 0, "limiter of \(limit) and \(limitPerCollector)")
        self.limit = limit
        self.limitPerCollector = limitPerCollector
    }

    /// Batches under way.
    package var count: Int { state.withLock { $0.total } }

    /// Runs `body` if there is room, and throws ``Refusal`` at once if there isn't.
    package func withPermit<Result: Sendable>(
        of collector: CollectorIdentity, _ body: () async throws -> Result
    ) async throws -> Result {
        try enter(collector)
        defer { leave(collector) }
        return try await body()
    }

    private func enter(_ collector: CollectorIdentity) throws(Refusal) {
        let refusal = state.withLock { state -> Refusal? in
            if state.total >= limit { return .busy }
            let own = state.byCollector[collector, default: 0]
            if own >= limitPerCollector { return .tooManyFromCollector }
            state.total += 1
            state.byCollector[collector] = own + 1
            return nil
        }
        if let refusal { throw refusal }
    }

    private func leave(_ collector: CollectorIdentity) {
        state.withLock { state in
            state.total -= 1
            let own = state.byCollector[collector, default: 1] - 1
            state.byCollector[collector] = own == 0 ? nil : own
        }
    }
}
