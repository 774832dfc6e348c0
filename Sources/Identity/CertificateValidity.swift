package import Foundation

/// From when to when a certificate holds.
package struct CertificateValidity: Sendable, Hashable {
    package var notBefore: Date
    package var notAfter: Date

    package init(notBefore: Date, notAfter: Date) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// How long an authority holds unless said otherwise, in days: 10 years.
    package static let defaultAuthorityDays = 3_650
    /// How long a collector's or server's certificate holds unless said otherwise, in days.
    package static let defaultLeafDays = 90
    /// The longest validity that we issue, in days: 30 years.
    package static let maxDays = 10_950
    /// How far the beginning is set back, in seconds, so that a peer whose clock is a little behind accepts it.
    package static let backdatedSeconds: TimeInterval = 300

    /// From a little before `now` until `days` days after it.
    package static func days(_ days: Int, from now: Date = Date()) -> CertificateValidity {
        CertificateValidity(
            notBefore: now.addingTimeInterval(-backdatedSeconds),
            notAfter: now.addingTimeInterval(TimeInterval(days) * 86_400))
    }

    func validate() throws(IdentityError) {
        guard notBefore < notAfter else {
            throw IdentityError(.badValidity, "the certificate would end before it begins; ask for at least one day")
        }
        guard notAfter.timeIntervalSince(notBefore) <= TimeInterval(Self.maxDays + 1) * 86_400 else {
            throw IdentityError(.badValidity, "a certificate may hold for at most \(Self.maxDays) days; ask for fewer")
        }
    }
}
