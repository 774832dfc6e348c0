internal import SwiftASN1
internal import X509

/// The authorities that peers' certificates come from, with the rule that the TLS library leaves out: it holds
/// certificates on the way to an authority to their path lengths, and not the authority itself.
///
/// An authority of `steelyard ca` has the path length 0: it issues to peers alone, and no other authority stands below
/// it (RFC 5280, section 4.2.1.9).
package struct TrustAnchors: Sendable {
    private let anchors: [Certificate]
    /// Whether one of them may have authorities below it, through which the library has found a way.
    private let takesIntermediates: Bool

    /// - Parameter file: certificates in PEM.
    package init(file: String) throws(CertificateFault) {
        anchors = try CertificateChain.certificates(in: file)
        takesIntermediates = anchors.contains { anchor in
            guard case .isCertificateAuthority(let length) = try? anchor.extensions.basicConstraints else {
                return false
            }
            return length != 0
        }
    }

    /// Whether a certificate that the TLS library accepted may stand at the length of its way from an authority.
    ///
    /// Where authorities with and without others below them stand in one file, a certificate that none of them issued
    /// itself is taken for one from below those that may have them.
    package func allow(leafDER: [UInt8]) -> Bool {
        guard let leaf = try? Certificate(derEncoded: leafDER) else { return false }
        return takesIntermediates || anchors.contains { $0.hasSigned(leaf) }
    }
}

/// The library accepted a peer's certificate whose authority doesn't allow the authorities between them.
package struct PathLengthError: Error, CustomStringConvertible {
    package init() {}

    package var description: String {
        "CERTIFICATE_VERIFY_FAILED: an authority stands between the peer's certificate and one whose path length is 0"
    }
}
