internal import Foundation
package import Identity
internal import UsageModel

/// A certificate authority for one test, with the files that processes read.
package struct Authority: Sendable {
    package static let trustDomain = "steelyard.local"

    package let directory: AuthorityDirectory
    private let authority: CertificateAuthority

    /// Makes an authority in a new directory.
    package init(directory path: String) throws {
        directory = AuthorityDirectory(path)
        authority = try CertificateAuthority.create(trustDomain: Self.trustDomain)
        try authority.write(to: directory)
    }

    package var certificateFile: String { directory.certificate }

    /// Certificate and key files for servers on this machine.
    package func server(_ name: String) throws -> (certificate: String, key: String) {
        try authority.issueServer(names: ["127.0.0.1", "localhost"]).write(to: directory, name: name, overwriting: true)
        return directory.leaf(name)
    }

    /// Certificate and key files for a collector.
    package func collector(
        provider: String, name: String, trustDomain: String = Self.trustDomain, validity: CertificateValidity? = nil
    ) throws -> (certificate: String, key: String) {
        let identity = CollectorIdentity(trustDomain: trustDomain, provider: provider, name: name)
        let issued = try authority.issueCollector(
            identity, validity: validity ?? .days(CertificateValidity.defaultLeafDays))
        let file = "\(provider)-\(name)"
        try issued.write(to: directory, name: file, overwriting: true)
        return directory.leaf(file)
    }

    /// Certificate and key files of any shape.
    package func leaf(_ request: LeafRequest, file: String) throws -> (certificate: String, key: String) {
        try authority.issue(request).write(to: directory, name: file, overwriting: true)
        return directory.leaf(file)
    }
}
