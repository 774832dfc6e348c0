internal import ArgumentParser
internal import Identity
internal import UsageModel

/// `steelyard ca`: certificates for small installations.
struct CACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca", abstract: "Make certificates for collectors and servers of a small installation.",
        subcommands: [Init.self, Issue.self])

    static let defaultTrustDomain = "steelyard.local"

    static func check(days: Int) throws {
        guard (1...CertificateValidity.maxDays).contains(days) else {
            throw ValidationError("--days must lie between 1 and \(CertificateValidity.maxDays).")
        }
    }

    struct Init: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an authority: ca.pem, and ca-key.pem for its owner's eyes only.")

        @Option(help: ArgumentHelp("Directory of the authority; made where it is missing.", valueName: "DIR"))
        var dir: String

        @Option(help: ArgumentHelp("Trust domain that every identity lies in.", valueName: "NAME"))
        var trustDomain = CACommand.defaultTrustDomain

        @Option(help: ArgumentHelp("Days until the authority ends.", valueName: "N"))
        var days = CertificateValidity.defaultAuthorityDays

        @Option(help: ArgumentHelp("Kind of key: p256 or p384.", valueName: "KIND"))
        var key = KeyType.p256

        @Flag(help: "Replace the authority that is there; nothing issued under it is trusted any more.")
        var force = false

        func validate() throws { try CACommand.check(days: days) }

        mutating func run() async throws {
            let authority = try CertificateAuthority.create(
                trustDomain: trustDomain, keyType: key, isConstrained: true, validity: .days(days))
            let directory = AuthorityDirectory(dir)
            try authority.write(to: directory, overwriting: force)
            Terminal.out(
                """
                \(directory.certificate)  what aggregators and collectors trust
                \(directory.key)  the authority's key: keep it off line, and a copy of it elsewhere
                Next: steelyard ca issue --dir \(ShellWord.quoted(dir)) --server HOSTNAME, and --provider P --collector NAME

                """)
        }
    }

    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Issue a certificate: to a collector, or to a server.",
            discussion: "Say either --provider and --collector, or --server once for each DNS name or IP address.")

        @Option(help: ArgumentHelp("Directory of the authority.", valueName: "DIR"))
        var dir: String

        @Option(help: ArgumentHelp("Provider that the collector belongs to.", valueName: "P"))
        var provider: String?

        @Option(help: ArgumentHelp("Name of the collector.", valueName: "NAME"))
        var collector: String?

        @Option(help: ArgumentHelp("DNS name or IP address of a server; may be repeated.", valueName: "NAME"))
        var server: [String] = []

        @Option(help: ArgumentHelp("Trust domain; by default the authority's own.", valueName: "NAME"))
        var trustDomain: String?

        @Option(
            help: ArgumentHelp(
                "Days until the certificate ends (default: \(CertificateValidity.defaultLeafDays), or until the authority ends).",
                valueName: "N"))
        var days: Int?

        @Flag(help: "Replace the files that are there.")
        var force = false

        func validate() throws { if let days { try CACommand.check(days: days) } }

        mutating func run() async throws {
            let directory = AuthorityDirectory(dir)
            let authority = try CertificateAuthority.load(from: directory)
            let (request, name) = try request(under: authority)
            let files = directory.leaf(name)
            try authority.issue(request).write(to: directory, name: name, overwriting: force)
            Terminal.out("\(files.certificate)\n\(files.key)\n")
        }

        private func request(under authority: CertificateAuthority) throws -> (LeafRequest, name: String) {
            let validity = days.map { .days($0) } ?? authority.validity(atMost: CertificateValidity.defaultLeafDays)
            switch (provider, collector, server.isEmpty) {
            case (let provider?, let collector?, true):
                let domain = try domain(under: authority)
                let identity = CollectorIdentity(trustDomain: domain, provider: provider, name: collector)
                return (try .collector(identity, validity: validity), "\(provider)-\(collector)")
            case (nil, nil, false):
                let name = server[0].map { $0 == "*" || $0 == ":" ? "_" : $0 }
                return (try .server(names: server, validity: validity), String(name))
            default:
                throw CommandError(.usage, "say either --provider P and --collector NAME, or --server NAME")
            }
        }

        private func domain(under authority: CertificateAuthority) throws(CommandError) -> String {
            let own = authority.trustDomain
            if let asked = trustDomain, let own, asked != own {
                throw CommandError(.usage, "this authority issues for the trust domain \(own) only, not for \(asked)")
            }
            return trustDomain ?? own ?? CACommand.defaultTrustDomain
        }
    }
}

extension KeyType: ExpressibleByArgument {}
