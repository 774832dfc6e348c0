import Synchronization
import TestSupport
import Testing
import Usage

@testable import Aggregator

@Suite struct AdmissionGateTests {
    private let one = CollectorIdentity(trustDomain: "t", provider: "p", name: "one")
    private let two = CollectorIdentity(trustDomain: "t", provider: "p", name: "two")

    @Test func lets_in_as_many_as_its_limits_say_and_forgets_them_afterwards() async throws {
        let gate = AdmissionGate(limit: 3, limitPerCollector: 2)
        try await gate.withAdmission(of: one) {
            try await gate.withAdmission(of: one) {
                await #expect(throws: AdmissionGate.Refusal.tooManyFromCollector) {
                    try await gate.withAdmission(of: one) {}
                }
                try await gate.withAdmission(of: two) {
                    await #expect(throws: AdmissionGate.Refusal.busy) { try await gate.withAdmission(of: two) {} }
                    #expect(gate.count == 3)
                }
            }
        }
        #expect(gate.count == 0)
    }

    @Test func gives_the_place_back_when_the_work_throws() async {
        let gate = AdmissionGate(limit: 1, limitPerCollector: 1)
        for _ in 0..<3 {
            await #expect(throws: CancellationError.self) {
                try await gate.withAdmission(of: one) { throw CancellationError() }
            }
        }
        #expect(gate.count == 0)
    }
}

@Suite struct TurnstileTests {
    private final class Inside: Sendable {
        let counts = Mutex((now: 0, most: 0, done: 0))
    }

    @Test func never_lets_more_through_than_it_has_places() async throws {
        let turnstile = Turnstile(places: 3)
        let inside = Inside()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await turnstile.withPlace {
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

    @Test func a_cancelled_waiter_leaves_the_queue_and_nobody_behind_it_is_stuck() async throws {
        let turnstile = Turnstile(places: 1)
        let (held, hold) = AsyncStream<Void>.makeStream()
        let (entered, enter) = AsyncStream<Void>.makeStream()
        let holder = Task {
            try await turnstile.withPlace {
                enter.yield()
                for await _ in held { break }
            }
        }
        for await _ in entered { break }
        let waiter = Task { try await turnstile.withPlace {} }
        let behind = Task { try await turnstile.withPlace { true } }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        hold.yield()
        try await holder.value
        #expect(try await behind.value)
    }
}

@Suite struct NudgeTests {
    @Test func a_nudge_that_came_early_is_not_lost() async {
        let nudge = Nudge()
        nudge()
        nudge()
        await nudge.wait(atMost: .seconds(600))
    }

    @Test func wakes_a_waiting_loop() async {
        let nudge = Nudge()
        async let waiting: Void = nudge.wait(atMost: .seconds(600))
        await Task.yield()
        nudge()
        await waiting
    }

    @Test func a_wait_ends_by_itself_and_the_next_nudge_still_counts() async {
        let nudge = Nudge()
        await nudge.wait(atMost: .milliseconds(1))
        nudge()
        await nudge.wait(atMost: .seconds(600))
    }
}

@Suite struct BackoffTests {
    @Test func doubles_up_to_its_last_bound_and_starts_again() {
        var backoff = Backoff(first: .milliseconds(100), last: .milliseconds(400))
        var generator = SeededGenerator(seed: 3)
        for bound in [100, 200, 400, 400] {
            let wait = backoff.next(using: &generator).milliseconds
            #expect(wait >= Int64(bound / 2) && wait <= Int64(bound))
        }
        backoff.reset()
        #expect(backoff.next(using: &generator) <= .milliseconds(100))
    }
}

@Suite struct FoldLagTests {
    @Test func is_the_age_of_the_oldest_sample_that_is_not_folded() {
        var lag = FoldLag()
        #expect(lag.sample(second: 0, mark: 10, waiting: 0) == 0)
        #expect(lag.sample(second: 5, mark: 10, waiting: 2) == 0)
        #expect(lag.sample(second: 9, mark: 10, waiting: 5) == 4)
        #expect(lag.sample(second: 12, mark: 12, waiting: 3) == 3)
        #expect(lag.sample(second: 20, mark: 15, waiting: 0) == 0)
    }

    @Test func keeps_a_bounded_number_of_samples() {
        var lag = FoldLag()
        for second in 0..<5_000 { _ = lag.sample(second: Int64(second), mark: 0, waiting: UInt64(second + 1)) }
        #expect(lag.sample(second: 5_000, mark: 0, waiting: 6_000) == 5_000)
    }
}
