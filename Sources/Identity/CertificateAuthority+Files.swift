package import Foundation
internal import X509

/// The files of an authority's directory.
package struct AuthorityDirectory: Sendable, Hashable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// The authority's certificate: what peers trust.
    package var certificate: String { "\(path)/ca.pem" }
    /// The authority's private key, mode 0600.
    package var key: String { "\(path)/ca-key.pem" }

    /// Certificate and key of a leaf; the key has mode 0600.
    package func leaf(_ name: String) -> (certificate: String, key: String) {
        ("\(path)/\(name).pem", "\(path)/\(name)-key.pem")
    }
}

extension CertificateAuthority {
    /// Writes the authority into `directory`, which is made with mode 0700 where it is missing.
    ///
    /// The key goes first: a crash in between leaves a key without a certificate, which ``load(from:)`` names.
    package func write(to directory: AuthorityDirectory, overwriting: Bool = false) throws(IdentityError) {
        try TrustedDirectory.make(directory.path, mode: 0o700)
        if !overwriting, let present = [directory.certificate, directory.key].first(where: Self.exists) {
            throw IdentityError(
                .fileExists,
                "\(present) is there already; everything issued under it would stop being trusted. Use it as it is, "
                    + "or say --force to replace the authority")
        }
        try PrivateFile.write(Self.pem(of: key), to: directory.key, for: .ownerOnly, overwriting: overwriting)
        try PrivateFile.write(certificatePEM, to: directory.certificate, for: .everybody, overwriting: overwriting)
    }

    /// The authority of a directory that ``write(to:overwriting:)`` filled.
    package static func load(from directory: AuthorityDirectory) throws(IdentityError) -> CertificateAuthority {
        try TrustedDirectory.check(directory.path)
        for path in [directory.certificate, directory.key] where !exists(path) {
            throw IdentityError(
                .fileMissing,
                "\(path) isn't there; make an authority with `steelyard ca init --dir '\(directory.path)'`, or restore the "
                    + "file from a backup")
        }
        let certificate = try PrivateFile.read(directory.certificate, what: "the authority's certificate")
        let key: String
        do throws(CertificateFault) {
            key = try SecretFile.read(directory.key, kind: "private key")
        } catch {
            throw IdentityError(.openToOthers, error.description)
        }
        do {
            return try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
        } catch {
            throw IdentityError(error.code, "in \(directory.path): \(error.message)")
        }
    }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}

extension IssuedCertificate {
    /// Writes `NAME.pem` and `NAME-key.pem` (mode 0600) into `directory`.
    package func write(
        to directory: AuthorityDirectory, name: String, overwriting: Bool = false
    ) throws(IdentityError) {
        let paths = directory.leaf(name)
        try Self.checkTargets(paths, in: directory, overwriting: overwriting)
        try PrivateFile.write(privateKeyPEM, to: paths.key, for: .ownerOnly, overwriting: overwriting)
        try PrivateFile.write(certificatePEM, to: paths.certificate, for: .everybody, overwriting: overwriting)
    }
}

extension IssuedCertificate {
    /// Refuses to write over the authority's certificate or key, over any other authority's, and over a file that holds
    /// something else than what would replace it: names of leaves can be made to meet those of other files (`ca`, or
    /// `x-key`, whose certificate would be `x`'s key).
    private static func checkTargets(
        _ paths: (certificate: String, key: String), in directory: AuthorityDirectory, overwriting: Bool
    ) throws(IdentityError) {
        let own = [directory.certificate, directory.key]
        for path in [paths.certificate, paths.key] where own.contains(path) {
            throw IdentityError(
                .isTheAuthority,
                "\(path) is the authority's own file, which issuing never replaces; give the certificate another name, "
                    + "such as a server's full DNS name first")
        }
        for (path, label) in [(paths.certificate, "CERTIFICATE"), (paths.key, "PRIVATE KEY")] {
            guard exists(path) else { continue }
            guard overwriting else {
                throw IdentityError(
                    .fileExists, "\(path) is there already and is not overwritten; say --force to replace it")
            }
            let text = (try? PrivateFile.read(path, what: "the file")) ?? ""
            guard text.contains("-----BEGIN \(label)-----") || label == "PRIVATE KEY" && text.contains(" \(label)-----")
            else {
                throw IdentityError(
                    .fileExists,
                    "\(path) holds no \(label.lowercased()) and is not overwritten, --force or not; move it away")
            }
            if case .isCertificateAuthority =
                (try? Certificate.first(inPEM: text, named: "the file"))?.basicConstraints
            {
                throw IdentityError(
                    .isTheAuthority, "\(path) is an authority's certificate, which issuing never replaces; move it away"
                )
            }
        }
    }

    /// Whether anything has the name, a link that leads nowhere included.
    private static func exists(_ path: String) -> Bool {
        unsafe faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0
    }
}

extension Certificate {
    fileprivate var basicConstraints: BasicConstraints? { try? extensions.basicConstraints }
}

extension CertificateAuthority {
    /// Whether the PEM file holds a certificate of this authority that is valid beyond `date`; `false` where there is
    /// none that can be read.
    package func hasIssued(certificateAt path: String, validBeyond date: Date) -> Bool {
        guard let text = try? PrivateFile.read(path, what: "the certificate"),
            let leaf = try? Certificate.first(inPEM: text, named: "the file")
        else { return false }
        return leaf.notValidAfter > date && certificate.publicKey.isValidSignature(leaf.signature, for: leaf)
    }
}
