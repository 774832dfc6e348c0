import Postgres
import Store
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

@Suite struct RollupStallTests {
    private func waiting(_ provider: Int16, _ number: Int64) -> WaitingBatch {
        WaitingBatch(provider: provider, number: number, receivedAt: Timestamp(seconds: 0))
    }

    @Test func `a provider that stands still is told although others move`() {
        var stall = RollupStall()
        for second in Int64(0)..<60 {
            #expect(stall.sample(second: second, waiting: [waiting(1, 7), waiting(2, 10 + second)]) == 0)
        }
        #expect(stall.sample(second: 60, waiting: [waiting(1, 7), waiting(2, 70)]) == 60)
        #expect(stall.sample(second: 90, waiting: [waiting(2, 71), waiting(1, 7)]) == 90)
        #expect(stall.sample(second: 91, waiting: [waiting(1, 8), waiting(2, 72)]) == 0)
    }

    @Test func `what waits anew is reckoned anew`() {
        var stall = RollupStall()
        #expect(stall.sample(second: 0, waiting: [waiting(1, 7)]) == 0)
        #expect(stall.sample(second: 100, waiting: []) == 0)
        #expect(stall.sample(second: 200, waiting: [waiting(1, 7)]) == 0)
        #expect(stall.sample(second: 259, waiting: [waiting(1, 7)]) == 0)
        #expect(stall.sample(second: 260, waiting: [waiting(1, 7)]) == 60)
    }

    @Test func `one lane's success doesn't hide why the other fails`() {
        let signals = RollupSignals()
        signals.failed(RollupFailure(PostgresError(.init("53100"), "full")), in: .heavy)
        signals.succeeded(in: .light)
        #expect(signals.lastFailure?.sqlState == "53100")
        signals.succeeded(in: .heavy)
        #expect(signals.lastFailure == nil)
    }
}
