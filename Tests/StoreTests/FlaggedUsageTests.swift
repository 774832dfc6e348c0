import BatchFormat
import Postgres
import Reporting
import Scopes
import TestSupport
import Testing
import UsageModel

@testable import Store

/// Usage that is estimated, and usage that is taken back, from the ledger to the answers.
@Suite(.serialized) struct FlaggedUsageTests {
    /// Long after every hour of the tests.
    private static let later = Timestamp(seconds: World.june.seconds + 400 * 86_400)
    private static let start = minute("2025-06-15")

    /// Rows in canonical order, with any flags; every key at most once.
    private static func rows(_ generator: inout SeededGenerator) throws -> UsageRows {
        var rows = UsageRows(tenants: (0..<4).map { "t\($0)" }, models: ["m0", "m1"], regions: ["r"])
        for tenant in UInt32(0)..<4 {
            for model in UInt32(0)..<2 {
                for flags in (0...UsageFlags.all.rawValue).map(UsageFlags.init(rawValue:)) {
                    for minute in [0, 59, 61, 1_500] as [Int64] where Bool.random(using: &generator) {
                        let input = UInt64.random(in: 0...1_000, using: &generator)
                        rows.rows.append(
                            UsageRow(
                                minute: start + minute, tenant: tenant, model: model, region: 0, layer: .maas,
                                workload: .online, modality: .text, flags: flags,
                                counts: TokenCounts(
                                    requests: .random(in: 1...5, using: &generator), input: input,
                                    cachedInput: input / 2,
                                    output: .random(in: 0...9, using: &generator))))
                    }
                }
            }
        }
        return rows
    }

    private static func sum(_ batches: [UsageRows], where isMeant: (UsageRow) -> Bool = { _ in true })
        -> SignedTokenCounts
    {
        batches.reduce(into: SignedTokenCounts()) { sum, rows in
            for row in rows.rows where isMeant(row) { sum += row.signedCounts }
        }
    }

    @Test(arguments: 0..<3)
    func `every table adds up to what batches count less what they take back`(run: Int) async throws {
        try await World.with { world in
            var generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
            print("seed \(generator.seed)")
            let batches = try (0..<8).map { _ in try Self.rows(&generator) }
            try await world.load(Array(batches[..<5]))
            let decode = world.payloads.decode
            while try await world.store.mergeSegmentsNext(SegmentPolicy(), now: World.june, decode: decode).status
                != .idle
            {}
            // Late ones, whose segments stand beside the first until they are compacted.
            try await world.load(Array(batches[5...]), key: CollectorKey(provider: "acme", collector: "edge-2"))
            while try await world.store.mergeSegmentsNext(SegmentPolicy(), now: Self.later, decode: decode).status
                != .idle
            {}

            let (all, estimated) = (Self.sum(batches), Self.sum(batches) { $0.isEstimated })
            #expect(try await world.store.total("2025-06-14", "2025-06-18") == all)
            let report = try await world.store.rebuild(date("2025-06-10")..<date("2025-06-20"), decode: decode)
            #expect(report.isEqual, "\(report)")
            let days = try await world.store.pool.withConnection { connection in
                try connection.query(
                    """
                    SELECT sum(requests), sum(input_tokens), sum(cached_input_tokens), sum(output_tokens),
                           sum(reasoning_output_tokens) FROM tenant_day GROUP BY is_estimated ORDER BY is_estimated
                    """
                ).map { try StoreSession.counts($0, from: 0) }
            }
            #expect(days.count == 2 && days[1] == estimated)
            #expect(days[0] == Self.sum(batches) { !$0.isEstimated })

            let table = try await world.table(World.scope(), try Period("2025-06"))
            #expect(table.total.numerator == all.total && table.total.estimated == estimated.total)
            let coverage = try await world.compare("2025-06")
            #expect(coverage.isCovered && coverage.cubes == coverage.truth && coverage.cubes.count == 2)
        }
    }

    @Test func `more may be taken back than was counted, in a batch, an hour and an answer`() async throws {
        try await World.with { world in
            var back = oneRow(Self.start, "t1", input: 70, output: 5)
            back.rows[0].flags = .takenBack
            try await world.load([oneRow(Self.start + 120, "t1", input: 10, output: 5), back])
            let ledger: [Int128] = try await world.store.pool.withConnection { connection in
                try connection.query("SELECT input_tokens FROM ledger ORDER BY sequence").map { try $0.decode(0) }
            }
            #expect(ledger == [10, -70])
            let total = try await world.store.total("2025-06-15", "2025-06-16")
            #expect(total.input == -60 && total.requests == 0 && total.output == 0)
            let table = try await world.table(World.scope(), try Period("2025-06"))
            #expect(table.total.numerator == -60 && table.rows.map(\.rank) == [0] && table.negativeWarning != nil)
            let report = try await world.store.rebuild(
                date("2025-06-10")..<date("2025-06-20"), decode: world.payloads.decode)
            #expect(report.isEqual, "\(report)")
            #expect(report.tables.map(\.stored.input).contains(-60))
        }
    }

    @Test func `an hour of which everything was taken back counts nothing`() async throws {
        try await World.with { world in
            var back = oneRow(Self.start)
            back.rows[0].flags = .takenBack
            try await world.load([oneRow(Self.start), back])
            let decode = world.payloads.decode
            while try await world.store.mergeSegmentsNext(SegmentPolicy(), now: Self.later, decode: decode).status
                != .idle
            {}
            #expect(try await world.store.total("2025-06-15", "2025-06-16").isZero)
            let report = try await world.store.rebuild(date("2025-06-10")..<date("2025-06-20"), decode: decode)
            #expect(report.isEqual, "\(report)")
        }
    }
}
