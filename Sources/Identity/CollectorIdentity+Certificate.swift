internal import SwiftASN1
package import UsageModel
package import X509

extension CollectorIdentity {
    /// Reads the identity out of a client's leaf certificate, as DER.
    ///
    /// The chain, the signature and the validity are TLS's to check; this says who the certificate names.
    package init(certificateDER bytes: [UInt8]) throws(IdentityError) {
        let certificate: Certificate
        do {
            certificate = try Certificate(derEncoded: bytes)
        } catch {
            throw IdentityError(.notACertificate, "the client's certificate is not a readable X.509 certificate")
        }
        try self.init(certificate: certificate)
    }

    /// Reads the identity out of a leaf certificate, as PEM; of a chain, the first one.
    package init(certificatePEM text: String) throws(IdentityError) {
        try self.init(certificate: Certificate.first(inPEM: text, named: "the client's certificate"))
    }

    /// Reads the identity out of a leaf certificate.
    ///
    /// Refused: an authority's certificate, one without the clientAuth purpose, and one with no URI among its subject
    /// alternative names, with several, or with one of another form. A common name is never looked at.
    package init(certificate: Certificate) throws(IdentityError) {
        try Self.checkIsLeaf(certificate)
        try Self.checkIsForClients(certificate)
        try self.init(uri: Self.onlyURI(of: certificate))
    }

    /// As ``init(certificateDER:)``, and refuses an identity of another trust domain.
    package init(certificateDER bytes: [UInt8], trustDomain: String) throws(IdentityError) {
        try self.init(certificateDER: bytes)
        guard self.trustDomain == trustDomain else {
            throw IdentityError(
                .wrongTrustDomain,
                "the certificate belongs to the trust domain “\(self.trustDomain)”; this server serves “\(trustDomain)”"
            )
        }
    }

    static func checkIsLeaf(_ certificate: Certificate) throws(IdentityError) {
        let constraints: BasicConstraints?
        let usage: KeyUsage?
        do {
            constraints = try certificate.extensions.basicConstraints
            usage = try certificate.extensions.keyUsage
        } catch {
            throw unreadable("basic constraints or key usage")
        }
        var isAuthority = usage?.keyCertSign ?? false
        if case .isCertificateAuthority = constraints { isAuthority = true }
        if isAuthority {
            throw IdentityError(
                .isAuthority,
                "the client showed an authority's certificate; a collector needs one of its own, from "
                    + "`steelyard ca issue`")
        }
    }

    static func checkIsForClients(_ certificate: Certificate) throws(IdentityError) {
        let purposes: ExtendedKeyUsage?
        do {
            purposes = try certificate.extensions.extendedKeyUsage
        } catch {
            throw unreadable("extended key usage")
        }
        guard let purposes, purposes.contains(.clientAuth) else {
            throw IdentityError(
                .noClientAuth,
                "the certificate lacks the extended key usage clientAuth; a server's certificate can't be a collector's"
            )
        }
    }

    private static func onlyURI(of certificate: Certificate) throws(IdentityError) -> String {
        let names: SubjectAlternativeNames?
        do {
            names = try certificate.extensions.subjectAlternativeNames
        } catch {
            throw unreadable("subject alternative names")
        }
        var uris: [String] = []
        for name in names ?? SubjectAlternativeNames() {
            if case .uniformResourceIdentifier(let uri) = name { uris.append(uri) }
        }
        guard let uri = uris.first else {
            throw IdentityError(
                .noURI,
                "the certificate has no URI among its subject alternative names, and its common name doesn't count")
        }
        guard uris.count == 1 else {
            throw IdentityError(
                .severalURIs, "the certificate has \(uris.count) URIs among its subject alternative names, not one")
        }
        return uri
    }

    private static func unreadable(_ part: String) -> IdentityError {
        IdentityError(.notACertificate, "the certificate's \(part) can't be read")
    }
}

extension Certificate {
    /// The first certificate in PEM text.
    static func first(inPEM text: String, named what: String) throws(IdentityError) -> Certificate {
        do {
            let documents = try PEMDocument.parseMultiple(pemString: text)
            guard let first = documents.first(where: { $0.discriminator == "CERTIFICATE" }) else {
                throw IdentityError(.notACertificate, "\(what) holds no PEM block BEGIN CERTIFICATE")
            }
            return try Certificate(pemDocument: first)
        } catch let error as IdentityError {
            throw error
        } catch {
            throw IdentityError(.notACertificate, "\(what) is not a readable certificate in PEM")
        }
    }
}
