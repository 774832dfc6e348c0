package import NIOCore

/// Runs the tasks of a connection on the connection's own event loop, so that a request that is read, handled and
/// answered changes threads only where it waits for something else.
///
/// For connections whose handlers neither block nor compute for long at a time.
package final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = unsafe asUnownedTaskExecutor()
        eventLoop.execute { unsafe job.runSynchronously(on: executor) }
    }
}
