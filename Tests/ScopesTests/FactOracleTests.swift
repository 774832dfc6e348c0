import ScopesTestSupport
import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

/// Random markets, evaluated a second time in the plainest way there is: call by call, record by record, day by day.
@Suite struct FactOracleTests {
    /// One day's usage of one tenant.
    struct Call {
        var provider: String
        var tenant: Int64
        var kind: TenantKind
        var model: String
        var region: String
        var layer: Layer
        var workload: Workload
        var day: Int64
        var counts: SignedTokenCounts
    }

    struct Market {
        var calls: [Call] = []
        var records: [FactRecord] = []

        func record(_ kind: FactKind, _ subject: [String], on day: Int64) -> FactRecord? {
            records.first {
                $0.kind == kind && $0.subject == subject && $0.effectiveFrom.days <= day
                    && ($0.effectiveTo.map { day < $0.days } ?? true)
            }
        }
    }

    static let start = CivilTime.days(year: 2025, month: 1, day: 1)
    /// January to March.
    static let days: Int64 = 90
    static let providers = ["p1", "p2", "p3"]
    static let models = ["m1", "m2", "m3"]

    static func market(_ random: inout SeededGenerator) -> Market {
        var market = Market()
        for _ in 0..<120 {
            let input = Int128.random(in: 0...5_000, using: &random) * 1_000
            let output = Int128.random(in: 0...500, using: &random) * 1_000
            let tenant = Int64.random(in: 1...5, using: &random)
            market.calls.append(
                Call(
                    provider: providers[Int(tenant) % 3], tenant: tenant,
                    kind: tenant < 3 || Bool.random(using: &random) ? .externalCustomer : .ownBusiness,
                    model: models.randomElement(using: &random) ?? "m1",
                    region: ["cn", "us", ""].randomElement(using: &random) ?? "",
                    layer: [.maas, .maas, .paas].randomElement(using: &random) ?? .maas,
                    workload: [.online, .batch].randomElement(using: &random) ?? .online,
                    day: start + Int64.random(in: 0..<days, using: &random),
                    counts: SignedTokenCounts(
                        requests: 1, input: input, cachedInput: Int128.random(in: 0...input, using: &random),
                        output: output, reasoningOutput: Int128.random(in: 0...output, using: &random))))
        }
        addFacts(&market, &random)
        return market
    }

    private static func addFacts(_ market: inout Market, _ random: inout SeededGenerator) {
        func add(_ kind: FactKind, _ subject: [String], _ content: @autoclosure () -> [String], holes: Bool = true) {
            var day = start - 10
            while day < start + days {
                let length = Int64.random(in: 10...70, using: &random)
                if !holes || Int.random(in: 0..<6, using: &random) > 0 {
                    market.records.append(
                        FactRecord(
                            kind: kind, subject: subject, effectiveFrom: CalendarDate(days: day),
                            effectiveTo: CalendarDate(days: day + length), content: content()))
                }
                day += length
            }
        }
        func pick(_ words: [String]) -> String { words.randomElement(using: &random) ?? "" }
        for model in models {
            add(.models, [model], [pick(["d1", "d2"]), pick(["g1", "g2"]), pick(["f1", "f2"]), "", "", "r"])
        }
        for provider in providers {
            add(.providers, [provider], [pick(["g1", "g2"]), "r"])
            for region in ["cn", ""] { add(.regions, [provider, region], [pick(["cn-mainland", "overseas"]), "r"]) }
            for model in models {
                for workload in ["", "batch"] {
                    for type in TokenType.allCases where Bool.random(using: &random) {
                        add(
                            .prices, [provider, model, workload, type.rawValue, "", ""],
                            [
                                pick(["CNY", "USD"]), pick(["0.8", "0.000001", "12.5"]), pick(["1000", "1000000"]),
                                pick(["", "", "3000000"]), "r",
                            ])
                    }
                }
            }
        }
        for month in [Period.month(year: 2025, month: 1), .month(year: 2025, month: 2), .month(year: 2025, month: 3)] {
            func monthly(_ kind: FactKind, _ subject: [String], _ content: [String]) {
                market.records.append(
                    FactRecord(
                        kind: kind, subject: subject, effectiveFrom: month.from, effectiveTo: month.to,
                        content: content))
            }
            monthly(.rates, ["USD", "CNY"], [pick(["7.12345678", "7", "6.5"]), "s"])
            for provider in providers where Int.random(in: 0..<3, using: &random) == 0 {
                monthly(
                    .revenue, [provider, pick(["maas", "paas"])], [pick(["10.5", "0.000001", "999"]), "USD", "s"])
            }
        }
    }

    /// Rows as the store would sum them, told apart by every day: as fine as can be.
    static func rows(
        _ calls: [Call], _ scope: Scope, from: Int64
    ) -> (rows: [FilteredSumRow], segments: [SumSegment]) {
        let segments = (0..<days).map { offset in
            let day = CalendarDate(days: start + offset)
            return SumSegment(day: day, month: Period.month(of: day).from, isBefore: day.days < from)
        }
        return (calls.map { row($0, segment: Int($0.day - start), scope) }, segments)
    }

