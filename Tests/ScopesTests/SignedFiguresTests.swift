import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

/// What is taken back may be more than what was counted; what is estimated stands beside every figure.
@Suite struct SignedFiguresTests {
    private static func row(
        _ provider: String, _ tokens: Int128, _ kind: TenantKind = .externalCustomer, isEstimated: Bool = false,
        passes: Bool = true
    ) -> FilteredSumRow {
        FilteredSumRow(
            provider: provider, tenantKind: kind, passesFilters: passes, isEstimated: isEstimated,
            counts: SignedTokenCounts(requests: tokens.signum(), input: tokens))
    }

    private static func table(
        _ rows: [FilteredSumRow], kinds: Set<TenantKind>? = [.externalCustomer], aggregate: Scope.Aggregate = .sum,
        top: Int? = nil
    ) throws -> ShareTable {
        let scope = Scope(
            id: "house", version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test",
            measure: .tokens, filters: ScopeFilters(kinds: kinds), entity: .provider, top: top, aggregate: aggregate,
            zone: "Asia/Shanghai", denominator: .everythingCounted, precision: 1)
        return try ShareTable(scope: scope, period: Period("2025-06"), filtered: rows)
    }

    @Test func `an entity with less than nothing has its figure and share, and no rank`() throws {
        let table = try Self.table([Self.row("a", 100), Self.row("b", 20), Self.row("c", -20)])
        #expect(table.rows.map(\.entity) == ["a", "b", "c"] && table.rows.map(\.rank) == [1, 2, 0])
        #expect(table.rows.map(\.numerator) == [100, 20, -20] && table.denominator == 100)
        #expect(table.percentages() == ["100.0", "20.0", "-20.0"])
        #expect(table.text(of: table.rows[2].numerator) == "-20")
        let warning = try #require(table.negativeWarning)
        #expect(warning.en.contains(" c:") && warning.zh.contains("c") && !warning.en.contains("a,"))
        #expect(table.concentration == nil)
        #expect(try ScopeRanks([table]).rows.map(\.entity) == ["a", "b"])
    }

    @Test func `of less than nothing there are no shares and no ranks`() throws {
        let table = try Self.table([Self.row("a", 10), Self.row("b", -30)])
        #expect(table.total.numerator == -20 && table.rows.map(\.rank) == [0, 0])
        #expect(table.percentages() == [nil, nil] && table.percent(of: nil) == nil)
        #expect(table.percentagesIfAllExternal() == [nil, nil])
        #expect(table.negativeWarning?.en.contains("no ranks") == true)
        #expect(try ScopeRanks([table]).rows.isEmpty)
        #expect(table.total.overLimitShare.percent(decimals: 1) == nil)
        #expect(try Self.table([Self.row("a", 10)]).negativeWarning == nil)
    }

    @Test(arguments: [(61, 2), (-61, -2), (-44, -1), (45, 2), (-45, -2), (0, 0)] as [(Int128, Int128)])
    func `averages per day are rounded away from zero`(_ amount: Int128, _ average: Int128) throws {
        let table = try Self.table([Self.row("a", 1)], aggregate: .dailyAverage)
        #expect(table.published(amount) == average)
    }

    @Test func `growth to less than nothing is a fall, and from it there is none`() {
        #expect(Growth(previous: 100, current: -50).percent(decimals: 1) == "-150.0")
        #expect(Growth(previous: 100, current: -50).multiple(decimals: 1) == nil)
        #expect(Growth(previous: -100, current: 50).percent(decimals: 1) == nil)
        #expect(Growth(previous: -100, current: 50).multiple(decimals: 1) == nil)
        #expect(Growth(previous: Int128.max, current: Int128.min).percent(decimals: 0) == "-200")
    }

    @Test func `differences of amounts hold over their whole range`() {
        let amounts: [Int128] = [.min, .min + 1, -5, 0, 7, .max - 1, .max]
        for from in amounts {
            for to in amounts {
                let change = AmountChange(from: from, to: to)
                #expect(change.applied(to: from) == to && change.isFall == (to < from))
                #expect(change.isZero == (from == to) && (change.magnitude == 0) == (from == to))
            }
        }
        #expect(AmountChange(from: -5, to: 7).description == "12" && AmountChange(from: 7, to: -5).description == "-12")
        #expect(AmountChange(from: 0, to: 7).applied(to: .max) == nil)
        #expect(AmountChange(from: 7, to: 0).applied(to: .min) == nil)
        #expect(AmountChange(from: .min, to: .max).applied(to: 0) == nil)
    }

