import Testing
internal import TextFormats
import UsageModel

@testable import Scopes

@Suite struct PriceBookTests {
    private static func usage(
        _ tokens: SignedTokenCounts, model: String = "m", workload: Workload = .online, layer: Layer = .maas,
        tenant: Int64? = nil, segment: Int = 0, kind: TenantKind = .externalCustomer, provider: String = "p"
    ) -> FilteredSumRow {
        FilteredSumRow(
            provider: provider, tenantKind: kind, model: model, layer: layer, workload: workload, tenant: tenant,
            segment: segment, passesFilters: true, counts: tokens)
    }

    private static func segments(_ days: String..., before: Int = 0) throws -> [SumSegment] {
        try days.enumerated().map {
            let day = try #require(CalendarDate($0.element))
            return SumSegment(day: day, month: Period.month(of: day).from, isBefore: $0.offset < before)
        }
    }

    private static func table(
        _ rows: [FilteredSumRow], _ facts: [FactRecord]..., period: String = "2025-01", segments: [SumSegment]? = nil,
        filters: ScopeFilters = ScopeFilters(kinds: [.externalCustomer]), entity: Scope.Entity = .provider,
        aggregate: Scope.Aggregate = .sum, additions: Set<Scope.Addition> = []
    ) throws -> ShareTable {
        try ShareTable(
            scope: Facts.scope(
                .revenue, filters, entity: entity, currency: "CNY", additions: additions, aggregate: aggregate),
            period: Period(period), filtered: rows, segments: segments, facts: FactBook(facts.joined()))
    }

    private static func text(_ table: ShareTable, _ entity: String = "p") -> String? {
        table[entity].map { table.text(of: $0.numerator) }
    }

    @Test func `tokens are billed at the price in force`() throws {
        let prices = try Facts.records(
            .prices, "p,m,,input,,,CNY,0.0008,1000,,2025-01-01,2025-01-16,r",
            "p,m,,input,,,CNY,0.3,1000000,,2025-01-16,,r", "p,m,,output,,,CNY,2,1000000,,2025-01-01,,r",
            "p,m,batch,input,,,CNY,0.0004,1000,,2025-01-01,2025-01-16,r")
        let rows = [
            Self.usage(SignedTokenCounts(input: 1_000_000, output: 1_000_001)),
            Self.usage(SignedTokenCounts(input: 1_000_000), segment: 1),
            Self.usage(SignedTokenCounts(input: 1_000_000), workload: .batch),
            // The batch price has ended: the price of any workload holds.
            Self.usage(SignedTokenCounts(input: 1_000_000), workload: .batch, segment: 1),
        ]
        let table = try Self.table(rows, prices, segments: Self.segments("2025-01-01", "2025-01-16"))
        // 0.8 + 2.000002 + 0.3 + 0.4 + 0.3
        #expect(Self.text(table) == "3.800002")
        #expect(table.total.revenueFrom == [.priceBook] && table.total.unpricedTokens == 0)
    }

    @Test func `cached input and reasoning are billed as such where they have a price`() throws {
        let counts = SignedTokenCounts(
            input: 1_000_000, cachedInput: 400_000, output: 100_000, reasoningOutput: 30_000)
        let plain = try Facts.records(
            .prices, "p,m,,input,,,CNY,10,1000000,,2025-01-01,,r", "p,m,,output,,,CNY,100,1000000,,2025-01-01,,r")
        #expect(Self.text(try Self.table([Self.usage(counts)], plain)) == "20.00")
        let parts = try Facts.records(
            .prices, "p,m,,cached-input,,,CNY,1,1000000,,2025-01-01,,r",
            "p,m,,reasoning-output,,,CNY,200,1000000,,2025-01-01,,r")
        // 0.4 × 1 + 0.6 × 10, and 0.03 × 200 + 0.07 × 100.
        #expect(Self.text(try Self.table([Self.usage(counts)], plain + parts)) == "19.40")
    }

