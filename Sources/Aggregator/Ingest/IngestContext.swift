internal import HTTPSupport
internal import Hummingbird
internal import NIOCore

/// The context of a request on the ingest listener: it remembers the connection, whose certificate says who is there.
struct IngestContext: ConnectionContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// The certificate that the peer proved to hold in the handshake, as DER; `nil` on a connection without one.
    func peerCertificate() async throws -> [UInt8]? { try await channel.peerCertificate() }
}
