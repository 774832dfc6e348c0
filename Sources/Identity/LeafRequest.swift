package import UsageModel

/// What a certificate to be issued shall say.
///
/// The two usual kinds are ``collector(_:validity:)`` and ``server(names:validity:)``; every field can then be changed,
/// which is how tests make the certificates that must be refused.
package struct LeafRequest: Sendable {
    package enum Purpose: Sendable, Hashable {
        case clientAuth
        case serverAuth
    }

    package var commonName: String
    /// URIs among the subject alternative names.
    package var uris: [String]
    /// DNS names among the subject alternative names.
    package var dnsNames: [String]
    /// IP addresses among the subject alternative names, in text.
    package var addresses: [String]
    package var purposes: [Purpose]
    /// Whether the certificate claims to be an authority. Never so for a real leaf.
    package var isAuthority: Bool
    package var keyType: KeyType
    package var validity: CertificateValidity

    package init(
        commonName: String, uris: [String] = [], dnsNames: [String] = [], addresses: [String] = [],
        purposes: [Purpose], isAuthority: Bool = false, keyType: KeyType = .p256,
        validity: CertificateValidity = .days(CertificateValidity.defaultLeafDays)
    ) {
        self.commonName = commonName
        self.uris = uris
        self.dnsNames = dnsNames
        self.addresses = addresses
        self.purposes = purposes
        self.isAuthority = isAuthority
        self.keyType = keyType
        self.validity = validity
    }

    /// A collector's client certificate: its identity as the one URI, and the purpose clientAuth.
    package static func collector(
        _ identity: CollectorIdentity, validity: CertificateValidity = .days(CertificateValidity.defaultLeafDays)
    ) throws(IdentityError) -> LeafRequest {
        try identity.validate()
        return LeafRequest(
            commonName: identity.name, uris: [identity.description], purposes: [.clientAuth], validity: validity)
    }

    /// A server's certificate for DNS names and IP addresses, with the purpose serverAuth.
    package static func server(
        names: [String], validity: CertificateValidity = .days(CertificateValidity.defaultLeafDays)
    ) throws(IdentityError) -> LeafRequest {
        guard let first = names.first else {
            throw IdentityError(.badServerName, "a server's certificate needs at least one DNS name or IP address")
        }
        var request = LeafRequest(commonName: first, purposes: [.serverAuth], validity: validity)
        for name in names {
            switch ServerName(name) {
            case .address(let address): request.addresses.append(address)
            case .dns(let name): request.dnsNames.append(name)
            case nil:
                throw IdentityError(
                    .badServerName,
                    "“\(CollectorIdentity.clipped(name))” is neither a DNS name in lower case nor an IP address")
            }
        }
        return request
    }
}

/// The kind of key to make, for signatures.
package enum KeyType: String, Sendable, Hashable, CaseIterable {
    case p256
    case p384
}
