internal import Crypto
package import UsageModel

/// Certificates and identities that are let in no more, from a text file.
///
/// One a line: the SHA-256 of a certificate's DER as 64 hexadecimal digits, which revokes that certificate, or an
/// identity as its certificates say it (`spiffe://TRUST-DOMAIN/provider/P/collector/NAME`), which revokes all of them.
/// Empty lines are passed over, and what stands behind ` #` or on a line that begins with `#`.
///
/// A file that was emptied or cut off must not pass for one that revokes nobody: one without an entry says so in a
/// comment that begins with `# nobody`, and the last line ends like every other.
package struct RevocationList: Sendable, Equatable {
    private var identities: Set<CollectorIdentity> = []
    private var fingerprints: Set<[UInt8]> = []

    /// Nobody is revoked.
    package init() {}

    /// - Throws: ``IdentityError`` with `badRevocation` for the first line that is neither: a revocation with a slip of
    ///   the pen must not pass for one that holds; and for a text that looks emptied or cut off.
    package init(text: String) throws(IdentityError) {
        guard text.isEmpty || text.last?.isNewline == true else {
            throw IdentityError(
                .badRevocation,
                "the last line has no end, as if the file had been cut off; complete it, and end it with a "
                    + "newline")
        }
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            try add(line, number: index + 1)
        }
        guard count > 0 || text.split(whereSeparator: \.isNewline).contains(where: Self.saysNobody) else {
            throw IdentityError(
                .badRevocation,
                "no entry is in the file, as if it had been emptied by mistake; where nobody is revoked, say so in a line "
                    + "of its own: # nobody")
        }
    }

    private static func saysNobody(_ line: Substring) -> Bool {
        let words = line.trimmingPrefix { $0.isWhitespace }
        return words.hasPrefix("#") && words.dropFirst().trimmingPrefix { $0.isWhitespace }.hasPrefix("nobody")
    }

    private mutating func add(_ line: Substring, number: Int) throws(IdentityError) {
        var entry = line.trimmingPrefix { $0.isWhitespace }
        if entry.hasPrefix("#") { return }
        if let comment = entry.firstRange(of: " #") { entry = entry[..<comment.lowerBound] }
        while entry.last?.isWhitespace == true { entry.removeLast() }
        if entry.isEmpty { return }
        if let fingerprint = Hexadecimal.bytes(String(entry)), fingerprint.count == SHA256.byteCount {
            fingerprints.insert(fingerprint)
        } else if let identity = try? CollectorIdentity(uri: String(entry)) {
            identities.insert(identity)
        } else {
            throw IdentityError(
                .badRevocation,
                "line \(number), “\(CollectorIdentity.clipped(String(entry)))”, is neither the SHA-256 of a certificate in "
                    + "hexadecimal nor spiffe://TRUST-DOMAIN/provider/P/collector/NAME")
        }
    }

    /// How many certificates and identities are on it.
    package var count: Int { identities.count + fingerprints.count }

    /// How many entries it has that another list lacks.
    package func count(notIn other: RevocationList) -> Int {
        identities.subtracting(other.identities).count + fingerprints.subtracting(other.fingerprints).count
    }

    /// Whether a certificate, given as DER, or the identity that it names is on the list.
    package func revokes(_ identity: CollectorIdentity, certificateDER: [UInt8]) -> Bool {
        if identities.contains(identity) { return true }
        return !fingerprints.isEmpty && fingerprints.contains(Array(SHA256.hash(data: certificateDER)))
    }
}
