import Synchronization
import Testing
import UsageModel

@Suite struct WaitQueueTests {
    /// A value that several tasks change.
    private final class Shared<Value: Sendable>: Sendable {
        let value: Mutex<Value>

        init(_ value: Value) { self.value = Mutex(value) }
    }

    /// Permits: each answer is one.
    private static func acquire(_ permits: WaitQueue<Int, Void>, atMost limit: Duration? = nil) async throws -> Bool {
        try await permits.wait(atMost: limit) { free, _ in
            guard free > 0 else { return nil }
            free -= 1
            return ()
        } != nil
    }

    private static func release(_ permits: WaitQueue<Int, Void>) {
        permits.withLock { free, waiters in if !waiters.answerFirst(()) { free += 1 } }
    }

    private static func waiting(_ queue: WaitQueue<Int, Void>) -> Int { queue.withLock { _, waiters in waiters.count } }

    private static func untilWaiting(_ count: Int, _ queue: WaitQueue<Int, Void>) async {
        while waiting(queue) < count { await Task.yield() }
    }

    @Test func `what the state holds is given without waiting`() async throws {
        let permits = WaitQueue<Int, Void>(1)
        #expect(try await Self.acquire(permits))
        #expect(permits.withLock { free, _ in free } == 0)
    }

    @Test func `a time limit ends a wait even where it is over at once`() async throws {
        let permits = WaitQueue<Int, Void>(0)
        for limit in [Duration.zero, .microseconds(1), .milliseconds(2)] {
            for _ in 0..<100 { #expect(try await Self.acquire(permits, atMost: limit) == false) }
        }
        #expect(Self.waiting(permits) == 0)
    }

    @Test func `waiters are answered in order of arrival`() async throws {
        let permits = WaitQueue<Int, Void>(0)
        let order = Shared<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    _ = try await Self.acquire(permits)
                    order.value.withLock { $0.append(number) }
                    Self.release(permits)
                }
                await Self.untilWaiting(number + 1, permits)
            }
            Self.release(permits)
            try await group.waitForAll()
        }
        #expect(order.value.withLock { $0 } == Array(0..<20))
    }

    @Test func `a cancelled waiter throws and leaves the queue`() async throws {
        let permits = WaitQueue<Int, Void>(0)
        for limit in [nil, Duration.seconds(600)] {
            let waiter = Task { try await Self.acquire(permits, atMost: limit) }
            await Self.untilWaiting(1, permits)
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            #expect(Self.waiting(permits) == 0)
        }
    }

    @Test func `what the decision throws is thrown whether it is asked first or again`() async throws {
        struct Refused: Error {}
        let queue = WaitQueue<Int, Void>(0)
        await #expect(throws: Refused.self) { try await queue.wait { _, _ in throw Refused() } }
        let waiter = Task { try await queue.wait { _, _ in nil } }
        await Self.untilWaiting(1, queue)
        queue.withLock { _, waiters in waiters.answerAll(.failure(Refused())) }
        await #expect(throws: Refused.self) { try await waiter.value }
    }

    /// Cancellations and time limits that meet answers: an answer is neither lost nor given twice.
    @Test func `no answer is lost whatever ends the waits`() async throws {
        let permits = WaitQueue<Int, Void>(3)
        let inside = Shared((now: 0, most: 0))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<600 {
                group.addTask {
                    let task = Task {
                        let limit: Duration? = number % 3 == 0 ? .microseconds(number) : nil
                        guard try await Self.acquire(permits, atMost: limit) else { return }
                        inside.value.withLock {
                            $0.now += 1
                            $0.most = max($0.most, $0.now)
                        }
                        await Task.yield()
                        inside.value.withLock { $0.now -= 1 }
                        Self.release(permits)
                    }
                    if number % 5 == 0 {
                        await Task.yield()
                        task.cancel()
                    }
                    _ = await task.result
                }
            }
        }
        #expect(inside.value.withLock { $0.now } == 0 && inside.value.withLock { $0.most } <= 3)
        #expect(permits.withLock { free, waiters in free == 3 && waiters.count == 0 })
    }
}
