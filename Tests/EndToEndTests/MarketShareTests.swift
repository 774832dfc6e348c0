internal import Foundation
internal import TestHarness
internal import Testing

extension EndToEndTests {
    /// The Chinese market of 2025-H1 from `steelyard simulate`, through real collectors, to the published shares.
    @Suite struct MarketShareTests {
        /// What the query API answers to `GET /v1/shares`, as far as it matters here.
        private struct Shares: Decodable {
            struct Row: Decodable {
                var provider: String
                var numerator: String
                var sharePercent: String
                var external: String
                var ownBusiness: String

                enum CodingKeys: String, CodingKey {
                    case provider, numerator, external
                    case sharePercent = "share_percent"
                    case ownBusiness = "own_business"
                }
            }

            var denominator: String
            var rows: [Row]

            var percentages: [String: String] {
                Dictionary(uniqueKeysWithValues: rows.map { ($0.provider, $0.sharePercent) })
            }

            func row(_ provider: String) throws -> Row {
                try #require(rows.first { $0.provider == provider })
            }
        }

        private struct UsageRows: Decodable {
            struct Row: Decodable {
                var tenant: String
                var totalTokens: String

                enum CodingKeys: String, CodingKey {
                    case tenant
                    case totalTokens = "total_tokens"
                }
            }

            var rows: [Row]
        }

        private static let providers = ["volcengine", "aliyun", "baidu-cloud", "other-clouds"]
        private static let published = [
            "volcengine": "49.2", "aliyun": "27.0", "baidu-cloud": "17.0", "other-clouds": "6.8",
        ]
        /// Published for external customers in 2025-H1.
        private static let publishedTokens = "536700000000000"

        @Test
        func `the published shares come out and a tenant that moves takes exactly its tokens along`() async throws {
            try await Installation.with("market") { installation in
                let aggregator = try await installation.startAggregator()
                let events = try await Self.feedMarket(installation, aggregator)
                let asker = Asker(
                    url: aggregator.queryURL, token: try await installation.database.makeAdminToken(),
                    directory: installation.files.directory)
                try await asker.importRegistry("\(installation.files.directory)/registry.csv")
                #expect(try await installation.database.progress().events == events)

                let idc = try await asker.shares(scope: "idc", period: "2025-H1")
                #expect(idc.percentages == Self.published)
                #expect(idc.denominator == Self.publishedTokens)

                // Leave the scope out and other figures stand there.
                let all = try await asker.shares(scope: "all-traffic", period: "2025-H1")
                #expect(Set(all.percentages.keys) == Set(Self.providers))
                for provider in Self.providers {
                    #expect(all.percentages[provider] != Self.published[provider], "\(provider)")
                }
                try await Self.moveATenant(asker, before: idc)
                try await aggregator.stop()
            }
        }

        /// From 1 April on, aliyun's largest external customer is its own business.
        private static func moveATenant(_ asker: Asker, before: Shares) async throws {
            let first = try await asker.shares(scope: "idc", period: "2025-Q1")
            let second = try await asker.shares(scope: "idc", period: "2025-Q2")
            let tenants = try await asker.tenants(of: "aliyun", kind: "external-customer", period: "2025-Q2")
            let moved = try #require(tenants.max { Int128($0.totalTokens) ?? 0 < Int128($1.totalTokens) ?? 0 })
            let tokens = try #require(Int128(moved.totalTokens))
            #expect(tokens > 0)
            try await asker.importRegistry(
                lines: ["aliyun,\(moved.tenant),own-business,Alibaba Group,2025-04-01,,acquired"])

            let firstAfter = try await asker.shares(scope: "idc", period: "2025-Q1")
            let secondAfter = try await asker.shares(scope: "idc", period: "2025-Q2")
            let halfAfter = try await asker.shares(scope: "idc", period: "2025-H1")
            for provider in providers {
                #expect(
                    try firstAfter.row(provider).numerator == first.row(provider).numerator, "nothing before the date")
                let difference = provider == "aliyun" ? tokens : 0
                let found = try (second.row(provider), secondAfter.row(provider))
                #expect(amount(found.0.numerator) - amount(found.1.numerator) == difference, "\(provider)")
                #expect(amount(found.0.external) - amount(found.1.external) == difference, "\(provider)")
                #expect(amount(found.1.ownBusiness) - amount(found.0.ownBusiness) == difference, "\(provider)")
                let half = try (before.row(provider), halfAfter.row(provider))
                #expect(amount(half.0.numerator) - amount(half.1.numerator) == difference, "\(provider)")
            }
            #expect(amount(before.denominator) - amount(halfAfter.denominator) == tokens)
        }

