package import Foundation
internal import SwiftASN1
internal import UsageModel
package import X509

/// What is wrong with a certificate, an authority, or a secret in a file: which file, what, and what to do.
package struct CertificateFault: Error, Sendable, Equatable, CustomStringConvertible {
    package var file: String
    package var message: String
    package var remedy: String

    package init(file: String, message: String, remedy: String) {
        self.file = file
        self.message = message
        self.remedy = remedy
    }

    package var description: String { "\(file) \(message); \(remedy)" }
}

/// A certificate with its chain and its private key, as they were read from their files.
package struct CertificateChain: Sendable {
    package let file: String
    package let leaf: Certificate
    /// What stands behind the leaf in its file, in order.
    package let intermediates: [Certificate]
    /// The private key as it was read: what was looked at is what is used.
    package let keyPEM: String

    /// When the first of them ends.
    package var end: Date { ([leaf] + intermediates).map(\.notValidAfter).min() ?? leaf.notValidAfter }

    /// Reads both files: PEM, and a key that is the certificate's own and that others on the machine can't read.
    ///
    /// - Throws: ``CertificateFault``, which names the file.
    package init(certificateFile: String, keyFile: String) throws(CertificateFault) {
        let certificates = try Self.certificates(in: certificateFile)
        file = certificateFile
        leaf = certificates[0]
        intermediates = Array(certificates.dropFirst())
        keyPEM = try SecretFile.read(keyFile, kind: "private key")
        let key = try Self.key(keyPEM, in: keyFile)
        guard key.publicKey == leaf.publicKey else {
            throw CertificateFault(
                file: keyFile, message: "is not the key of the certificate in \(certificateFile)",
                remedy: "give the pair that was issued together")
        }
    }

    /// Every certificate of a PEM file; at least one.
    package static func certificates(in file: String) throws(CertificateFault) -> [Certificate] {
        let text = try read(file)
        do {
            let blocks = try PEMDocument.parseMultiple(pemString: text).filter { $0.discriminator == "CERTIFICATE" }
            guard !blocks.isEmpty else {
                throw CertificateFault(
                    file: file, message: "holds no PEM block BEGIN CERTIFICATE", remedy: "give a certificate in PEM")
            }
            return try blocks.map { try Certificate(pemDocument: $0) }
        } catch let fault as CertificateFault {
            throw fault
        } catch {
            throw CertificateFault(
                file: file, message: "is not a readable certificate in PEM", remedy: "give a certificate in PEM")
        }
    }

    /// Refuses a private key that others than its owner can open; see ``SecretFile``.
    package static func checkIsPrivate(_ keyFile: String) throws(CertificateFault) {
        try SecretFile.check(keyFile, kind: "private key")
    }

    private static func key(
        _ text: String, in file: String
    ) throws(CertificateFault) -> Certificate.PrivateKey {
        do {
            return try Certificate.PrivateKey(pemEncoded: text)
        } catch {
            throw CertificateFault(
                file: file, message: "is not a private key in PEM that can be used",
                remedy: "give an unencrypted P-256, P-384, Ed25519 or RSA key in PEM")
        }
    }

    private static func read(_ file: String) throws(CertificateFault) -> String {
        do throws(IdentityError) {
            return try PrivateFile.read(file, what: "the file")
        } catch {
            let reason =
                error.code == .fileMissing ? "isn't there" : "can't be read, or isn't text"
            throw CertificateFault(
                file: file, message: reason, remedy: "give the right path, and let this user read the file")
        }
    }
}

extension CertificateChain {
    /// What is wrong with the chain at a moment, apart from what made it unreadable.
    ///
    /// - Parameters:
    ///   - authorities: the file of the authorities that the peer trusts, where it is known.
    ///   - now: the moment at which it must hold.
    package func faults(authorities: String?, now: Date) -> [CertificateFault] {
        var faults: [CertificateFault] = []
        for certificate in [leaf] + intermediates {
            if let fault = Self.validityFault(of: certificate, in: file, now: now) { faults.append(fault) }
        }
        do throws(CertificateFault) {
            try checkSignatures(authorities: authorities, now: now)
        } catch {
            faults.append(error)
        }
        return faults
    }

