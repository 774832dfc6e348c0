import Reporting
import Scopes
import Testing
import UsageModel

/// Each thing that a month can lack, alone.
@Suite struct StatementReadinessTests {
    private static func short(
        _ deliveries: [CollectorDelivery] = [June.delivery()], rows: [FilteredSumRow] = [June.row(100)],
        scope: Scope = June.scope(), rules: StatementRules = June.rules, now: Timestamp = June.july
    ) throws -> [StatementShortcoming] {
        let table = try ShareTable(scope: scope, period: June.month, filtered: rows)
        return StatementReadiness(
            span: try StatementSpan(scope, month: June.month), rules: rules, deliveries: deliveries, table: table
        ).shortcomings(now: now)
    }

    @Test func `a complete month lacks nothing`() throws {
        #expect(try Self.short() == [])
    }

    @Test func `the month and its grace must be over`() throws {
        let rules = StatementRules(graceSeconds: 3_600)
        let end = June.month.seconds(in: .utc).upperBound
        let early = try Self.short(rules: rules, now: Timestamp(seconds: end + 3_599))
        #expect(early.map(\.code) == [.monthNotOver])
        #expect(early.first?.text.contains("2025-07-01T01:00:00Z") == true)
        #expect(try Self.short(rules: rules, now: Timestamp(seconds: end + 3_600)) == [])
    }

    @Test func `something must count or might count`() throws {
        #expect(try Self.short(rows: []).map(\.code) == [.nothingCounted])
        #expect(try Self.short(rows: [June.row(1, .trial)]).map(\.code) == [.nothingCounted])
        #expect(try Self.short(rows: [June.row(1, .unclassified)]).map(\.code) == [.unclassifiedUsage])
    }

    @Test func `batches must be rolled up and none quarantined`() throws {
        let short = try Self.short([June.delivery(pending: 2), June.delivery("edge-2", quarantined: 1)])
        #expect(
            short.map { "\($0.code.rawValue) \($0.text)" } == [
                "pending-batches acme/edge-1 has 2 batches of the month that are not rolled up yet.",
                "quarantined-batches acme/edge-2 has 1 batches of the month that were quarantined.",
            ])
        // Of a collector that isn't expected, too.
        #expect(try Self.short([June.delivery(isExpected: false, pending: 1)]).map(\.code) == [.pendingBatches])
    }

    @Test func `expected collectors must have delivered every day and be seen after the grace`() throws {
        let due = Timestamp(seconds: June.month.seconds(in: .utc).upperBound + June.rules.graceSeconds)
        let early = Timestamp(microseconds: due.microseconds - 1)
        #expect(try Self.short([June.delivery(lastSeen: due)]) == [])
        #expect(try Self.short([June.delivery(lastSeen: early)]).map(\.code) == [.collectorNotSeen])
        #expect(
            try Self.short([June.delivery(without: [15, 16])]).map(\.text) == [
                "acme/edge-1 delivered nothing on 2 of 30 days, the first of them 2025-06-15."
            ])
        #expect(
            try Self.short([June.delivery(without: Array(1...30))]).map(\.text) == [
                "acme/edge-1 delivered nothing of the month."
            ])
        #expect(try Self.short([June.delivery(without: [15], isExpected: false, lastSeen: early)]) == [])
    }

    @Test func `the days before the first of a new collector are not missing`() throws {
        #expect(try Self.short([June.delivery(without: Array(1...9), isNew: true)]) == [])
        let gap = try Self.short([June.delivery(without: Array(1...9) + [15, 16], isNew: true)])
        #expect(gap.map(\.text) == ["acme/edge-1 delivered nothing on 2 of 30 days, the first of them 2025-06-15."])
        let old = try Self.short([June.delivery(without: Array(1...9))])
        #expect(old.map(\.code) == [.silentCollector])
    }

    @Test func `a scope waits only for collectors of its providers`() throws {
        var scope = June.scope()
        scope.filters.providers = ["acme"]
        let deliveries = [June.delivery(), June.delivery(provider: "other", without: [3], pending: 1)]
        #expect(try Self.short(deliveries, scope: scope) == [])
        #expect(try Self.short(deliveries).map(\.subject) == ["other/edge-1", "other/edge-1"])
    }

    @Test func `unclassified usage is a warning unless a limit is set`() throws {
        let rows = [June.row(90), June.row(10, .unclassified)]
        let warning = try Self.short(rows: rows)
        #expect(warning.map(\.code) == [.unclassifiedUsage] && warning.allSatisfy { !$0.isBlocking })
        for (limit, isBlocking) in [(10, false), (9, true)] {
            let short = try Self.short(rows: rows, rules: StatementRules(maxUnclassifiedPercent: limit))
            #expect(short.map(\.isBlocking) == [isBlocking])
            #expect(short.first?.text == "Nobody has classified 10.0 % of what might count; the limit is \(limit) %.")
        }
        // Where every kind counts, nobody needs to have classified it.
        #expect(try Self.short(rows: rows, scope: June.scope(kinds: nil)) == [])
    }

    @Test func `the limit holds for amounts near 128 bits`() throws {
        let huge = UInt128(1) << 126
        let rows = [June.row(huge), June.row(huge, .unclassified)]
        for (limit, isBlocking) in [(50, false), (49, true)] {
            let short = try Self.short(rows: rows, rules: StatementRules(maxUnclassifiedPercent: limit))
            #expect(short.map(\.isBlocking) == [isBlocking])
        }
    }
}
