internal import Crypto
package import UsageModel

/// Certificates and identities that are let in no more, from a text file.
///
/// One a line: the SHA-256 of a certificate's DER as 64 hexadecimal digits, which revokes that certificate, or an
/// identity as its certificates say it (`spiffe://TRUST-DOMAIN/provider/P/collector/NAME`), which revokes all of them.
/// Empty lines are passed over, and what stands behind ` #` or on a line that begins with `#`.
package struct RevocationList: Sendable, Equatable {
    private var identities: Set<CollectorIdentity> = []
    private var fingerprints: Set<[UInt8]> = []

    /// Nobody is revoked.
    package init() {}

    /// - Throws: ``IdentityError`` with `badRevocation` for the first line that is neither: a revocation with a slip of
    ///   the pen must not pass for one that holds.
    package init(text: String) throws(IdentityError) {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            try add(line, number: index + 1)
        }
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

    /// Whether a certificate, given as DER, or the identity that it names is on the list.
    package func revokes(_ identity: CollectorIdentity, certificateDER: [UInt8]) -> Bool {
        if identities.contains(identity) { return true }
        return !fingerprints.isEmpty && fingerprints.contains(Array(SHA256.hash(data: certificateDER)))
    }
}
