import Testing
import UsageModel

@testable import Scopes

/// Facts by hand, for tests: records from short rows of cells.
enum Facts {
    static func records(_ kind: FactKind, _ rows: String...) throws -> [FactRecord] {
        let header = kind.definition.columns.map(\.name).joined(separator: ",")
        let text = ([header] + rows).joined(separator: "\n")
        return try FactFile.parse(Array(text.utf8), kind: kind, file: "\(kind.rawValue).csv")
    }

    static func book(_ parts: [FactRecord]...) throws -> FactBook { try FactBook(parts.joined()) }

    /// A scope of a test's own.
    static func scope(
        _ measure: Scope.Measure = .tokens, _ filters: ScopeFilters = ScopeFilters(), entity: Scope.Entity = .provider,
        currency: String? = nil, additions: Set<Scope.Addition> = [], aggregate: Scope.Aggregate = .sum,
        denominator: Scope.Denominator = .everythingCounted, precision: Int = 1
    ) -> Scope {
        Scope(
            id: "house", version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test", measure: measure,
            currency: currency, filters: filters, additions: additions, entity: entity, aggregate: aggregate,
            zone: "Asia/Shanghai", denominator: denominator, precision: precision)
    }
}

@Suite struct CatalogueTests {
    private static let models = try? Facts.records(
        .models, "doubao,bytedance,bytedance,doubao,,,2025-01-01,,r", "qwen,alibaba,alibaba,qwen,open,,2025-01-01,,r",
        "glm,zhipu,zhipu,glm,,,2025-06-16,,r")
    private static let providers = try? Facts.records(
        .providers, "volcengine,bytedance,2025-01-01,,r", "aliyun,alibaba,2025-01-01,,r")

    private static func row(
        _ provider: String, _ model: String, _ tokens: Int128, _ region: String = "cn", segment: Int = 0,
        kind: TenantKind = .externalCustomer, covered: Bool = true
    ) -> FilteredSumRow {
        FilteredSumRow(
            provider: provider, tenantKind: kind, model: model, region: region, segment: segment,
            passesFilters: covered,
            counts: SignedTokenCounts(requests: 1, input: tokens))
    }

    private static func segments(_ days: String...) throws -> [SumSegment] {
        try days.map {
            let day = try #require(CalendarDate($0))
            return SumSegment(day: day, month: Period.month(of: day).from)
        }
    }

