import Testing

@testable import steelyard

@Suite struct StopSignalTests {
    @Test func every_waiter_is_woken_and_later_ones_dont_wait() async {
        let stop = StopSignal()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { await stop.wait() } }
            group.addTask { stop.stop() }
        }
        await stop.wait()
        #expect(stop.isStopping)
    }

    @Test func work_that_ends_leaves_the_signal_unset() async throws {
        let stop = StopSignal()
        #expect(try await stop.racing { 1 } == 1)
        #expect(try await stop.racing { 2 } == 2, "the first race didn't end the signal")
        #expect(!stop.isStopping)
    }

    @Test func stopping_ends_the_work_that_races() async throws {
        let stop = StopSignal()
        stop.stop()
        let outcome = try await stop.racing {
            try await Task.sleep(for: .seconds(3_600))
            return 1
        }
        #expect(outcome == nil)
    }

    @Test func cancellation_ends_a_wait() async {
        let stop = StopSignal()
        let waiting = Task { await stop.wait() }
        waiting.cancel()
        await waiting.value
        #expect(!stop.isStopping)
    }
}