    @Test func `intervals hold the share of all and of none, whatever was taken back`() throws {
        try withSeeds(300) { seed, random in
            func amount() -> Int128 { Int128.random(in: -40...100, using: &random) }
            let rows = (0..<3).flatMap { index in
                [Self.row("p\(index)", amount() + 60), Self.row("p\(index)", amount(), .unclassified)]
            }
            let external = rows.map { row in
                var row = row
                row.tenantKind = .externalCustomer
                return row
            }
            let (table, all) = (try Self.table(rows), try Self.table(external))
            guard table.denominator > 0, all.denominator > 0 else { return }
            for row in table.rows {
                let interval = table.interval(of: row)
                #expect(interval.ifNone == row.share && interval.ifAll == all[row.entity]?.share, "seed \(seed)")
                for share in [interval.ifNone, interval.ifAll] {
                    #expect(!share.isLess(than: interval.lowest), "seed \(seed)")
                    #expect(!interval.highest.isLess(than: share), "seed \(seed)")
                }
            }
        }
    }

    @Test func `bounds of a negative share lie outwards of it`() throws {
        let bounds = try #require(Share(numerator: -1, denominator: 3).percentBounds(decimals: 1))
        #expect((bounds.down, bounds.up) == ("-33.4", "-33.3"))
        #expect(Share(numerator: -1, denominator: 10_000).percent(decimals: 1) == "0.0")
    }

    @Test func `what is estimated is told of what counts`() throws {
        let table = try Self.table([
            Self.row("a", 60), Self.row("a", 40, isEstimated: true), Self.row("a", 7, .ownBusiness, isEstimated: true),
            Self.row("a", 5, isEstimated: true, passes: false), Self.row("b", -10, isEstimated: true),
        ])
        let row = try #require(table["a"])
        #expect((row.numerator, row.estimated, row.everything) == (100, 40, 112))
        #expect(row.estimatedShare.percent(decimals: 1) == "40.0")
        #expect(table["b"]?.estimated == -10 && table.total.estimated == 30)
        let gathered = try Self.table(
            [Self.row("a", 9), Self.row("b", 4, isEstimated: true), Self.row("c", 2)], top: 1)
        #expect(gathered.rows.map(\.estimated) == [0, 4])
        #expect(Trend([table], entity: nil).points[0].estimated == 30)
    }

    @Test func `statements keep both, and say nothing of them where there is neither`() throws {
        var content = try StatementContentTests.content(rows: 3)
        #expect(!content.text.contains("estimated"))
        content.table = try Self.table([
            Self.row("a", 60, isEstimated: true), Self.row("b", -20), Self.row("b", -7, .unclassified),
        ]).frozen()
        #expect(try StatementContent(text: content.text) == content)
        #expect(content.contradictions == [])
        #expect(content.text.contains(#""numerator":"-20""#) && content.text.contains(#""unclassified":"-7""#))
        #expect(content.text.contains(#""estimated":"60""#))
        for spelling in [#""numerator":"-020""#, #""numerator":"--20""#, #""numerator":"- 20""#] {
            let text = content.text.replacing(#""numerator":"-20""#, with: spelling)
            #expect(throws: CanonicalFormError.self) { try StatementContent(text: text) }
        }
    }

    @Test func `a restatement takes estimates apart too`() throws {
        let (before, after) = (
            try Self.table([Self.row("a", 60)]),
            try Self.table([Self.row("a", 60), Self.row("a", -80, isEstimated: true)])
        )
        let restated = Restatement(closed: before, later: after, now: after)
        let row = try #require(restated.rows.first)
        #expect(row.numerator.lateUsage.description == "-80" && row.numerator.now == -20)
        #expect(row.estimated.closed == 0 && row.estimated.now == -80 && !row.isUnchanged)
    }
}
