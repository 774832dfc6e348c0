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
        try short(of: June.delivered(deliveries), rows: rows, scope: scope, rules: rules, now: now)
    }

    private static func short(
        of delivery: MonthDelivery, rows: [FilteredSumRow] = [June.row(100)], scope: Scope = June.scope(),
        rules: StatementRules = June.rules, now: Timestamp = June.july
    ) throws -> [StatementShortcoming] {
        let table = try ShareTable(scope: scope, period: June.month, filtered: rows)
        return StatementReadiness(
            span: try StatementSpan(scope, month: June.month), rules: rules, delivery: delivery, table: table
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
                "quarantined-batches acme/edge-2 has 1 batch of the month that was quarantined.",
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
                "acme/edge-1 delivered nothing on 2 days with usage of its provider, the first of them 2025-06-15."
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
        #expect(
            gap.map(\.text) == [
                "acme/edge-1 delivered nothing on 2 days with usage of its provider, the first of them 2025-06-15."
            ])
        let old = try Self.short([June.delivery(without: Array(1...9))])
        #expect(old.map(\.code) == [.silentCollector])
    }

    @Test func `days without usage are the provider's, whatever its batches reach over`() throws {
        let missing = try Self.short(of: June.delivered([June.delivery()], withoutUsage: Array(3...30)))
        #expect(missing.map(\.text) == ["acme has no usage on 28 of 30 days, the first of them 2025-06-03."])
        #expect(missing.map(\.subject) == ["acme"])
        let none = try Self.short(of: MonthDelivery(collectors: [June.delivery()], providers: [], holes: []))
        #expect(none.map(\.text) == ["acme has no usage of the month."])
        // A collector is silent only where its provider isn't.
        let both = try Self.short(of: June.delivered([June.delivery(without: [3, 4])], withoutUsage: [4, 5]))
        #expect(
            both.map(\.text) == [
                "acme has no usage on 2 of 30 days, the first of them 2025-06-04.",
                "acme/edge-1 delivered nothing on 1 day with usage of its provider, the first of them 2025-06-03.",
            ])
    }

    @Test func `a new provider's days before its first are a warning`() throws {
        let new = try Self.short(
            of: June.delivered([June.delivery(isNew: true)], withoutUsage: Array(1...9) + [20], isNew: true))
        #expect(new.map(\.code) == [.newProvider, .silentProvider] && new.map(\.isBlocking) == [false, true])
        #expect(new.last?.text == "acme has no usage on 1 of 30 days, the first of them 2025-06-20.")
        let old = try Self.short(of: June.delivered([June.delivery()], withoutUsage: Array(1...9)))
        #expect(old.map(\.code) == [.silentProvider])
    }

    @Test func `batches that are gone are named by collector, epoch and sequence`() throws {
        let epoch = LedgerHole.Epoch(provider: "acme", collector: "edge-1", number: 3)
        let holes = [
            LedgerHole(batches: epoch, first: 4, last: 4), LedgerHole(batches: epoch, first: 7, last: 9),
            LedgerHole(batches: nil, first: 12, last: 12),
        ]
        let short = try Self.short(of: June.delivered([June.delivery()], holes: holes))
        #expect(short.map(\.code) == [.missingPositions, .missingBatches])
        #expect(short.map(\.subject) == ["", "acme/edge-1"] && short.allSatisfy(\.isBlocking))
        #expect(short.first?.text == "Batches that were counted are gone from the ledger: ledger position 12.")
        let named = "Batches of acme/edge-1 are gone from the ledger: sequence 4 of epoch 3, sequences 7–9 of epoch 3."
        #expect(short.last?.text == named)
        var scope = June.scope()
        scope.filters.providers = ["other"]
        let others = try Self.short(of: June.delivered([], holes: holes), scope: scope)
        #expect(others.map(\.code) == [.missingPositions])
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

    @Test func `the limit holds for amounts near 127 bits`() throws {
        let huge = Int128(1) << 125
        let rows = [June.row(huge), June.row(huge, .unclassified)]
        for (limit, isBlocking) in [(50, false), (49, true)] {
            let short = try Self.short(rows: rows, rules: StatementRules(maxUnclassifiedPercent: limit))
            #expect(short.map(\.isBlocking) == [isBlocking])
        }
    }
}
