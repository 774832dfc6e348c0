import ScopesTestSupport
import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

@Suite struct ShareTableTests {
    static func row(
        _ provider: String, _ kind: TenantKind, _ tokens: Int128, layer: Layer = .maas, region: String = "cn-beijing"
    ) -> ScopeSumRow {
        ScopeSumRow(
            provider: provider, tenantKind: kind, layer: layer, region: region,
            counts: SignedTokenCounts(requests: tokens / 10, input: tokens - tokens / 4, output: tokens / 4))
    }

    static let market = [
        row("volcengine", .externalCustomer, 492), row("aliyun", .externalCustomer, 200),
        row("aliyun", .externalCustomer, 70), row("baidu-cloud", .externalCustomer, 170),
        row("other", .externalCustomer, 68), row("volcengine", .ownBusiness, 3_000), row("aliyun", .unclassified, 40),
        row("aliyun", .trial, 5), row("aliyun", .test, 6), row("aliyun", .affiliate, 7),
        row("baidu-cloud", .externalCustomer, 900, layer: .paas), row("idle", .ownBusiness, 1),
    ]

    static func table(_ scope: String, _ rows: [ScopeSumRow] = market, period: String = "2025-06") throws -> ShareTable
    {
        try ShareTable(scope: ScopeCatalogue.builtIn().scope(scope), period: Period(period), sums: rows)
    }

    @Test func `the IDC scope counts external customers of MaaS`() throws {
        let table = try Self.table("idc")
        #expect(table.denominator == 1_000)
        #expect(table.rows.map(\.entity) == ["volcengine", "aliyun", "baidu-cloud", "other", "idle"])
        #expect(table.rows.map(\.numerator) == [492, 270, 170, 68, 0])
        #expect(table.percentages() == ["49.2", "27.0", "17.0", "6.8", "0.0"])
        // Whoever has nothing that counts has no rank.
        #expect(table.rows.map(\.rank) == [1, 2, 3, 4, 0])
    }

    @Test func `what the scope leaves out stands beside it`() throws {
        let table = try Self.table("idc")
        let aliyun = try #require(table["aliyun"])
        #expect(aliyun.external == 270 && aliyun.unclassified == 40 && aliyun.otherKinds == 18)
        #expect(aliyun.everything == 328)
        let baidu = try #require(table["baidu-cloud"])
        #expect(baidu.external == 170 && baidu.outsideFilters == 900)
        #expect(table.total.ownBusiness == 3_001 && table.total.unclassified == 40)
        #expect(table.total.everything == 1_000 + 3_001 + 40 + 18 + 900)
    }

    @Test func `with own business counted, the shares differ`() throws {
        let table = try Self.table("all-traffic")
        #expect(table.denominator == table.total.everything)
        #expect(table.percentages().first == "70.4")
    }

    @Test func `equal figures share a rank`() throws {
        let rows = [("b", 5), ("a", 5), ("c", 9), ("d", 1)].map { Self.row($0.0, .externalCustomer, Int128($0.1)) }
        let table = try Self.table("idc", rows)
        #expect(table.rows.map(\.entity) == ["c", "a", "b", "d"])
        #expect(table.rows.map(\.rank) == [1, 2, 2, 4])
    }

    @Test func `an empty market has no shares`() throws {
        let table = try Self.table("idc", [])
        #expect(table.rows.isEmpty && table.denominator == 0)
        let unclassified = try Self.table("idc", [Self.row("a", .unclassified, 9)])
        #expect(unclassified.percentages() == [nil])
        #expect(unclassified["a"]?.share.percent(decimals: 1) == nil)
    }

    @Test func `the daily average divides by the days of the period`() throws {
        #expect(try Self.table("all-traffic").published(300) == 10)
        #expect(try Self.table("idc").published(300) == 300)
    }

    @Test func `growth compares entities and says where it can't`() throws {
        let june = try Self.table("idc")
        let may = try Self.table(
            "idc", [Self.row("volcengine", .externalCustomer, 400), Self.row("other", .ownBusiness, 9)],
            period: "2025-05")
        #expect(june.growth(of: "volcengine", since: may).percent(decimals: 1) == "+23.0")
        #expect(june.growth(of: "aliyun", since: may).percent(decimals: 1) == nil)
        #expect(june.growth(of: "other", since: may).percent(decimals: 1) == nil)
        #expect(june.growth(of: "volcengine", since: nil).previous == nil)
        #expect(june.totalGrowth(since: may).percent(decimals: 0) == "+150")
        #expect(june.totalGrowth(since: try Self.table("idc", [])).previous == nil)
    }

    @Test func `the order and splitting of sums do not matter`() throws {
        try withSeeds(50) { seed, random in
            var rows = (0..<40).map { _ in
                Self.row(
                    "p\(Int.random(in: 0..<5, using: &random))",
                    TenantKind.allCases.randomElement(using: &random) ?? .trial,
                    Int128.random(in: 0...1_000_000_000_000_000, using: &random),
                    layer: Layer.allCases.randomElement(using: &random) ?? .maas)
            }
            let before = try Self.table("idc", rows)
            let units = before.percentages(decimals: 3).compactMap { $0.flatMap { UInt64($0.filter { $0 != "." }) } }
            #expect(before.denominator == 0 || units.reduce(0, +) == 100_000, "seed \(seed)")
            #expect(before.rows.map(\.numerator).reduce(0, +) == before.denominator, "seed \(seed)")
            let split = rows.removeLast()
            var half = split
            half.counts = SignedTokenCounts(input: split.counts.input / 3)
            var rest = split
            rest.counts = SignedTokenCounts(
                requests: split.counts.requests, input: split.counts.input - split.counts.input / 3,
                output: split.counts.output)
            rows += [half, rest]
            rows.shuffle(using: &random)
            #expect(try Self.table("idc", rows) == before, "seed \(seed)")
        }
    }

