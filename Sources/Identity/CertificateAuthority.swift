internal import Crypto
internal import Foundation
internal import SwiftASN1
internal import UsageModel
package import X509

/// A certificate authority for small installations: one self-signed key that issues to collectors and servers.
///
/// Larger installations bring their own PKI; all that Steelyard asks of a collector's certificate is in
/// ``CollectorIdentity/init(certificate:)``.
package struct CertificateAuthority: Sendable {
    package let certificate: Certificate
    let key: Certificate.PrivateKey

    init(certificate: Certificate, key: Certificate.PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// Makes a new authority with a new key.
    ///
    /// - Parameter isConstrained: Whether a critical name constraint binds every URI that the authority may issue to
    ///   `trustDomain`.
    package static func create(
        trustDomain: String, keyType: KeyType = .p256, isConstrained: Bool = false,
        validity: CertificateValidity = .days(CertificateValidity.defaultAuthorityDays)
    ) throws(IdentityError) -> CertificateAuthority {
        try CollectorIdentity.checkTrustDomain(trustDomain)
        try validity.validate()
        let key = Self.newKey(keyType)
        do {
            let name = try DistinguishedName { CommonName("Steelyard CA \(trustDomain)".clipped(toCommonName: 64)) }
            var extensions = try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
            }
            if isConstrained {
                let constraints = NameConstraints(permittedURIDomains: [trustDomain])
                try extensions.append(Certificate.Extension(constraints, critical: true))
            }
            let certificate = try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
                notValidBefore: validity.notBefore, notValidAfter: validity.notAfter, issuer: name, subject: name,
                extensions: extensions, issuerPrivateKey: key)
            return CertificateAuthority(certificate: certificate, key: key)
        } catch {
            throw IdentityError(.notIssued, "the authority's certificate could not be made: \(error)")
        }
    }

    /// An existing authority from its certificate and key in PEM.
    ///
    /// Refused: a certificate that isn't an authority's, and a key that isn't its own.
    package init(certificatePEM: String, keyPEM: String) throws(IdentityError) {
        let certificate = try Certificate.first(inPEM: certificatePEM, named: "the authority's certificate")
        let key: Certificate.PrivateKey
        do {
            key = try Certificate.PrivateKey(pemEncoded: keyPEM)
        } catch {
            throw IdentityError(
                .notAKey,
                "the authority's key is not a private key in PEM; restore it from a backup, or make a new "
                    + "authority with `steelyard ca init`")
        }
        guard case .isCertificateAuthority = try? certificate.extensions.basicConstraints else {
            throw IdentityError(
                .notAnAuthority, "the certificate is not an authority's (basic constraints say so); is it a leaf?")
        }
        guard key.publicKey == certificate.publicKey else {
            throw IdentityError(
                .keyMismatch,
                "the authority's key and certificate don't belong together; restore the pair from one "
                    + "backup, or make a new authority with `steelyard ca init`")
        }
        self.init(certificate: certificate, key: key)
    }

    /// The authority's certificate, for the peers that shall trust it.
    package var certificatePEM: String {
        get throws(IdentityError) { try Self.pem(of: certificate) }
    }

    /// The trust domain that the authority's name constraint binds it to, where it has one.
    package var trustDomain: String? {
        guard let constraints = try? certificate.extensions.nameConstraints else { return nil }
        for case .uniformResourceIdentifier(let domain) in constraints.permittedSubtrees { return domain }
        return nil
    }

    static func newKey(_ type: KeyType) -> Certificate.PrivateKey {
        switch type {
        case .p256: Certificate.PrivateKey(P256.Signing.PrivateKey())
        case .p384: Certificate.PrivateKey(P384.Signing.PrivateKey())
        }
    }

    static func pem(of certificate: Certificate) throws(IdentityError) -> String {
        do {
            return try certificate.serializeAsPEM().pemString + "\n"
        } catch {
            throw IdentityError(.notIssued, "the certificate could not be written as PEM: \(error)")
        }
    }

    static func pem(of key: Certificate.PrivateKey) throws(IdentityError) -> String {
        do {
            return try key.serializeAsPEM().pemString + "\n"
        } catch {
            throw IdentityError(.notIssued, "the private key could not be written as PEM: \(error)")
        }
    }
}

extension String {
    /// X.520 bounds a common name at 64 characters.
    func clipped(toCommonName limit: Int) -> String { String(prefix(limit)) }
}
