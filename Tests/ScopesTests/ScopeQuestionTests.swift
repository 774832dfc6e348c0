import ScopesTestSupport
import TestSupport
import Testing
import UsageModel

@testable import Scopes

@Suite struct ShareIntervalTests {
    @Test func `what nobody classified spans an interval`() throws {
        let table = try ShareTableTests.table("idc")
        let aliyun = table.interval(of: try #require(table["aliyun"]))
        #expect(aliyun.ifNone == Share(numerator: 270, denominator: 1_000))
        #expect(aliyun.ifAll == Share(numerator: 310, denominator: 1_040))
        #expect(table.percentagesIfAllExternal().compactMap { $0 } == ["47.3", "29.8", "16.4", "6.5", "0.0"])
        #expect(aliyun.lowest == aliyun.ifNone && aliyun.highest == aliyun.ifAll)
        let volcengine = table.interval(of: try #require(table["volcengine"]))
        #expect(volcengine.lowest == Share(numerator: 492, denominator: 1_040))
        #expect(volcengine.highest == Share(numerator: 492, denominator: 1_000))
        let all = try ShareTableTests.table("all-traffic")
        #expect(all.interval(of: try #require(all["aliyun"])).isPoint)
    }

    /// Classifies the unclassified in every way there is, and looks whether the interval holds what comes out.
    @Test func `no classification leaves the interval`() throws {
        try withSeeds(40) { seed, random in
            let rows = (0..<12).map { _ in
                ShareTableTests.row(
                    ["a", "b", "c"].randomElement(using: &random) ?? "a",
                    [TenantKind.unclassified, .externalCustomer, .ownBusiness].randomElement(using: &random) ?? .trial,
                    Int128.random(in: 0...50, using: &random))
            }
            for kinds in [
                Set([TenantKind.externalCustomer]), [.unclassified], [.ownBusiness],
                [.unclassified, .externalCustomer],
            ] {
                var scope = try BuiltInScopeTests.scope("idc")
                scope.filters.kinds = kinds
                let period = try Period("2025-06")
                let table = try ShareTable(scope: scope, period: period, sums: rows)
                let open = rows.indices.filter { rows[$0].tenantKind == .unclassified }
                for choice in 0..<(1 << open.count) {
                    var classified = rows
                    for (bit, index) in open.enumerated() where choice >> bit & 1 == 1 {
                        classified[index].tenantKind = .externalCustomer
                    }
                    let other = try ShareTable(scope: scope, period: period, sums: classified)
                    for row in table.rows {
                        let interval = table.interval(of: row)
                        let share = try #require(other[row.entity]).share
                        guard share.denominator > 0 else { continue }
                        #expect(!share.isLess(than: interval.lowest), "seed \(seed), \(kinds): \(share) \(interval)")
                        #expect(!interval.highest.isLess(than: share), "seed \(seed), \(kinds): \(share) \(interval)")
                        if choice == 0 { #expect(share == interval.ifNone, "seed \(seed)") }
                        if choice == (1 << open.count) - 1 { #expect(share == interval.ifAll, "seed \(seed)") }
                    }
                }
            }
        }
    }
}

@Suite struct ConcentrationTests {
    @Test func `the indices of a known market are the known ones`() throws {
        let idc = try #require(try ShareTableTests.table("idc").concentration)
        #expect(idc.cr1.percent(decimals: 1) == "49.2")
        #expect(idc.cr3 == Share(numerator: 932, denominator: 1_000))
        // 49.2² + 27² + 17² + 6.8²
        #expect(idc.hhi(decimals: 2) == "3484.88")
        #expect(idc.ratio(of: 99) == Share(numerator: 1_000, denominator: 1_000))
    }

    @Test func `the index of one entity is 10000, that of none is nothing, and no amount is too large`() {
        #expect(Concentration(of: [7], denominator: 7).hhi(decimals: 0) == "10000")
        #expect(Concentration(of: [], denominator: 0).hhi(decimals: 0) == nil)
        #expect(Concentration(of: [0, 0], denominator: 0).cr1.percent(decimals: 1) == nil)
        let huge = Int128(1) << 64
        #expect(Concentration(of: [huge - 1], denominator: huge - 1).hhi(decimals: 6) == "10000.000000")
        // Amounts of money are counted in 10^-12 of their unit: their squares leave 128 bits.
        #expect(Concentration(of: [huge], denominator: huge).hhi(decimals: 0) == "10000")
        let most = Int128.max / 4
        #expect(Concentration(of: [most, most, most, most], denominator: most * 4).hhi(decimals: 2) == "2500.00")
        #expect(Concentration(of: [huge], denominator: huge).cr1.percent(decimals: 0) == "100")
    }

    @Test func `a table that gathers entities has no index`() throws {
        var scope = try BuiltInScopeTests.scope("idc")
        scope.top = 2
        let table = try ShareTable(scope: scope, period: Period("2025"), sums: ShareTableTests.market)
        #expect(table.rows.contains(where: \.isGathered) && table.concentration == nil)
    }

    @Test func `the indices keep their order and bounds`() {
        withSeeds(200) { seed, random in
            let amounts = (0..<Int.random(in: 1...30, using: &random)).map { _ in
                Int128.random(in: 0...1_000_000_000_000_000, using: &random)
            }
            let sum = amounts.reduce(0, +)
            guard sum > 0 else { return }
            let market = Concentration(of: amounts, denominator: sum)
            #expect(!market.cr3.isLess(than: market.cr1), "seed \(seed)")
            // An oracle that isn't exact: the product never computes in floating point, and this isn't the product.
            let squares = amounts.reduce(0) { $0 + Double($1) / Double(sum) * Double($1) / Double(sum) * 10_000 }
            let index = Double(market.hhi(decimals: 6) ?? "") ?? -1
            #expect(abs(index - squares) < 0.001, "seed \(seed)")
            // Between that of equal entities, 10,000/n, and 100 times the largest share in percent.
            #expect(index >= 10_000 / Double(amounts.count) - 0.001, "seed \(seed)")
            #expect(index <= 10_000 * Double(amounts.max() ?? 0) / Double(sum) + 0.001, "seed \(seed)")
            #expect(market == Concentration(of: amounts.shuffled(using: &random), denominator: sum), "seed \(seed)")
        }
    }
}

@Suite struct ScopeRanksTests {
    static func table(_ id: String, _ amounts: [String: Int128], period: String = "2025-H1") throws -> ShareTable {
        var scope = try BuiltInScopeTests.scope("all-traffic")
        scope.id = id
        return try ShareTable(
            scope: scope, period: Period(period),
            sums: amounts.map { ShareTableTests.row($0.key, .externalCustomer, $0.value) })
    }

    @Test func `everybody is first under a scope of their own`() throws {
        let ranks = try ScopeRanks([
            Self.table("calls", ["volcengine": 492, "aliyun": 270, "baidu-cloud": 170, "idle": 0]),
            Self.table("revenue", ["aliyun": 358, "volcengine": 148]),
            Self.table("tenders", ["baidu-cloud": 48, "volcengine": 20, "aliyun": 20]),
        ])
        #expect(ranks.leaders(under: 0) == ["volcengine"])
        #expect(ranks.leaders(under: 1) == ["aliyun"])
        #expect(ranks.leaders(under: 2) == ["baidu-cloud"])
        #expect(ranks.rows.map(\.entity) == ["volcengine", "aliyun", "baidu-cloud"])
        #expect(ranks.rows.map { $0.standings.map { $0?.rank } } == [[1, 2, 2], [2, 1, 2], [3, nil, 1]])
        // 54.54… of 100, and of what is left over by rounding down the largest remainder gets the last tenth.
        #expect(ranks.rows[2].standings[2]?.percent == "54.6")
        #expect(ranks.scopes.map(\.id) == ["calls", "revenue", "tenders"])
    }

    @Test func `what can't be compared is refused`() throws {
        let half = try Self.table("a", ["x": 1])
        #expect(throws: RankProblem.noScopes) { try ScopeRanks([]) }
        let month = try Self.table("b", ["x": 1], period: "2025-06")
        #expect(throws: RankProblem.differentPeriods(half.period, month.period)) { try ScopeRanks([half, month]) }
        let models = try ShareTable(
            scope: BuiltInScopeTests.scope("openrouter"), period: half.period, sums: [ScopeSumRow]())
        #expect(throws: RankProblem.differentEntities("a", "openrouter")) { try ScopeRanks([half, models]) }
        #expect(throws: RankProblem.noScopes) { try ScopeRanks.grouped([]) }
        #expect(throws: RankProblem.differentPeriods(half.period, month.period)) {
            try ScopeRanks.grouped([half, models, month])
        }
        let tied = try ScopeRanks([Self.table("a", ["x": 5, "y": 5, "z": 1]), Self.table("b", [:])])
        #expect(tied.leaders(under: 0) == ["x", "y"] && tied.leaders(under: 1).isEmpty)
    }
}

@Suite struct RankGroupTests {
    @Test func `what divides among different things comes in tables of its own`() throws {
        let models = try ShareTable(
            scope: BuiltInScopeTests.scope("openrouter"), period: Period("2025-H1"), sums: [ScopeSumRow]())
        let groups = try ScopeRanks.grouped([
            ScopeRanksTests.table("a", ["x": 1]), models, ScopeRanksTests.table("b", ["x": 1, "y": 2]),
        ])
        #expect(groups.map { $0.scopes.map(\.id) } == [["a", "b"], ["openrouter"]])
        #expect(groups[0].rows.map(\.entity) == ["x", "y"])
    }
}

@Suite struct PeriodGrowthTests {
    static func growth(
        _ from: String, _ to: String, _ aggregate: Scope.Aggregate, _ previous: Int128?, _ current: Int128
    )
        throws -> PeriodGrowth
    {
        try PeriodGrowth(
            from: Period(from), to: Period(to), aggregate: aggregate,
            growth: Growth(previous: previous, current: current))
    }

    /// 114.2 trillion tokens in 2024 and 536.7 in the first half of 2025: 370 %, but a half year against a whole one.
    @Test func `a half year against a whole one is warned of`() throws {
        let sums = try Self.growth("2024", "2025-H1", .sum, 114_200_000_000_000, 536_700_000_000_000)
        #expect(sums.percent(decimals: 0) == "+370" && sums.multiple(decimals: 1) == "4.7")
        let warning = try #require(sums.warning)
        #expect(warning.en.contains("2024 has 366 days and 2025-H1 has 181"))
        #expect(warning.zh.contains("366 天") && warning.zh.contains("181 天"))
        let perDay = try Self.growth("2024", "2025-H1", .dailyAverage, 114_200_000_000_000, 536_700_000_000_000)
        #expect(perDay.warning == nil)
        // 4.6996… × 366 ÷ 181
        #expect(perDay.multiple(decimals: 2) == "9.50" && perDay.percent(decimals: 0) == "+850")
    }

    @Test(arguments: [
        ("2025-04", "2025-05", true), ("2025-05", "2025-07", false), ("2024-Q1", "2025-Q2", false),
        ("2025-Q1", "2025-Q2", true), ("2024", "2025", true), ("2025-H1", "2025-H2", true),
        ("2025-05", "2025-Q2", true), ("2025-06", "2025-06-01/2025-06-16", true),
        ("2025-06-01/2025-06-08", "2025-06-08/2025-06-15", false),
        ("2025-06-01/2025-06-08", "2025-06-08/2025-06-16", true),
    ])
    func `sums over periods of different length warn`(from: String, to: String, warns: Bool) throws {
        #expect(try (Self.growth(from, to, .sum, 1, 2).warning != nil) == warns)
        #expect(try Self.growth(from, to, .dailyAverage, 1, 2).warning == nil)
    }

    @Test func `without an earlier figure there is no growth`() throws {
        for previous in [nil, 0] as [Int128?] {
            let growth = try Self.growth("2025-05", "2025-06", .sum, previous, 7)
            #expect(growth.percent(decimals: 1) == nil && growth.multiple(decimals: 1) == nil)
        }
        #expect(try Self.growth("2025-05", "2025-06", .dailyAverage, 1, Int128.max).multiple == nil)
    }

    @Test func `tables of one scope are compared`() throws {
        let may = try ShareTableTests.table(
            "all-traffic", [ShareTableTests.row("doubao", .ownBusiness, 310)], period: "2025-05")
        let june = try ShareTableTests.table(
            "all-traffic", [ShareTableTests.row("doubao", .ownBusiness, 600)], period: "2025-06")
        // 10 a day, then 20 a day: twice as much, although the months differ in length.
        #expect(june.periodGrowth(of: "doubao", since: may).multiple(decimals: 3) == "2.000")
        #expect(june.totalPeriodGrowth(since: may).percent(decimals: 1) == "+100.0")
        #expect(june.periodGrowth(of: "nobody", since: may).percent(decimals: 1) == nil)
    }
}