    @Test func `regions and workloads filter`() throws {
        var scope = try ScopeCatalogue.builtIn().scope("idc")
        scope.filters.regions = [NamePattern("cn-*")]
        scope.filters.workloads = [.online]
        var batch = Self.row("a", .externalCustomer, 4)
        batch.workload = .batch
        let rows = [
            Self.row("a", .externalCustomer, 1), Self.row("a", .externalCustomer, 2, region: "us-1"),
            Self.row("a", .externalCustomer, 8, region: ""), batch,
        ]
        let table = try ShareTable(scope: scope, period: Period("2025"), sums: rows)
        #expect(table.denominator == 1)
        #expect(table["a"]?.outsideFilters == 14)
    }

    @Test func `a whole can be divided among models of some providers`() throws {
        var scope = try ScopeCatalogue.builtIn().scope("openrouter")
        scope.top = 2
        scope.filters.models = [NamePattern("glm-*"), NamePattern("qwen"), NamePattern("kimi")]
        let rows = [
            ("openrouter", "glm-1", 30), ("openrouter", "glm-2", 20), ("openrouter", "qwen", 10),
            ("aliyun", "qwen", 900),
            ("openrouter", "gpt", 500), ("openrouter", "kimi", 5),
        ].map { provider, model, tokens in
            ScopeSumRow(
                provider: provider, tenantKind: .unclassified, model: model,
                counts: SignedTokenCounts(input: Int128(tokens)))
        }
        let table = try ShareTable(scope: scope, period: Period("2025-06"), sums: rows)
        #expect(table.denominator == 65)
        #expect(table.rows.map(\.entity) == ["glm-1", "glm-2", "other"])
        #expect(table.rows.map(\.numerator) == [30, 20, 15])
        #expect(table.rows.map(\.rank) == [1, 2, 0])
        #expect(table.rows.map(\.gathered) == [0, 0, 3])
        // gpt passes no filter on models; aliyun isn't looked at at all.
        #expect(table.rows.last?.outsideFilters == 500 && table.total.everything == 565)
        #expect(table["other"] == nil)
        scope.top = 4
        let longer = try ShareTable(scope: scope, period: Period("2025-06"), sums: rows)
        #expect(longer.rows.map(\.entity) == ["glm-1", "glm-2", "qwen", "kimi", "other"])
        scope.top = 5
        #expect(try !ShareTable(scope: scope, period: Period("2025-06"), sums: rows).rows.contains(where: \.isGathered))
    }

    @Test func `naming only the largest loses nothing`() throws {
        try withSeeds(60) { seed, random in
            var scope = try ScopeCatalogue.builtIn().scope("idc")
            let rows = (0..<30).map { _ in
                Self.row(
                    "p\(Int.random(in: 0..<12, using: &random))",
                    TenantKind.allCases.randomElement(using: &random) ?? .trial,
                    Int128.random(in: 0...1_000_000, using: &random))
            }
            let whole = try ShareTable(scope: scope, period: Period("2025"), sums: rows)
            scope.top = Int.random(in: 1...13, using: &random)
            let cut = try ShareTable(scope: scope, period: Period("2025"), sums: rows)
            #expect(cut.total == whole.total && cut.denominator == whole.denominator, "seed \(seed)")
            #expect(cut.rows.map(\.numerator).reduce(0, +) == whole.denominator, "seed \(seed)")
            #expect(cut.rows.map(\.everything).reduce(0, +) == whole.total.everything, "seed \(seed)")
            #expect(cut.rows.reduce(0) { $0 + max($1.gathered, 1) } == whole.rows.count, "seed \(seed)")
            #expect(cut.rows.filter { !$0.isGathered } == Array(whole.rows.prefix(scope.top ?? 0)), "seed \(seed)")
            let units = cut.percentages().compactMap { $0.flatMap { UInt64($0.filter { $0 != "." }) } }
            #expect(whole.denominator == 0 || units.reduce(0, +) == 1_000, "seed \(seed)")
        }
    }

    @Test func `the average is kept exact until it is printed`() throws {
        let table = try Self.table("all-traffic", period: "2024-02")
        #expect(table.exactlyPublished(100) == Ratio(100, over: 29))
        #expect(table.exactlyPublished(100).decimal(3) == "3.448")
        #expect(table.published(100) == 3)
        #expect(try Self.table("idc").exactlyPublished(100) == Ratio(100, over: 1))
    }

    @Test func `requests can be the measure`() throws {
        var scope = try ScopeCatalogue.builtIn().scope("idc")
        scope.measure = .requests
        let table = try ShareTable(scope: scope, period: Period("2025"), sums: Self.market)
        #expect(table["volcengine"]?.numerator == 49)
    }
}

extension ShareTable {
    /// What ``ShareTable/published(_:)`` gives, before it is rounded: as tokens, requests, tenders or units of the
    /// currency.
    func exactlyPublished(_ amount: Int128) -> Ratio {
        let days = scope.aggregate == .dailyAverage ? UInt128(period.dayCount) : 1
        let divisor = scope.measure.unit == .money ? days * DecimalText.powerOfTen(Money.tableDecimals) : days
        return Ratio(amount.magnitude, over: divisor)
    }
}
