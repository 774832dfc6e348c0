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
        try Self.makeDirectory(directory.path)
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
        for path in [directory.certificate, directory.key] where !exists(path) {
            throw IdentityError(
                .fileMissing,
                "\(path) isn't there; make an authority with `steelyard ca init --dir '\(directory.path)'`, or restore the "
                    + "file from a backup")
        }
        let certificate = try PrivateFile.read(directory.certificate, what: "the authority's certificate")
        let key = try PrivateFile.read(directory.key, what: "the authority's key")
        do {
            return try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
        } catch {
            throw IdentityError(error.code, "in \(directory.path): \(error.message)")
        }
    }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private static func makeDirectory(_ path: String) throws(IdentityError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw IdentityError(.fileFailed, "can't make the directory \(path): \(error.localizedDescription)")
        }
    }
}

extension IssuedCertificate {
    /// Writes `NAME.pem` and `NAME-key.pem` (mode 0600) into `directory`.
    package func write(
        to directory: AuthorityDirectory, name: String, overwriting: Bool = false
    ) throws(IdentityError) {
        let paths = directory.leaf(name)
        if !overwriting, FileManager.default.fileExists(atPath: paths.certificate) {
            throw IdentityError(
                .fileExists, "\(paths.certificate) is there already and is not overwritten; say --force to replace it")
        }
        try PrivateFile.write(privateKeyPEM, to: paths.key, for: .ownerOnly, overwriting: overwriting)
        try PrivateFile.write(certificatePEM, to: paths.certificate, for: .everybody, overwriting: overwriting)
    }
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
