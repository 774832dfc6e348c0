package import HummingbirdCore
package import Logging
package import NIOCore

/// A plain HTTP/1.1 connection behind a ``ConnectionGuard``.
package struct GuardedPlainChannel: ServerChildChannel {
    package typealias Value = HTTP1Channel.Value

    private let base: HTTP1Channel
    private let headerDeadline: TimeAmount
    private let maxAge: TimeAmount
    private let pending: PendingConnections?
    private let runsOnEventLoop: Bool

    /// - Parameters:
    ///   - pending: the listener's connections that haven't brought a request, if they are limited.
    ///   - runsOnEventLoop: whether requests are handled by the connection's event loop: see ``EventLoopExecutor``.
    package init(
        base: HTTP1Channel, headerDeadline: TimeAmount, maxAge: TimeAmount, pending: PendingConnections? = nil,
        runsOnEventLoop: Bool = false
    ) {
        self.base = base
        self.headerDeadline = headerDeadline
        self.maxAge = maxAge
        self.pending = pending
        self.runsOnEventLoop = runsOnEventLoop
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.addingGuard(headerDeadline: headerDeadline, maxAge: maxAge, pending: pending).flatMap {
            base.setup(channel: channel, logger: logger)
        }
    }

    package func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(runsOnEventLoop ? EventLoopExecutor(value.channel.eventLoop) : nil) {
            await base.handle(value: value, logger: logger)
        }
    }
}

extension Channel {
    /// Puts a ``ConnectionGuard`` at the start of the connection's pipeline.
    ///
    /// - Parameter pending: the listener's connections that haven't brought a request, if they are limited.
    package func addingGuard(
        headerDeadline: TimeAmount, maxAge: TimeAmount, pending: PendingConnections? = nil
    ) -> EventLoopFuture<Void> {
        eventLoop.makeCompletedFuture {
            try pipeline.syncOperations.addHandler(
                ConnectionGuard(headerDeadline: headerDeadline, maxAge: maxAge, pending: pending))
        }
    }
}
