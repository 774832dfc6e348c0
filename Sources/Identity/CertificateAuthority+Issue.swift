internal import Foundation
internal import SwiftASN1
package import Usage
internal import X509

/// A certificate with its private key, as PEM.
package struct IssuedCertificate: Sendable {
    package var certificatePEM: String
    package var privateKeyPEM: String
    /// The certificate as DER: what a TLS peer sees.
    package var certificateDER: [UInt8]
}

extension CertificateAuthority {
    /// Issues a collector's client certificate.
    package func issueCollector(
        _ identity: CollectorIdentity, validity: CertificateValidity = .days(CertificateValidity.defaultLeafDays)
    ) throws(IdentityError) -> IssuedCertificate {
        try issue(.collector(identity, validity: validity))
    }

    /// Issues a server's certificate for DNS names and IP addresses.
    package func issueServer(
        names: [String], validity: CertificateValidity = .days(CertificateValidity.defaultLeafDays)
    ) throws(IdentityError) -> IssuedCertificate {
        try issue(.server(names: names, validity: validity))
    }

    /// Issues whatever `request` says, with a new key.
    package func issue(_ request: LeafRequest) throws(IdentityError) -> IssuedCertificate {
        try request.validity.validate()
        let leafKey = Self.newKey(request.keyType)
        do {
            let subject = try DistinguishedName { CommonName(request.commonName.clipped(toCommonName: 64)) }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: leafKey.publicKey,
                notValidBefore: request.validity.notBefore, notValidAfter: request.validity.notAfter,
                issuer: self.certificate.subject, subject: subject,
                extensions: extensions(for: request, publicKey: leafKey.publicKey), issuerPrivateKey: key)
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            return IssuedCertificate(
                certificatePEM: try Self.pem(of: certificate), privateKeyPEM: try Self.pem(of: leafKey),
                certificateDER: serializer.serializedBytes)
        } catch let error as IdentityError {
            throw error
        } catch {
            throw IdentityError(.notIssued, "the certificate could not be made: \(error)")
        }
    }

    private func extensions(
        for request: LeafRequest, publicKey: Certificate.PublicKey
    ) throws -> Certificate.Extensions {
        let names = try subjectAlternativeNames(of: request)
        let purposes = request.purposes.map { purpose -> ExtendedKeyUsage.Usage in
            switch purpose {
            case .clientAuth: .clientAuth
            case .serverAuth: .serverAuth
            }
        }
        let constraints: BasicConstraints =
            request.isAuthority ? .isCertificateAuthority(maxPathLength: nil) : .notCertificateAuthority
        var extensions = try Certificate.Extensions {
            Critical(constraints)
            Critical(KeyUsage(digitalSignature: true, keyCertSign: request.isAuthority))
            SubjectKeyIdentifier(hash: publicKey)
        }
        if let issuer = try certificate.extensions.subjectKeyIdentifier {
            let identifier = AuthorityKeyIdentifier(keyIdentifier: issuer.keyIdentifier)
            try extensions.append(Certificate.Extension(identifier, critical: false))
        }
        if !purposes.isEmpty {
            try extensions.append(Certificate.Extension(ExtendedKeyUsage(purposes), critical: false))
        }
        if !names.isEmpty {
            try extensions.append(Certificate.Extension(SubjectAlternativeNames(names), critical: false))
        }
        return extensions
    }

    private func subjectAlternativeNames(of request: LeafRequest) throws(IdentityError) -> [GeneralName] {
        var names: [GeneralName] = request.uris.map { .uniformResourceIdentifier($0) }
        names += request.dnsNames.map { .dnsName($0) }
        for address in request.addresses {
            guard let bytes = ServerName.addressBytes(address) else {
                throw IdentityError(.badServerName, "“\(CollectorIdentity.clipped(address))” is not an IP address")
            }
            names.append(.ipAddress(ASN1OctetString(contentBytes: bytes[...])))
        }
        return names
    }
}
