internal import Foundation
internal import SwiftASN1
package import UsageModel
internal import X509

/// A certificate with its private key, as PEM.
package struct IssuedCertificate: Sendable {
    package var certificatePEM: String
    package var privateKeyPEM: String
    /// The certificate as DER: what a TLS peer sees.
    package var certificateDER: [UInt8]
}

extension CertificateAuthority {
    /// Signs with any certificate's key, an authority's or not: so tests make the chains that must be refused.
    package init(unchecked issued: IssuedCertificate) throws(IdentityError) {
        let certificate = try Certificate.first(inPEM: issued.certificatePEM, named: "the certificate")
        do {
            self.init(certificate: certificate, key: try Certificate.PrivateKey(pemEncoded: issued.privateKeyPEM))
        } catch {
            throw IdentityError(.notAKey, "the key is not a private key in PEM")
        }
    }

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
    ///
    /// Refused: a certificate that outlives the authority. Its peers would stop trusting it before it ends.
    package func issue(_ request: LeafRequest) throws(IdentityError) -> IssuedCertificate {
        try checkEnd(of: request.validity)
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

    /// From now on for `days` days, or until the authority ends where that comes first.
    package func validity(atMost days: Int) -> CertificateValidity {
        var validity = CertificateValidity.days(days)
        validity.notAfter = min(validity.notAfter, certificate.notValidAfter)
        return validity
    }

    private func checkEnd(of validity: CertificateValidity) throws(IdentityError) {
        let end = certificate.notValidAfter
        let day = CalendarDate(days: Int64((end.timeIntervalSince1970 / 86_400).rounded(.down)))
        guard end > Date() else {
            throw IdentityError(.badValidity, "the authority ended on \(day) (UTC); make a new one")
        }
        guard validity.notAfter <= end else {
            let left = Int(end.timeIntervalSinceNow / 86_400)
            throw IdentityError(
                .badValidity,
                "the certificate would outlive its authority, which ends on \(day) (UTC); "
                    + (left >= 1 ? "ask for at most \(left) days" : "make a new authority"))
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
