internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

extension EndToEndTests {
    /// The five real traces through real collectors over TLS into PostgreSQL: to the token.
    @Suite(.enabled(if: Traces.areHere, "the traces are not on this machine; set STEELYARD_SHARED_DATA"))
    struct TraceTests {
        @Test func `five traces reach PostgreSQL to the token`() async throws {
            try await Installation.with("traces") { installation in
                let database = installation.database
                let aggregator = try await installation.startAggregator()
                let collectors = [
                    try await installation.startCollector(Self.azure(), to: aggregator),
                    try await installation.startCollector(Self.moonshot(), to: aggregator),
                    try await installation.startCollector(try Self.aliyun(), to: aggregator),
                    try await installation.startCollector(try Self.anthropic(), to: aggregator),
                ]
                let expected = try Self.eventsPerProvider()
                try await installation.waitUntilCounted(events: expected.values.reduce(0, +))
                // Stopping drains: whatever were still to come would be in the sums that are checked below.
                for collector in collectors { try await collector.stop() }
                try await installation.waitUntilCounted(events: expected.values.reduce(0, +))

                try await Self.expectTotals(of: database)
                let tables = try await database.totalsOfEveryTable()
                #expect(Set(tables.map(\.value.description)).count == 1, "the tables disagree: \(tables)")
                #expect(try await database.progress().events == expected.values.reduce(0, +))
                #expect(try await database.progress().rejections == 0)
                try await aggregator.stop()
            }
        }

        @Test func `growing uncompressed files are followed to the same totals`() async throws {
            try await Installation.with("followed") { installation in
                let directory = installation.files.directory
                let (csv, jsonl) = ("\(directory)/azure.csv", "\(directory)/mooncake.jsonl")
                let aggregator = try await installation.startAggregator()
                let azure = try await installation.startCollector(
                    CollectorSetup(provider: "azure", sources: TraceSources.azure(path: csv, isWhole: false)),
                    to: aggregator)
                let moonshot = try await installation.startCollector(
                    CollectorSetup(provider: "moonshot", sources: TraceSources.mooncake(path: jsonl, isWhole: false)),
                    to: aggregator)
                // Odd portions cut lines, CRLF pairs and digits in two.
                let random = SeededGenerator(seed: SeededGenerator.chosenSeed())
                try await Portions(of: try Traces.path(Traces.azure), to: csv).write(random)
                try await Portions(of: try Traces.path(Traces.mooncake), to: jsonl).write(random)
                let events = try Traces.totals(Traces.azure).rows + Traces.totals(Traces.mooncake).rows
                try await installation.waitUntilCounted(events: events)
                for collector in [azure, moonshot] { try await collector.stop() }
                try await installation.waitUntilCounted(events: events)

                let database = installation.database
                #expect(try await TraceChecks.azureDifferences(database, provider: "azure") == "")
                #expect(try await TraceChecks.mooncakeDifferences(database, provider: "moonshot") == "")
                #expect(try await database.progress().events == events)
            }
        }

        static func azure() throws -> CollectorSetup {
            CollectorSetup(
                provider: "azure", sources: TraceSources.azure(path: try Traces.path(Traces.azure), isWhole: true))
        }

        static func moonshot() throws -> CollectorSetup {
            CollectorSetup(
                provider: "moonshot",
                sources: TraceSources.mooncake(path: try Traces.path(Traces.mooncake), isWhole: true))
        }

        static func aliyun() throws -> CollectorSetup {
            CollectorSetup(
                provider: "aliyun",
                sources: TraceSources.native(name: "m-small", path: try TraceInputs.serveGenSmall().path, isWhole: true)
                    + TraceSources.native(name: "reason", path: try TraceInputs.serveGenReason().path, isWhole: true))
        }

        static func anthropic() throws -> CollectorSetup {
            CollectorSetup(
                provider: "anthropic",
                sources: TraceSources.native(path: try TraceInputs.agentic().path, isWhole: true))
        }

        static func eventsPerProvider() throws -> [String: UInt64] {
            [
                "azure": try Traces.totals(Traces.azure).rows,
                "moonshot": try Traces.totals(Traces.mooncake).rows,
                "aliyun": UInt64(try TraceInputs.serveGenSmall().events + TraceInputs.serveGenReason().events),
                "anthropic": try Traces.totals(Traces.agentic).rows,
            ]
        }

        /// Every breakdown of `totals.json`, and the plain totals.
        static func expectTotals(of database: Database, sourceLocation: SourceLocation = #_sourceLocation) async throws
        {
            let small = try Traces.totals(Traces.serveGenSmall)
            let reason = try Traces.totals(Traces.serveGenReason)
            let totals = [
                "azure": try Traces.totals(Traces.azure).total, "moonshot": try Traces.totals(Traces.mooncake).total,
                "aliyun": small.total + reason.total, "anthropic": try Traces.totals(Traces.agentic).total,
            ]
            for (provider, total) in totals {
                #expect(try await database.total(provider: provider) == total, sourceLocation: sourceLocation)
            }
            let found = [
                "Azure by minute": try await TraceChecks.azureDifferences(database, provider: "azure"),
                "Mooncake by minute": try await TraceChecks.mooncakeDifferences(database, provider: "moonshot"),
                "m-small by client": try await TraceChecks.serveGenDifferences(
                    database, provider: "aliyun", trace: Traces.serveGenSmall, model: "m-small"),
                "deepseek-r1 by client": try await TraceChecks.serveGenDifferences(
                    database, provider: "aliyun", trace: Traces.serveGenReason, model: "deepseek-r1"),
                "agentic by session and model": try await TraceChecks.agenticDifferences(
                    database, provider: "anthropic"),
            ]
            for (what, differences) in found {
                #expect(differences == "", "\(what) differs", sourceLocation: sourceLocation)
            }
        }
    }
}