    @Test func `what has no price is told in tokens and earns nothing`() throws {
        let prices = try Facts.records(
            .prices, "p,m,,input,,,CNY,1,1000000,,2025-01-01,2025-01-16,r",
            "p,long,,input,,32000,CNY,1,1000000,,2025-01-01,,r", "p,long,,input,32000,,CNY,2,1000000,,2025-01-01,,r")
        let rows = [
            Self.usage(SignedTokenCounts(input: 1_000_000, output: 7)),
            Self.usage(SignedTokenCounts(input: 20), segment: 1),
            Self.usage(SignedTokenCounts(input: 100), model: "long"),
            Self.usage(SignedTokenCounts(input: 3_000), layer: .iaas),
            Self.usage(SignedTokenCounts(input: 50_000), kind: .ownBusiness, provider: "q"),
        ]
        let table = try Self.table(rows, prices, segments: Self.segments("2025-01-01", "2025-01-16"))
        #expect(Self.text(table) == "1.00")
        // A gap in the book, an output without a price, tiers by context that usage doesn't tell, and another layer.
        #expect(table["p"]?.unpricedTokens == 3_127 && table.total.unpricedTokens == 3_127)
        // Own business doesn't count, priced or not; who only has that still stands in the table.
        #expect(Self.text(table, "q") == "0.00" && table["q"]?.revenueFrom == [])
    }

    @Test func `imported revenue takes the place of the price book for its month and layer`() throws {
        let prices = try Facts.records(.prices, "p,m,,input,,,CNY,1,1000000,,2025-01-01,,r")
        let revenue = try Facts.records(
            .revenue, "p,2025-01,maas,50.25,CNY,s", "p,2025-01,iaas,1000,CNY,s", "p,2025-01,customisation,9,CNY,s",
            "r,2025-02,maas,3,USD,s", "p,2025-03,maas,77,CNY,s")
        let rates = try Facts.records(.rates, "2025-02,USD,CNY,7.12345678,s")
        let rows = [
            Self.usage(SignedTokenCounts(input: 5_000_000)),
            Self.usage(SignedTokenCounts(input: 2_000_000), segment: 1),
            Self.usage(SignedTokenCounts(input: 4_000_000), segment: 1, kind: .ownBusiness),
        ]
        let filters = ScopeFilters(kinds: [.externalCustomer], layers: [.maas])
        let segments = try Self.segments("2025-01-01", "2025-02-01")
        let table = try Self.table(
            rows, prices, revenue, rates, period: "2025-01-01/2025-03-01", segments: segments, filters: filters)
        #expect(Self.text(table) == "52.25" && Self.text(table, "r") == "21.37037034")
        #expect(table["p"]?.revenueFrom == [.imported, .priceBook] && table["r"]?.revenueFrom == [.imported])
        #expect(table["p"].map { table.text(of: $0.ownBusiness) } == "4.00")
        #expect(table["p"].map { table.text(of: $0.outsideFilters) } == "1009.00")
        let withMore = try Self.table(
            rows, prices, revenue, rates, period: "2025-01-01/2025-03-01", segments: segments, filters: filters,
            additions: [.customisation])
        #expect(Self.text(withMore) == "61.25")
        // By model, records don't tell: everything comes from prices.
        let models = try Self.table(
            rows, prices, revenue, rates, period: "2025-01-01/2025-03-01", segments: segments, filters: filters,
            entity: .model)
        #expect(Self.text(models, "m") == "7.00" && models.total.revenueFrom == [.priceBook])
    }

    @Test func `months without a record are named`() throws {
        let revenue = try Facts.records(
            .revenue, "p,2025-01,iaas,1,CNY,s", "p,2025-03,iaas,1,CNY,s", "p,2025-01,maas,1,CNY,s",
            "q,2025-01,paas,1,CNY,s",
            "q,2025-02,paas,1,CNY,s", "q,2025-03,paas,1,CNY,s", "a,2025-03,customisation,1,CNY,s")
        let table = try Self.table([], revenue, period: "2025-Q1")
        #expect(table.gaps == [ShareTable.RevenueGap(provider: "p", layer: "iaas", months: ["2025-02"])])
        let added = try Self.table([], revenue, period: "2025-Q1", additions: [.customisation])
        #expect(added.gaps.map(\.provider) == ["a", "p"] && added.gaps[0].months == ["2025-01", "2025-02"])
    }

