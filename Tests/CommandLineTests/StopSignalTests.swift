import Testing

@testable import steelyard

@Suite struct StopSignalTests {
    @Test func `every waiter is woken and later ones don't wait`() async {
        let stop = StopSignal()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { await stop.wait() } }
            group.addTask { stop.stop() }
        }
        await stop.wait()
        #expect(stop.isStopping)
    }

    @Test func `work that ends leaves the signal unset`() async throws {
        let stop = StopSignal()
        #expect(try await stop.racing { 1 } == 1)
        #expect(try await stop.racing { 2 } == 2, "the first race didn't end the signal")
        #expect(!stop.isStopping)
    }

    @Test func `stopping ends the work that races`() async throws {
        let stop = StopSignal()
        stop.stop()
        let outcome = try await stop.racing {
            try await Task.sleep(for: .seconds(3_600))
            return 1
        }
        #expect(outcome == nil)
    }

    @Test func `cancellation ends a wait`() async {
        let stop = StopSignal()
        let waiting = Task { await stop.wait() }
        waiting.cancel()
        await waiting.value
        #expect(!stop.isStopping)
    }
}
