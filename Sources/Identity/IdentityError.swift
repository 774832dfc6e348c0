/// Why a certificate, key or identity was refused.
///
/// Compare ``code``; ``message`` is one sentence or two for a person: what was wrong, where, and what to do.
package struct IdentityError: Error, Sendable, Equatable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private let name: String

        private init(_ name: String) { self.name = name }

        package var description: String { name }

        /// The bytes are no X.509 certificate.
        package static let notACertificate = Code("not-a-certificate")
        /// No URI among the subject alternative names: the certificate names nobody.
        package static let noURI = Code("no-uri")
        /// More than one URI among the subject alternative names: which one counts would be a guess.
        package static let severalURIs = Code("several-uris")
        /// The URI is not `spiffe://TRUST-DOMAIN/provider/P/collector/NAME`.
        package static let wrongForm = Code("wrong-form")
        /// Trust domain, provider or collector isn't a well-formed name.
        package static let badName = Code("bad-name")
        /// The identity belongs to another trust domain.
        package static let wrongTrustDomain = Code("wrong-trust-domain")
        /// The certificate is an authority's, not a collector's.
        package static let isAuthority = Code("is-authority")
        /// The certificate may not be used by a TLS client.
        package static let noClientAuth = Code("no-client-auth")
        /// The certificate of an authority is not one.
        package static let notAnAuthority = Code("not-an-authority")
        /// The bytes are no private key that we can use.
        package static let notAKey = Code("not-a-key")
        /// Certificate and private key don't belong together.
        package static let keyMismatch = Code("key-mismatch")
        /// A server name is neither a DNS name nor an IP address.
        package static let badServerName = Code("bad-server-name")
        /// The validity ends before it begins, is longer than we issue, or outlives the authority.
        package static let badValidity = Code("bad-validity")
        /// A line of a revocation file is neither a fingerprint nor an identity.
        package static let badRevocation = Code("bad-revocation")
        /// The certificate could not be made.
        package static let notIssued = Code("not-issued")
        /// A file is in the way, and nothing said to overwrite it.
        package static let fileExists = Code("file-exists")
        /// A file that must be there is not.
        package static let fileMissing = Code("file-missing")
        /// A private key, a token or a password is in a file that others may open.
        package static let openToOthers = Code("open-to-others")
        /// Somebody else could change a directory, or what is in it.
        package static let untrusted = Code("untrusted")
        /// The authority's own certificate or key is in the way.
        package static let isTheAuthority = Code("is-the-authority")
        /// The file system refused.
        package static let fileFailed = Code("file-failed")
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
