internal import HTTPSupport
internal import HTTPTypes
package import Hummingbird
internal import NIOCore

/// The context of a request on the collector's listeners: it remembers the connection, whose certificate says who is
/// there.
package struct PushContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

extension SourceAccess {
    /// Holds a request to the rules of a source, before anything of its body is read.
    ///
    /// - Parameter source: `nil` for `POST /v1/events`.
    func check(_ request: Request, on channel: any Channel, source: String?) async throws(Problem) {
        var caller = Caller(authorization: request.headers[values: .authorization])
        if looksAtCertificates(source: source) {
            do {
                caller.certificate = try await channel.peerCertificate()
            } catch {
                throw error as? Problem ?? .notAllowedToPush
            }
        }
        try check(caller, source: source)
    }
}