    @Test func `without prices and records there is no figure`() throws {
        let rows = [Self.usage(SignedTokenCounts(input: 5))]
        let error = try #require(throws: MissingFacts.self) { try Self.table(rows) }
        #expect(error.facts == [.revenueRecords] && error.kinds == [.revenue, .prices])
        let later = try Facts.records(.prices, "p,m,,input,,,CNY,1,1000000,,2025-02-01,,r")
        #expect(throws: MissingFacts.self) { try Self.table(rows, later) }
        let revenue = try Facts.records(.revenue, "p,2025-01,maas,5,CNY,s")
        #expect(throws: MissingFacts.self) { try Self.table(rows, revenue, entity: .model) }
        #expect(throws: MissingFacts.self) { try Self.table(rows, revenue, additions: [.customisation]) }
        let cut = try #require(throws: UnanswerableScope.self) {
            try Self.table(rows, revenue, period: "2025-01-01/2025-01-02")
        }
        #expect(cut.code == .needsWholeMonths)
    }

    @Test func `a month's first tokens are free for each tenant`() throws {
        let prices = try Facts.records(.prices, "p,m,,input,,,CNY,1,1000000,1000000,2025-01-01,,r")
        let rows = [
            Self.usage(SignedTokenCounts(input: 1_600_000), tenant: 1),
            Self.usage(SignedTokenCounts(input: 900_000), tenant: 2),
            Self.usage(SignedTokenCounts(input: 300_000), tenant: 1, segment: 1),
            Self.usage(SignedTokenCounts(input: 300_000), tenant: 2, segment: 1),
        ]
        let whole = try Self.table(rows, prices, segments: Self.segments("2025-01-01", "2025-01-16"))
        #expect(Self.text(whole) == "1.10")
        // Seen from the 16th on, the allowance has been used before: the two parts add up.
        let late = try Self.table(
            rows, prices, period: "2025-01-16/2025-02-01",
            segments: Self.segments("2025-01-01", "2025-01-16", before: 1))
        #expect(Self.text(late) == "0.50")
        let early = try Self.table(Array(rows.prefix(2)), prices, period: "2025-01-01/2025-01-16")
        #expect(Self.text(early) == "0.60")
        // The next month it begins anew.
        let next = try Self.table(
            rows, prices, period: "2025-01-01/2025-03-01", segments: Self.segments("2025-01-01", "2025-02-01"))
        #expect(Self.text(next) == "0.60")
    }

    @Test func `published money is rounded half to even once`() throws {
        let prices = try Facts.records(.prices, "p,m,,input,,,CNY,0.000001,1000000,,2025-01-01,,r")
        // 10^-12 of a yuan a token: shown exactly, published to 6 decimals.
        let tiny = try Self.table([Self.usage(SignedTokenCounts(input: 1_500_000))], prices)
        #expect(Self.text(tiny) == "0.0000015")
        #expect(tiny.text(of: tiny.published(tiny.denominator)) == "0.000002")
        let even = try Self.table([Self.usage(SignedTokenCounts(input: 2_500_000))], prices)
        #expect(even.text(of: even.published(even.denominator)) == "0.000002")
        let daily = try Self.table(
            [Self.usage(SignedTokenCounts(input: 31_000_000))], prices, aggregate: .dailyAverage)
        #expect(daily.text(of: daily.published(daily.denominator)) == "0.000001")
        #expect(daily.exactlyPublished(daily.denominator).decimal(9) == "0.000001000")
    }

    @Test func `amounts that leave 128 bits are refused`() throws {
        let prices = try Facts.records(.prices, "p,m,,input,,,USD,999999999,1000,,2025-01-01,,r")
        let rates = try Facts.records(.rates, "2025-01,USD,CNY,999999999,s")
        let error = try #require(throws: UnanswerableScope.self) {
            try Self.table([Self.usage(SignedTokenCounts(input: 1 << 60))], prices, rates)
        }
        #expect(error.code == .tooLarge)
    }
}
