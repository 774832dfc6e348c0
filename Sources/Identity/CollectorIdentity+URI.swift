package import UsageModel

extension CollectorIdentity {
    /// Reads `spiffe://TRUST-DOMAIN/provider/P/collector/NAME`, exactly: lower case, no port, user, query, fragment,
    /// escapes or further segments, so that two spellings of one identity can't exist.
    package init(uri: String) throws(IdentityError) {
        let scheme = "spiffe://"
        guard uri.utf8.count <= Self.maxURIBytes, uri.hasPrefix(scheme) else { throw Self.wrongForm(uri) }
        let parts = uri.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[1] == "provider", parts[3] == "collector" else { throw Self.wrongForm(uri) }
        try Self.checkTrustDomain(parts[0])
        try Self.checkName(parts[2], of: "provider", maxBytes: Limits.maxProviderNameBytes)
        try Self.checkName(parts[4], of: "collector", maxBytes: Limits.maxCollectorNameBytes)
        self.init(trustDomain: parts[0], provider: parts[2], name: parts[4])
    }

    /// The same rules for an identity that was put together from its parts.
    package func validate() throws(IdentityError) {
        try Self.checkTrustDomain(trustDomain)
        try Self.checkName(provider, of: "provider", maxBytes: Limits.maxProviderNameBytes)
        try Self.checkName(name, of: "collector", maxBytes: Limits.maxCollectorNameBytes)
    }

    /// The longest SPIFFE ID, in bytes, as the SPIFFE specification has it.
    package static let maxURIBytes = 2_048
    /// The longest trust domain, in bytes, as the SPIFFE specification has it.
    package static let maxTrustDomainBytes = 255

    /// Checks a trust domain: lower-case letters, digits, dots, hyphens and underscores.
    package static func checkTrustDomain(_ name: String) throws(IdentityError) {
        let bytes = Array(name.utf8)
        let isFine = bytes.allSatisfy {
            ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || [0x2D, 0x2E, 0x5F].contains($0)
        }
        guard isFine, !bytes.isEmpty, bytes.count <= maxTrustDomainBytes else {
            throw IdentityError(
                .badName,
                "the trust domain “\(clipped(name))” is not made of 1 to \(maxTrustDomainBytes) lower-case letters, "
                    + "digits, dots, hyphens and underscores")
        }
    }

    static func checkName(_ name: String, of part: String, maxBytes: Int) throws(IdentityError) {
        guard NameRule.isIdentifier(name, maxBytes: maxBytes) else {
            throw IdentityError(
                .badName,
                "the \(part) name “\(clipped(name))” is not made of 1 to \(maxBytes) lower-case letters, digits and "
                    + "inner hyphens")
        }
    }

    private static func wrongForm(_ uri: String) -> IdentityError {
        IdentityError(
            .wrongForm,
            "the certificate's URI “\(clipped(uri))” is not spiffe://TRUST-DOMAIN/provider/P/collector/NAME; issue one "
                + "with `steelyard ca issue --provider P --collector NAME`")
    }

    /// At most 80 characters of a name that comes from outside, so that a message stays readable.
    static func clipped(_ text: String) -> String {
        text.count <= 80 ? text : text.prefix(80) + "…"
    }
}
