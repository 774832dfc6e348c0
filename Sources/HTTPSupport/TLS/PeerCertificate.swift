package import NIOCore
internal import NIOSSL

extension Channel {
    /// The same as ``peerCertificate()``, of an HTTP/2 stream, on its event loop only.
    package func peerCertificateOfConnection() -> [UInt8]? {
        guard let parent, parent.eventLoop === eventLoop else { return nil }
        let tls = try? parent.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
        return try? tls?.peerCertificate?.toDERBytes()
    }

    /// The certificate that the peer proved to hold in the handshake, as DER; `nil` on a connection without one.
    ///
    /// An HTTP/2 stream is a channel of its own; TLS is its parent's.
    package func peerCertificate() async throws -> [UInt8]? {
        let future = pipeline.handler(type: NIOSSLHandler.self).map { $0.peerCertificate }
        do {
            return try await future.get()?.toDERBytes()
        } catch ChannelPipelineError.notFound {
            guard let parent else { return nil }
            do {
                return try await parent.nioSSL_peerCertificate().get()?.toDERBytes()
            } catch ChannelPipelineError.notFound {
                // Over HTTP/1.1 the parent is the listener: the connection is closed and has no TLS any more.
                throw Problem.unavailable("The connection was closed before its request was looked at.")
            }
        }
    }
}
