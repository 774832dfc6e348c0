internal import Foundation
internal import Identity
internal import UsageModel

/// The certificates of one `up`, made in its data directory and renewed when they near their end.
struct Certificates: Sendable {
    /// How long the leaves hold, in days: they are renewed at a start, and an `up` may run for long.
    static let leafDays = 825
    /// A leaf with fewer days left than this is issued again at the next start.
    static let renewalDays = 60
    static let trustDomain = "steelyard.local"
    static let collectorName = "local"

    let directory: AuthorityDirectory
    private let authority: CertificateAuthority

    init(_ data: DataDirectory) throws(IdentityError) {
        directory = AuthorityDirectory(data.authority)
        if FileManager.default.fileExists(atPath: directory.certificate) {
            authority = try CertificateAuthority.load(from: directory)
        } else {
            authority = try CertificateAuthority.create(trustDomain: Self.trustDomain, isConstrained: true)
            try authority.write(to: directory, overwriting: true)
        }
    }

    func server() throws(IdentityError) -> (certificate: String, key: String) {
        let request = try LeafRequest.server(
            names: ["localhost", "127.0.0.1", "::1"], validity: authority.validity(atMost: Self.leafDays))
        return try ensured(request, named: "aggregator")
    }

    func collector(_ provider: String) throws(IdentityError) -> (certificate: String, key: String) {
        let identity = CollectorIdentity(
            trustDomain: Self.trustDomain, provider: provider, name: Self.collectorName)
        let request = try LeafRequest.collector(identity, validity: authority.validity(atMost: Self.leafDays))
        return try ensured(request, named: "collector-\(provider)")
    }

    private func ensured(
        _ request: LeafRequest, named name: String
    ) throws(IdentityError) -> (certificate: String, key: String) {
        let files = directory.leaf(name)
        let renewal = Date(timeIntervalSinceNow: TimeInterval(Self.renewalDays) * 86_400)
        if !authority.hasIssued(certificateAt: files.certificate, validBeyond: renewal)
            || !FileManager.default.fileExists(atPath: files.key)
        {
            try authority.issue(request).write(to: directory, name: name, overwriting: true)
        }
        return files
    }
}
