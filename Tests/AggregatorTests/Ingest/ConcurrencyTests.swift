import Synchronization
import TestSupport
import Testing
import UsageModel

@testable import Aggregator

@Suite struct ConcurrencyLimiterTests {
    private let one = CollectorIdentity(trustDomain: "t", provider: "p", name: "one")
    private let two = CollectorIdentity(trustDomain: "t", provider: "p", name: "two")

    @Test func `lets in as many as its limits say and forgets them afterwards`() async throws {
        let limiter = ConcurrencyLimiter(limit: 3, limitPerCollector: 2)
        try await limiter.withPermit(of: one) {
            try await limiter.withPermit(of: one) {
                await #expect(throws: ConcurrencyLimiter.Refusal.tooManyFromCollector) {
                    try await limiter.withPermit(of: one) {}
                }
                try await limiter.withPermit(of: two) {
                    await #expect(throws: ConcurrencyLimiter.Refusal.busy) { try await limiter.withPermit(of: two) {} }
                    #expect(limiter.count == 3)
                }
            }
        }
        #expect(limiter.count == 0)
    }

    @Test func `gives the permit back when the work throws`() async {
        let limiter = ConcurrencyLimiter(limit: 1, limitPerCollector: 1)
        for _ in 0..<3 {
            await #expect(throws: CancellationError.self) {
                try await limiter.withPermit(of: one) { throw CancellationError() }
            }
        }
        #expect(limiter.count == 0)
    }
}

@Suite struct AsyncSemaphoreTests {
    private final class Inside: Sendable {
        let counts = Mutex((now: 0, most: 0, done: 0))
    }

    @Test func `never lets more through than it has permits`() async throws {
        let semaphore = AsyncSemaphore(permits: 3)
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await semaphore.withPermit {
                        inside.counts.withLock {
                            $0.now += 1
                            $0.most = max($0.most, $0.now)
                        }
                        await Task.yield()
                        inside.counts.withLock {
                            $0.now -= 1
                            $0.done += 1
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let result = inside.counts.withLock { $0 }
        #expect(result.most <= 3 && result.done == 200)
    }

    @Test func `a cancelled waiter leaves the queue and nobody behind it is stuck`() async throws {
        let semaphore = AsyncSemaphore(permits: 1)
        let (held, hold) = AsyncStream<Void>.makeStream()
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let holder = Task {
            try await semaphore.withPermit {
                enter.yield()
                for await _ in held { break }
            }
        }
        for await _ in entered { break }
        let waiter = Task { try await semaphore.withPermit {} }
        let behind = Task { try await semaphore.withPermit { true } }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        hold.yield()
        try await holder.value
        #expect(try await behind.value)
    }
}

@Suite struct WakeSignalTests {
    @Test func `a signal that came early is not lost`() async {
        let signal = WakeSignal()
        signal()
        signal()
        await signal.wait(atMost: .seconds(600))
    }

    @Test func `wakes a waiting loop`() async {
        let signal = WakeSignal()
        async let waiting: Void = signal.wait(atMost: .seconds(600))
        await Task.yield()
        signal()
        await waiting
    }

    @Test func `a wait ends by itself and the next signal still counts`() async {
        let signal = WakeSignal()
        await signal.wait(atMost: .milliseconds(1))
        signal()
        await signal.wait(atMost: .seconds(600))
    }
}

@Suite struct BackoffTests {
    @Test func `a delay doubles up to its last bound and starts again`() {
        var backoff = Backoff(first: .milliseconds(100), last: .milliseconds(400))
        var generator = SeededGenerator(seed: 3)
        for bound in [100, 200, 400, 400] {
            let wait = backoff.next(using: &generator).wholeMilliseconds
            #expect(wait >= Int64(bound / 2) && wait <= Int64(bound))
        }
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .milliseconds(100))
    }
}

@Suite struct RollupLagTests {
    @Test func `the lag is the age of the oldest sample that is not rolled up`() {
        var lag = RollupLag()
        #expect(lag.sample(second: 0, position: 10, waiting: 0) == 0)
        #expect(lag.sample(second: 5, position: 10, waiting: 2) == 0)
        #expect(lag.sample(second: 9, position: 10, waiting: 5) == 4)
        #expect(lag.sample(second: 12, position: 12, waiting: 3) == 3)
        #expect(lag.sample(second: 20, position: 15, waiting: 0) == 0)
    }

    @Test func `keeps a bounded number of samples`() {
        var lag = RollupLag()
        for second in 0..<5_000 { _ = lag.sample(second: Int64(second), position: 0, waiting: UInt64(second + 1)) }
        #expect(lag.sample(second: 5_000, position: 0, waiting: 6_000) == 5_000)
    }
}
