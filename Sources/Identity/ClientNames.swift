internal import SwiftASN1
internal import UsageModel
internal import X509

/// The names that a client's certificate stands for.
package enum ClientNames {
    /// DNS names and URIs among the subject alternative names of a leaf certificate, as DER. Empty for what no client
    /// may show: an authority's certificate, one without the purpose clientAuth, and what isn't readable. A common name
    /// is never looked at.
    ///
    /// The chain, the signature and the validity are TLS's to check; this says whom the certificate names.
    package static func all(inDER bytes: [UInt8]) -> [String] {
        guard let certificate = try? Certificate(derEncoded: bytes),
            (try? CollectorIdentity.checkIsLeaf(certificate)) != nil,
            (try? CollectorIdentity.checkIsForClients(certificate)) != nil,
            let names = try? certificate.extensions.subjectAlternativeNames
        else { return [] }
        return names.compactMap { name in
            switch name {
            case .dnsName(let name): name
            case .uniformResourceIdentifier(let uri): uri
            default: nil
            }
        }
    }
}
