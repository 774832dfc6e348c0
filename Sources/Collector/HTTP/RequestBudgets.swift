internal import CollectorCore
internal import Synchronization
internal import UsageModel

/// Lets in so many requests a second, with bursts of one second's worth.
final class RequestRateLimit: Sendable {
    private struct State {
        /// Thousandths of a request that may come in now.
        var available: Int64
        /// When `available` was last brought up to date, in milliseconds of the clock.
        var updatedAt: Int64
    }

    private static let whole: Int64 = 1_000

    private let perSecond: Int64
    private let clock: any SteadyClock
    private let state: Mutex<State>

    /// - Parameter perSecond: 0 for no limit.
    init(perSecond: Int, clock: any SteadyClock) {
        self.perSecond = Int64(perSecond)
        self.clock = clock
        state = Mutex(State(available: Int64(perSecond) * Self.whole, updatedAt: clock.nowMilliseconds()))
    }

    /// Whether one more request may come in now; it then counts.
    func allowsRequest() -> Bool {
        if perSecond == 0 { return true }
        let now = clock.nowMilliseconds()
        return state.withLock { state in
            // One request a second is one thousandth of one each millisecond.
            let gained = min(now - state.updatedAt, 1_000) * perSecond
            state.available = min(perSecond * Self.whole, state.available + max(0, gained))
            state.updatedAt = now
            guard state.available >= Self.whole else { return false }
            state.available -= Self.whole
            return true
        }
    }
}

/// What one request holds of a ``ByteBudget``: as much as it has come to need, until it is released.
final class ByteReservation: Sendable {
    private let budget: ByteBudget
    private let held = Mutex(0)

    init(_ budget: ByteBudget) {
        self.budget = budget
    }

    /// Reserves what is missing of `bytes`; holds at least as much as before. `false` where the budget hasn't so many.
    func extend(to bytes: Int) -> Bool {
        held.withLock { held in
            guard bytes > held else { return true }
            guard budget.reserve(bytes - held, besides: held) else { return false }
            held = bytes
            return true
        }
    }

    func release() {
        held.withLock { held in
            budget.release(held)
            held = 0
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

    /// Reserves `bytes` if they are free. A single request larger than the limit is let in while nothing else is.
    ///
    /// - Parameter own: what the request holds already.
    func reserve(_ bytes: Int, besides own: Int = 0) -> Bool {
        used.withLock { used in
            guard used == own || used + bytes <= limit else { return false }
            used += bytes
            return true
        }
    }

    func release(_ bytes: Int) {
        used.withLock { $0 -= bytes }
    }
}
