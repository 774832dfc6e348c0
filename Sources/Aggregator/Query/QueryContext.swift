internal import Hummingbird
internal import Logging
internal import NIOCore

/// The context of a request on the query listener.
struct QueryContext: ConnectionContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

/// A context that remembers the connection.
protocol ConnectionContext: RequestContext {
    /// An HTTP/2 stream is a channel of its own; the connection is its parent.
    var channel: any Channel { get }
}
