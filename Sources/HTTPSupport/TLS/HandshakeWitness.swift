package import Identity
package import NIOCore
package import NIOSSL
internal import NIOTLS

/// Stands behind TLS until the handshake is over, holds the peer's certificate to what the TLS library leaves out, and
/// tells when the handshake failed.
package final class HandshakeWitness: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = NIOAny

    private let tls: NIOSSLServerHandler
    private let anchors: TrustAnchors?
    private let needsCertificate: Bool
    private let failed: (@Sendable (PeerName, String) -> Void)?
    private var isOver = false

    /// - Parameters:
    ///   - anchors: where the peer's certificate must come from; `nil` where peers show none.
    ///   - needsCertificate: whether a peer that shows none is turned away.
    ///   - failed: is told the peer and what went wrong, in a word.
    package init(
        _ tls: NIOSSLServerHandler, anchors: TrustAnchors?, needsCertificate: Bool,
        failed: (@Sendable (PeerName, String) -> Void)?
    ) {
        self.tls = tls
        self.anchors = anchors
        self.needsCertificate = needsCertificate
        self.failed = failed
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent {
            guard isPeerAllowed else {
                errorCaught(context: context, error: PathLengthError())
                return context.close(promise: nil)
            }
            isOver = true
        }
        context.fireUserInboundEventTriggered(event)
    }

    private var isPeerAllowed: Bool {
        guard let anchors else { return true }
        guard let certificate = tls.peerCertificate else { return !needsCertificate }
        guard let leaf = try? certificate.toDERBytes() else { return false }
        return anchors.allow(leafDER: leaf)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isOver {
            isOver = true
            failed?(PeerName(context.channel), Self.word(for: error))
        }
        context.fireErrorCaught(error)
    }

    /// The library's own text for a failure varies with addresses in memory; its kind doesn't.
    package static func word(for error: any Error) -> String {
        let text = "\(error)".uppercased()
        return word(known.first { text.contains($0) } ?? other)
    }

    /// Every word that ``word(for:)`` has.
    package static let reasons = (known + [other]).map(word)

    private static let known = [
        "CERTIFICATE_VERIFY_FAILED", "PEER_DID_NOT_RETURN_A_CERTIFICATE", "UNSUPPORTED_PROTOCOL",
        "NO_SHARED_CIPHER", "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_CA", "CERTIFICATE_EXPIRED",
        "CERTIFICATE_UNKNOWN", "BAD_CERTIFICATE",
    ]
    private static let other = "TLS_FAILED"

    private static func word(_ name: String) -> String { name.lowercased().replacing("_", with: "-") }
}

extension Channel {
    /// Puts a ``HandshakeWitness`` behind the TLS handler that the pipeline has. On the event loop only.
    package func addHandshakeWitness(
        anchors: TrustAnchors?, needsCertificate: Bool, failed: (@Sendable (PeerName, String) -> Void)?
    ) throws {
        let tls = try pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
        let witness = HandshakeWitness(
            tls, anchors: anchors, needsCertificate: needsCertificate, failed: failed)
        try pipeline.syncOperations.addHandler(witness, position: .after(tls))
    }
}
