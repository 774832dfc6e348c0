internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

extension EndToEndTests {
    /// Several collectors at once on two aggregators that share one database.
    @Suite struct TwoAggregatorsTests {
        private static let eventsPerCollector = 30_000

        @Test func `two aggregators under load give exact totals without deadlock`() async throws {
            let seed = SeededGenerator.chosenSeed()
            print("two aggregators: STEELYARD_TEST_SEED=\(seed)")
            try await Installation.with("two") { installation in
                // Both migrate an empty database at the same moment.
                async let one = installation.startAggregator("aggregator-1")
                async let two = installation.startAggregator("aggregator-2")
                let aggregators = [try await one, try await two]

                var expected: [String: [String: Counts]] = [:]
                var collectors: [CollectorProcess] = []
                // Two collectors of each provider, one on each aggregator, with the same tenants: the same rows are
                // rolled up from both sides.
                for (index, name) in ["aliyun", "volcengine"].flatMap({ [($0, "edge-1"), ($0, "edge-2")] }).enumerated()
                {
                    let (provider, collector) = name
                    let file = "\(installation.files.directory)/\(provider)-\(collector).ndjson"
                    let counts = try Self.writeEvents(to: file, seed: seed &+ UInt64(index))
                    expected[provider, default: [:]].merge(counts) { $0 + $1 }
                    var setup = CollectorSetup(provider: provider, name: collector)
                    setup.sources = TraceSources.native(path: file, isWhole: true)
                    setup.sealAge = "50ms"
                    setup.sealRows = 300
                    collectors.append(try installation.makeCollector(setup))
                    try await collectors[index].start(aggregatorURL: aggregators[index % 2].ingestURL)
                }
                let events = UInt64(Self.eventsPerCollector * collectors.count)
                try await installation.waitUntilCounted(events: events)
                for collector in collectors { try await collector.stop() }
                try await installation.waitUntilCounted(events: events)

                let database = installation.database
                for (provider, tenants) in expected {
                    #expect(differences(try await database.byTenant(provider: provider), tenants) == "", "seed \(seed)")
                }
                #expect(try await database.progress().events == events)
                let tables = try await database.totalsOfEveryTable()
                #expect(Set(tables.map(\.value.description)).count == 1, "the tables disagree: \(tables)")
                // More than a few batches, or there was no concurrency to speak of.
                let batches = try await database.progress().batches
                #expect(batches > 40)
                #expect(try await database.deadlocks() == 0)
                #expect(try await database.leavesHaveNoGap())
                for aggregator in aggregators { try await aggregator.stop() }
            }
        }

        /// Native events of few tenants over an hour; returns what they come to by tenant.
        private static func writeEvents(to path: String, seed: UInt64) throws -> [String: Counts] {
            var random = SeededGenerator(seed: seed)
            var writer = try NativeEventWriter(path: path)
            var counts: [String: Counts] = [:]
            for index in 0..<eventsPerCollector {
                let event = NativeEventWriter.Event(
                    millisecond: 1_748_736_000_000 + Int64(index) * 3_600_000 / Int64(eventsPerCollector),
                    tenant: "t-\(Int.random(in: 0..<50, using: &random))",
                    model: "model-\(Int.random(in: 0..<4, using: &random))",
                    input: UInt64.random(in: 0...20_000, using: &random),
                    output: UInt64.random(in: 0...2_000, using: &random))
                try writer.write(event)
                counts[event.tenant, default: Counts()] += Counts(1, event.input, event.output)
            }
            try writer.finish()
            return counts
        }
    }
}