    /// That an authority's file holds authorities, one of which hasn't ended.
    package static func checkAuthorities(_ file: String, now: Date) throws(CertificateFault) {
        let roots = try certificates(in: file)
        guard let root = roots.first(where: \.isAuthority) else {
            throw CertificateFault(
                file: file, message: "holds no authority's certificate, only others",
                remedy: "give the authority's certificate, such as ca.pem")
        }
        let faults = roots.filter(\.isAuthority).compactMap { validityFault(of: $0, in: file, now: now) }
        if faults.count == roots.count(where: \.isAuthority), let fault = validityFault(of: root, in: file, now: now) {
            throw fault
        }
    }

    /// That the certificate names this collector and may be shown by a client.
    package func checkNames(provider: String, collector: String) throws(CertificateFault) {
        let identity: CollectorIdentity
        do throws(IdentityError) {
            identity = try CollectorIdentity(certificate: leaf)
        } catch {
            throw CertificateFault(
                file: file, message: "can't be a collector's: \(error.message)",
                remedy: "issue one with `steelyard ca issue`")
        }
        guard identity.provider == provider, identity.name == collector else {
            throw CertificateFault(
                file: file,
                message: "names the collector \(identity.provider)/\(identity.name), and the configuration "
                    + "\(provider)/\(collector)",
                remedy: "give that collector's certificate, or correct provider and collector")
        }
    }

    /// That the certificate may be shown by a server.
    package func checkIsForServers() throws(CertificateFault) {
        guard let purposes = try? leaf.extensions.extendedKeyUsage, !purposes.contains(.serverAuth) else { return }
        throw CertificateFault(
            file: file, message: "lacks the extended key usage serverAuth, so that no client takes it",
            remedy: "give a server's certificate, from `steelyard ca issue`")
    }

    private static func validityFault(
        of certificate: Certificate, in file: String, now: Date
    ) -> CertificateFault? {
        func text(_ date: Date) -> String { date.formatted(.iso8601) }
        if certificate.notValidAfter < now {
            return CertificateFault(
                file: file, message: "holds a certificate that ended at \(text(certificate.notValidAfter))",
                remedy: "put a renewed one in its place")
        }
        if certificate.notValidBefore > now {
            return CertificateFault(
                file: file, message: "holds a certificate that begins at \(text(certificate.notValidBefore))",
                remedy: "check this machine's clock, or wait")
        }
        return nil
    }

    /// Each certificate is signed by the next of the file, and the last by one of the authorities.
    private func checkSignatures(authorities: String?, now: Date) throws(CertificateFault) {
        var last = leaf
        var depth = 0
        for issuer in intermediates {
            // A file may end with the root itself, or repeat a certificate.
            if issuer == last { continue }
            guard issuer.hasSigned(last) else {
                throw CertificateFault(
                    file: file, message: "holds a chain in which one certificate isn't signed by the next",
                    remedy: "put the certificate first, then what signed it, and so on")
            }
            try check(issuer, mayStandAbove: depth, in: file)
            depth += 1
            last = issuer
        }
        guard let authorities else { return }
        let roots = try Self.certificates(in: authorities)
        guard
            let root = roots.first(where: { ($0 == last || $0.hasSigned(last)) && $0.notValidAfter >= now })
        else {
            throw CertificateFault(
                file: file, message: "isn't signed by an authority in \(authorities) that still holds",
                remedy: "give a certificate of that authority, or the authorities that belong to it")
        }
        if root != last { try check(root, mayStandAbove: depth, in: authorities) }
    }

    /// Peers refuse a chain in which a certificate that is no authority signed another one, or an authority has more
    /// authorities below it than its path length allows.
    private func check(
        _ issuer: Certificate, mayStandAbove depth: Int, in place: String
    ) throws(CertificateFault) {
        guard case .isCertificateAuthority(let maxPathLength) = try? issuer.extensions.basicConstraints else {
            throw CertificateFault(
                file: file, message: "is signed by a certificate in \(place) that is no authority's",
                remedy: "give a certificate that an authority issued")
        }
        if let maxPathLength, depth > maxPathLength {
            throw CertificateFault(
                file: file,
                message: "has \(depth) authorities below one in \(place) that allows \(maxPathLength) (path length)",
                remedy: "have it issued by that authority itself")
        }
    }
}

extension Certificate {
    fileprivate var isAuthority: Bool {
        if case .isCertificateAuthority = try? extensions.basicConstraints { return true }
        return false
    }

    func hasSigned(_ other: Certificate) -> Bool {
        other.issuer == subject && publicKey.isValidSignature(other.signature, for: other)
    }
}