    @Test func `families and developers come from the catalogue of the day`() throws {
        let book = try Facts.book(try #require(Self.models))
        let rows = [
            Self.row("volcengine", "doubao", 100), Self.row("aliyun", "qwen", 70), Self.row("volcengine", "qwen", 5),
            Self.row("aliyun", "glm", 8), Self.row("aliyun", "glm", 16, segment: 1),
            Self.row("aliyun", "nobody", 3), Self.row("aliyun", "nobody", 1, covered: false),
        ]
        let table = try ShareTable(
            scope: Facts.scope(entity: .family), period: Period("2025-06"), filtered: rows,
            segments: Self.segments("2025-06-01", "2025-06-16"), facts: book)
        #expect(table.rows.map(\.entity) == ["doubao", "qwen", "glm"])
        #expect(table.rows.map(\.numerator) == [100, 75, 16])
        #expect(table.denominator == 191)
        // glm before the catalogue named it, and what it never names: not counted, and not silent.
        #expect(table.total.unmapped == 11 && table.total.outsideFilters == 1)
        #expect(table.rows.allSatisfy { $0.unmapped == 0 })
        let developers = try ShareTable(
            scope: Facts.scope(entity: .developer), period: Period("2025-06"), filtered: rows,
            segments: Self.segments("2025-06-01", "2025-06-16"), facts: book)
        #expect(developers.rows.map(\.entity) == ["bytedance", "alibaba", "zhipu"])
    }

    @Test func `a model is self-developed where its group is the provider's`() throws {
        let book = try Facts.book(try #require(Self.models), try #require(Self.providers))
        let rows = [
            Self.row("volcengine", "doubao", 1), Self.row("volcengine", "qwen", 2), Self.row("aliyun", "qwen", 4),
            Self.row("volcengine", "nobody", 8), Self.row("other", "qwen", 16), Self.row("aliyun", "doubao", 32),
        ]
        func table(_ origin: ModelOrigin) throws -> ShareTable {
            try ShareTable(
                scope: Facts.scope(.tokens, ScopeFilters(origins: [origin])), period: Period("2025-06"), filtered: rows,
                facts: book)
        }
        let own = try table(.selfDeveloped)
        #expect(own["volcengine"]?.numerator == 1 && own["aliyun"]?.numerator == 4 && own["other"]?.numerator == 0)
        #expect(own["volcengine"]?.unmapped == 8 && own["other"]?.unmapped == 16)
        #expect(own["volcengine"]?.outsideFilters == 2 && own["aliyun"]?.outsideFilters == 32)
        let resold = try table(.resold)
        #expect(resold.denominator == 34 && resold.total.unmapped == 24)
        #expect(own.total.everything == 63 && resold.total.everything == 63)
    }

    @Test func `markets come from the regions and an empty region is one`() throws {
        let book = try Facts.book(
            Facts.records(
                .regions, "volcengine,cn,cn-mainland,2025-01-01,2025-06-16,r", "volcengine,cn,overseas,2025-06-16,,r",
                "volcengine,,cn-mainland,2025-01-01,,r"))
        let rows = [
            Self.row("volcengine", "m", 1), Self.row("volcengine", "m", 2, segment: 1),
            Self.row("volcengine", "m", 4, ""),
            Self.row("volcengine", "m", 8, "us"), Self.row("aliyun", "m", 16),
            Self.row("aliyun", "m", 32, kind: .ownBusiness), Self.row("volcengine", "m", 64, kind: .ownBusiness),
        ]
        let table = try ShareTable(
            scope: Facts.scope(.tokens, ScopeFilters(kinds: [.externalCustomer], markets: [.cnMainland])),
            period: Period("2025-06"), filtered: rows, segments: Self.segments("2025-06-01", "2025-06-16"), facts: book)
        #expect(table["volcengine"]?.numerator == 5 && table["aliyun"]?.numerator == 0)
        #expect(table["volcengine"]?.ownBusiness == 64)
        #expect(table["volcengine"]?.outsideFilters == 2 && table["volcengine"]?.unmapped == 8)
        #expect(table["aliyun"]?.unmapped == 48)
    }

    @Test func `without a catalogue for the period there is no figure`() throws {
        let past = try Facts.book(
            Facts.records(.regions, "volcengine,cn,cn-mainland,2024-01-01,2025-06-01,r"))
        let scope = Facts.scope(.tokens, ScopeFilters(markets: [.cnMainland]))
        let rows = [Self.row("volcengine", "m", 1)]
        let error = try #require(throws: MissingFacts.self) {
            try ShareTable(scope: scope, period: Period("2025-06"), filtered: rows, facts: past)
        }
        #expect(error.facts == [.regionCatalogue] && error.kinds == [.regions] && error.period == "2025-06")
        #expect(error.description.contains("steelyard facts import regions"))
        _ = try ShareTable(scope: scope, period: Period("2025-05"), filtered: rows, facts: past)
    }

    @Test func `the granularity is only as fine as the scope asks`() throws {
        let book = try Facts.book(try #require(Self.models), try #require(Self.providers))
        let days = try #require(CalendarDate("2025-06-01"))..<(try #require(CalendarDate("2025-07-01")))
        #expect(Facts.scope().granularity(with: book, over: days) == SumGranularity())
        let family = Facts.scope(entity: .family).granularity(with: book, over: days)
        #expect(family.byModel && !family.byRegion && !family.byTenant)
        #expect(family.changes == [try #require(CalendarDate("2025-06-16"))])
        let revenue = Facts.scope(.revenue, currency: "CNY").granularity(with: book, over: days)
        #expect(revenue.byModel && revenue.byMonth && !revenue.byTenant && !revenue.fromStartOfMonth)
    }
}

@Suite struct RecordedMarketTests {
    private static let none: [FilteredSumRow] = []

    @Test func `tenders are counted and their amounts converted`() throws {
        let book = try Facts.book(
            Facts.records(
                .tenders, "baidu-cloud,2025-01,7,41200000,CNY,s", "baidu-cloud,2025-02,3,100,USD,s",
                "aliyun,2025-02,5,0.5,CNY,s", "aliyun,2025-07,100,1,CNY,s"),
            Facts.records(.rates, "2025-02,USD,CNY,7.1733,s"))
        let half = try Period("2025-H1")
        let number = try ShareTable(
            scope: Facts.scope(.tenderCount), period: half, filtered: Self.none, facts: book)
        #expect(number["baidu-cloud"]?.numerator == 10 && number["aliyun"]?.numerator == 5)
        #expect(number.text(of: number.denominator) == "15")
        let amount = try ShareTable(
            scope: Facts.scope(.tenderAmount, currency: "CNY"), period: half, filtered: Self.none, facts: book)
        #expect(amount.text(of: amount["baidu-cloud"]?.numerator ?? 0) == "41200717.33")
        #expect(amount.text(of: amount["aliyun"]?.numerator ?? 0) == "0.50")
        #expect(amount.total.external == amount.denominator)
    }

    @Test func `without a rate nothing is converted`() throws {
        let book = try Facts.book(
            Facts.records(.tenders, "a,2025-01,1,5,USD,s"), Facts.records(.rates, "2025-01,CNY,USD,0.14,s"))
        let error = try #require(throws: UnanswerableScope.self) {
            try ShareTable(
                scope: Facts.scope(.tenderAmount, currency: "CNY"), period: Period("2025-01"), filtered: Self.none,
                facts: book)
        }
        #expect(error.code == .missingRate)
        #expect(error.description.contains("no rate from USD to CNY for 2025-01"), "\(error)")
    }

    @Test func `what is kept by month answers whole months only`() throws {
        let book = try Facts.book(Facts.records(.tenders, "a,2025-01,1,5,CNY,s"))
        let scope = Facts.scope(.tenderCount)
        let error = try #require(throws: UnanswerableScope.self) {
            try ShareTable(
                scope: scope, period: Period("2025-01-01/2025-01-31"), filtered: Self.none, facts: book)
        }
        #expect(error.code == .needsWholeMonths && error.description.contains("cuts 2025-01"), "\(error)")
        let missing = try #require(throws: MissingFacts.self) {
            try ShareTable(scope: scope, period: Period("2025-02"), filtered: Self.none, facts: book)
        }
        #expect(missing.facts == [.tenderRecords])
    }

    @Test func `private deployments are added to the provider whose model it is`() throws {
        let book = try Facts.book(
            Facts.records(
                .privateDeployments, "aliyun,qwen3,2025-01,400,s", "aliyun,qwen3,2025-02,40,s",
                "volcengine,seed-oss,2025-02,4,s"),
            Facts.records(.models, "qwen3,alibaba,alibaba,qwen,open,,2025-01-01,,r"))
        let rows = [
            FilteredSumRow(
                provider: "aliyun", tenantKind: .externalCustomer, model: "qwen3", passesFilters: true,
                counts: SignedTokenCounts(requests: 1, input: 1_000)),
            FilteredSumRow(
                provider: "aliyun", tenantKind: .ownBusiness, model: "qwen3", passesFilters: true,
                counts: SignedTokenCounts(requests: 1, input: 9_000)),
        ]
        let filters = ScopeFilters(kinds: [.externalCustomer], layers: [.maas])
        let table = try ShareTable(
            scope: Facts.scope(.tokens, filters, additions: [.privateDeployments]), period: Period("2025-Q1"),
            filtered: rows, facts: book)
        #expect(table["aliyun"]?.numerator == 1_440 && table["volcengine"]?.numerator == 4)
        let family = try ShareTable(
            scope: Facts.scope(.tokens, filters, entity: .family, additions: [.privateDeployments]),
            period: Period("2025-Q1"), filtered: rows, facts: book)
        #expect(family["qwen"]?.numerator == 1_440 && family.total.unmapped == 4)
        #expect(throws: MissingFacts.self) {
            try ShareTable(
                scope: Facts.scope(.tokens, filters, additions: [.privateDeployments]), period: Period("2025-04"),
                filtered: rows, facts: book)
        }
    }

    @Test func `a share of a published total is an interval`() throws {
        let book = try Facts.book(
            Facts.records(
                .referenceTotals, "market,2025-H1,idc,1000,tokens,100,s,2025-10-18",
                "daily,2025-H1,,10,tokens-per-day,0,s,2025-10-18", "money,2025-H1,,1000,CNY,1,s,2025-10-18"))
        let rows = [
            FilteredSumRow(
                provider: "a", tenantKind: .externalCustomer, passesFilters: true, counts: SignedTokenCounts(input: 492)
            ),
            FilteredSumRow(
                provider: "a", tenantKind: .unclassified, passesFilters: true, counts: SignedTokenCounts(input: 8)),
        ]
        func table(_ name: String, _ period: String = "2025-H1") throws -> ShareTable {
            try ShareTable(
                scope: Facts.scope(
                    .tokens, ScopeFilters(kinds: [.externalCustomer]), denominator: .referenceTotal(name)),
                period: Period(period), filtered: rows, facts: book)
        }
        let shares = try table("market")
        #expect(shares.denominator == 1_000 && shares.percentages() == ["49.2"])
        #expect(shares.reference?.asOf == CalendarDate("2025-10-18"))
        let interval = try #require(shares.referenceInterval(of: shares.rows[0]))
        // 492 of 1050, and 492 of 950.
        #expect(interval.lowest.percent(decimals: 3) == "46.857" && interval.highest.percent(decimals: 3) == "51.789")
        // What is unclassified could only add to the numerator: the published total stays.
        let open = shares.interval(of: shares.rows[0])
        #expect(open.ifAll.percent(decimals: 1) == "50.0" && open.ifNone.percent(decimals: 1) == "49.2")
        #expect(shares.totalGrowth(since: nil).current == 492)
        #expect(try table("daily").denominator == 1_810)
        for (name, period) in [("money", "2025-H1"), ("market", "2025-Q1"), ("nobody", "2025-H1")] {
            let error = try #require(throws: MissingFacts.self) { try table(name, period) }
            #expect(error.facts == [.referenceTotals] && error.description.contains("exactly this period, in tokens"))
        }
    }
}
