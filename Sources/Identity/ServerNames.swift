internal import SwiftASN1
internal import X509

/// The names that a server's certificate is good for.
package enum ServerNames {
    /// DNS names, wildcards as they stand, and IP addresses of the leaf, the first certificate of a chain.
    ///
    /// - Throws: ``IdentityError`` where there is no readable certificate.
    package static func all(inPEM text: String) throws(IdentityError) -> [String] {
        let leaf = try Certificate.first(inPEM: text, named: "the server's certificate")
        guard let names = try? leaf.extensions.subjectAlternativeNames else { return [] }
        return names.compactMap { name in
            switch name {
            case .dnsName(let name): name
            case .ipAddress(let octets): address(Array(octets.bytes))
            default: nil
            }
        }
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        switch bytes.count {
        case 4: bytes.map(String.init).joined(separator: ".")
        case 16:
            stride(from: 0, to: 16, by: 2).map {
                String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
            }.joined(separator: ":")
        default: nil
        }
    }
}