        private static func amount(_ digits: String) -> Int128 { Int128(digits) ?? -1 }

        /// Makes the market with the command line and feeds it through a collector per provider; returns the events.
        private static func feedMarket(
            _ installation: Installation, _ aggregator: AggregatorProcess
        ) async throws -> UInt64 {
            let directory = installation.files.directory
            try await Asker.commandLine(
                ["simulate", "--market", "china-2025-h1", "--registry", "\(directory)/registry.csv"],
                directory: directory)
            var events: UInt64 = 0
            var collectors: [CollectorProcess] = []
            for provider in providers {
                let file = "\(directory)/\(provider).ndjson"
                try await Asker.commandLine(
                    ["simulate", "--market", "china-2025-h1", "--provider", provider, "--out", file],
                    directory: directory)
                events += try lineCount(of: file)
                var setup = CollectorSetup(provider: provider)
                setup.sources = TraceSources.native(path: file, isWhole: true)
                setup.sealAge = "5s"
                collectors.append(try await installation.startCollector(setup, to: aggregator))
            }
            try await installation.waitUntilCounted(events: events)
            for collector in collectors { try await collector.stop() }
            try await installation.waitUntilCounted(events: events)
            return events
        }

        /// Asks the query API, and the command line where that is the way.
        private struct Asker {
            let url: String
            let token: String
            let directory: String

            func shares(scope: String, period: String) async throws -> Shares {
                try await get("/v1/shares?scope=\(scope)&period=\(period)&by=provider&wait-for=latest").decoded()
            }

            func tenants(of provider: String, kind: String, period: String) async throws -> [UsageRows.Row] {
                let rows: UsageRows = try await get(
                    "/v1/usage?provider=\(provider)&kind=\(kind)&period=\(period)&group-by=tenant&wait-for=latest"
                ).decoded()
                return rows.rows
            }

            func importRegistry(lines: [String]) async throws {
                let path = "\(directory)/change.csv"
                let header = "provider,tenant,kind,legal_entity,effective_from,effective_to,reason"
                try (([header] + lines).joined(separator: "\n") + "\n").write(
                    toFile: path, atomically: true, encoding: .utf8)
                try await importRegistry(path)
            }

            func importRegistry(_ path: String) async throws {
                let tokenFile = "\(directory)/token"
                try token.write(toFile: tokenFile, atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: tokenFile)
                try await Self.commandLine(
                    ["tenants", "import", path, "--url", url, "--token-file", tokenFile], directory: directory)
            }

            private func get(_ path: String) async throws -> HTTPAnswer {
                let answer = try await HTTPCaller().get(url + path, token: token)
                #expect(answer.status == 200, "\(path): \(answer.text.prefix(500))")
                return answer
            }

            /// Runs `steelyard` to its end, which must be a success.
            static func commandLine(_ arguments: [String], directory: String) async throws {
                let program = try RunningProgram(
                    name: "steelyard \(arguments[0])", executable: try Executables.path(Executables.commandLine),
                    arguments: arguments, logPath: "\(directory)/command-line.log")
                let outcome = try await program.waitForEnd(within: .seconds(300))
                guard outcome == .exited(0) else { throw program.ended("ended with \(outcome)") }
            }
        }
    }
}
