internal import Dispatch
internal import Foundation
internal import Synchronization

/// Runs an actor on a thread of its own, so that its blocking file calls never hold a thread of Swift's cooperative
/// pool. Jobs that come while one runs wait in one list, and cost no switch of threads.
package final class BlockingExecutor: SerialExecutor {
    /// What the thread shares with the executor. The thread holds this alone, so that it ends with the executor.
    private final class Queue: Sendable {
        struct Waiting: Sendable {
            var jobs: [@Sendable () -> Void] = []
            /// Whether the thread has seen that there are none, and sleeps.
            var isAsleep = false
            var isOver = false
        }

        let waiting = Mutex(Waiting())
        let wake = DispatchSemaphore(value: 0)

        /// Changes what waits and wakes the thread.
        func change(_ body: (inout sending Waiting) -> Void) {
            let wasAsleep = waiting.withLock { waiting in
                body(&waiting)
                defer { waiting.isAsleep = false }
                return waiting.isAsleep
            }
            if wasAsleep { wake.signal() }
        }

        func run() {
            var jobs: [@Sendable () -> Void] = []
            while true {
                let isOver = waiting.withLock { waiting in
                    // Two arrays change places, so that neither is made anew.
                    swap(&jobs, &waiting.jobs)
                    waiting.isAsleep = jobs.isEmpty && !waiting.isOver
                    return waiting.isOver
                }
                for job in jobs { job() }
                guard jobs.isEmpty else {
                    jobs.removeAll(keepingCapacity: true)
                    continue
                }
                if isOver { return }
                wake.wait()
            }
        }
    }

    private let queue = Queue()

    package init(label: String) {
        let thread = Thread { [queue] in queue.run() }
        thread.name = label
        thread.start()
    }

    deinit { queue.change { $0.isOver = true } }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.change { waiting in
            waiting.jobs.append { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
    }
}