    /// Rows told apart only by what the granularity says, as the store sums them.
    static func coarseRows(
        _ calls: [Call], _ scope: Scope, _ period: Period, _ book: FactBook
    ) -> (rows: [FilteredSumRow], segments: [SumSegment]) {
        let first = Period.month(of: period.from).from
        let granularity = scope.granularity(with: book, over: first..<period.to)
        var cuts = granularity.changes.union([period.from])
        if granularity.byMonth { cuts.formUnion(period.months.map(\.from)) }
        let from = granularity.fromStartOfMonth ? first : period.from
        let starts = [from] + cuts.filter { $0 > from && $0 < period.to }.sorted()
        let segments = starts.map {
            SumSegment(day: $0, month: Period.month(of: $0).from, isBefore: $0 < period.from)
        }
        var sums: [FilteredSumRow: SignedTokenCounts] = [:]
        for call in calls where call.day >= from.days && call.day < period.to.days {
            var key = row(call, segment: (starts.lastIndex { $0.days <= call.day }) ?? 0, scope)
            if !granularity.byModel { key.model = nil }
            if !granularity.byRegion { key.region = nil }
            if !granularity.byTenant { key.tenant = nil }
            key.counts = SignedTokenCounts()
            sums[key, default: SignedTokenCounts()] += call.counts
        }
        let rows = sums.map { key, counts in
            var row = key
            row.counts = counts
            return row
        }
        return (rows, segments)
    }

    private static func row(_ call: Call, segment: Int, _ scope: Scope) -> FilteredSumRow {
        let plain = ScopeSumRow(
            provider: call.provider, tenantKind: call.kind, layer: call.layer, workload: call.workload,
            region: call.region, model: call.model, counts: call.counts)
        return FilteredSumRow(
            provider: call.provider, tenantKind: call.kind, model: call.model, region: call.region, layer: call.layer,
            workload: call.workload, tenant: call.tenant, segment: segment, passesFilters: scope.filters.matches(plain),
            counts: call.counts)
    }

    static let scopes: [Scope] = [
        Facts.scope(.tokens, ScopeFilters(kinds: [.externalCustomer], markets: [.cnMainland])),
        Facts.scope(.tokens, ScopeFilters(kinds: [.externalCustomer], origins: [.selfDeveloped]), entity: .family),
        Facts.scope(
            .requests, ScopeFilters(layers: [.maas], markets: [.overseas], origins: [.resold]), entity: .developer),
        Facts.scope(
            .revenue, ScopeFilters(kinds: [.externalCustomer], layers: [.maas]), currency: "CNY"),
        Facts.scope(.revenue, ScopeFilters(kinds: [.externalCustomer]), entity: .model, currency: "CNY"),
        Facts.scope(.revenue, ScopeFilters(markets: [.cnMainland]), entity: .family, currency: "CNY"),
    ]

    @Test func `every scope agrees with the plainest evaluation`() throws {
        let period = try Period("2025-Q1")
        try withSeeds(6) { seed, random in
            let market = Self.market(&random)
            let book = try FactBook(market.records)
            for scope in Self.scopes {
                let oracle = FactOracle(market: market, scope: scope).evaluate()
                let (fine, days) = Self.rows(market.calls, scope, from: period.from.days)
                let (coarse, segments) = Self.coarseRows(market.calls, scope, period, book)
                let exact = try ShareTable(
                    scope: scope, period: period, filtered: fine, segments: days, facts: book)
                let table = try ShareTable(
                    scope: scope, period: period, filtered: coarse.shuffled(using: &random), segments: segments,
                    facts: book)
                #expect(
                    Dictionary(uniqueKeysWithValues: exact.rows.map { ($0.entity, $0.numerator) }) == oracle.counted,
                    "seed \(seed), \(scope.measure) by \(scope.entity)")
                #expect(exact.total.unmapped == oracle.unmapped, "seed \(seed)")
                #expect(exact.total.unpricedTokens == oracle.unpriced, "seed \(seed)")
                #expect(
                    table == exact,
                    "seed \(seed): the granularity is too coarse for \(scope.measure) by \(scope.entity)")
                #expect(
                    table.percentages(decimals: 6).compactMap { $0 }.isEmpty
                        || table.percentages(decimals: 6).reduce(0) { sum, text in
                            sum + (DecimalText.parse(text ?? "", decimals: 6, wholeDigits: 3) ?? 0)
                        } == 100_000_000, "seed \(seed)")
            }
        }
    }

    @Test func `a period is the sum of its parts`() throws {
        try withSeeds(6) { seed, random in
            let market = Self.market(&random)
            let book = try FactBook(market.records)
            for scope in Self.scopes {
                // Imported revenue is kept by month; what comes from prices alone can be cut on any day.
                let isByMonth = scope.readsImportedRevenue
                let parts =
                    isByMonth
                    ? ["2025-01", "2025-02", "2025-03"]
                    : ["2025-01-01/2025-01-11", "2025-01-11/2025-02-20", "2025-02-20/2025-04-01"]
                func table(_ text: String) throws -> ShareTable? {
                    let period = try Period(text)
                    let (rows, segments) = Self.coarseRows(market.calls, scope, period, book)
                    do {
                        return try ShareTable(
                            scope: scope, period: period, filtered: rows, segments: segments, facts: book)
                    } catch is MissingFacts {
                        return nil
                    }
                }
                let whole = try #require(try table("2025-Q1"))
                let tables = try parts.map(table)
                // A part without any fact has no figure at all, so that there is nothing to add.
                guard tables.allSatisfy({ $0 != nil }) else { continue }
                let sum = tables.compactMap { $0 }.reduce(0) { $0 + $1.total.numerator }
                #expect(whole.total.numerator == sum, "seed \(seed), \(scope.measure) by \(scope.entity)")
                for row in whole.rows {
                    let added = tables.compactMap { $0?[row.entity]?.numerator }.reduce(0, +)
                    #expect(row.numerator == added, "seed \(seed), \(row.entity)")
                }
            }
        }
    }
}
