internal import Hummingbird
internal import Logging

/// The context of a request on the query listener.
struct QueryContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}
