import Postgres
import Reporting
import Scopes
import Store
import TestSupport
import Testing
import UsageModel

/// Scopes over usage and facts, from the database: that the sums are told apart as the evaluation needs them.
@Suite struct FactAnswersTests {
    private static func scope(
        _ measure: Scope.Measure = .tokens, _ filters: ScopeFilters = ScopeFilters(), entity: Scope.Entity = .provider,
        zone: String = "Asia/Shanghai", additions: Set<Scope.Addition> = []
    ) -> Scope {
        Scope(
            id: "house", version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test", measure: measure,
            currency: measure.unit == .money ? "CNY" : nil, filters: filters, additions: additions, entity: entity,
            aggregate: .sum, zone: zone, denominator: .everythingCounted, precision: 1)
    }

    /// Two tenants of acme, two models, two regions, over the whole of June.
    private static func fill(_ world: World) async throws {
        var batches: [UsageRows] = []
        for (index, region) in ["cn-1", "us-1"].enumerated() {
            var rows: [(minute: Int64, tenant: String, model: String, counts: TokenCounts)] = []
            for day in 1...30 {
                let noon = minute("2025-06-\(day < 10 ? "0" : "")\(day)", hour: 4)
                for tenant in ["t1", "t2"] {
                    for (place, model) in ["m1", "m2"].enumerated() {
                        let input = UInt64(1_000_000 * (index + 1) * (place + 1))
                        let counts = TokenCounts(requests: 1, input: input, cachedInput: 250_000, output: 500_000)
                        rows.append((minute: noon, tenant: tenant, model: model, counts: counts))
                    }
                }
            }
            batches.append(usageRows(rows, region: region))
        }
        try await world.load(batches)
        _ = try await world.importFacts(
            [tenantRecord("t1", .externalCustomer, "2025-01-01"), tenantRecord("t2", .ownBusiness, "2025-06-21")],
            by: "test",
            now: World.june)
    }

    @Test func `catalogues are read as of each day`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let june = try Period("2025-06")
            let scope = Self.scope(.tokens, ScopeFilters(markets: [.cnMainland]))
            let first = try await world.importRows(
                .regions, "acme,cn-1,cn-mainland,2025-01-01,2025-06-11,r", "acme,cn-1,overseas,2025-06-11,,r")
            let table = try await world.table(scope, june)
            // A day of cn-1: two tenants, (1 + 0.5) + (2 + 0.5) million; of us-1 (2 + 0.5) + (4 + 0.5).
            let acme = try #require(table["acme"])
            #expect(acme.numerator == 80_000_000)
            #expect(acme.outsideFilters == 160_000_000)
            #expect(acme.unmapped == 420_000_000)
            // Before the catalogue was recorded there was none.
            let before = Timestamp(microseconds: first.recordedAt.microseconds - 1)
            await #expect(throws: MissingFacts.self) { _ = try await world.table(scope, june, knownAt: before) }
            try await world.importRows(
                .models, "m1,acme,acme-group,alpha,,,2025-01-01,,r", "m2,other,other-group,beta,,,2025-06-21,,r")
            let family = try await world.table(Self.scope(entity: .family), june)
            #expect(family["alpha"]?.numerator == 30 * 8_000_000 && family["beta"]?.numerator == 10 * 14_000_000)
            #expect(family.total.unmapped == 20 * 14_000_000)
            try await world.importRows(.providers, "acme,acme-group,2025-01-01,,r")
            let own = try await world.table(
                Self.scope(.tokens, ScopeFilters(origins: [.selfDeveloped]), entity: .model), june)
            #expect(own["m1"]?.numerator == 30 * 8_000_000 && own["m2"]?.numerator == 0)
            #expect(own["m2"]?.outsideFilters == 10 * 14_000_000 && own["m2"]?.unmapped == 20 * 14_000_000)
        }
    }

    @Test func `revenue is tokens at the price of their day until records come and history stays`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let june = try Period("2025-06")
            let scope = Self.scope(.revenue, ScopeFilters(kinds: [.externalCustomer]))
            let priced = try await world.importRows(
                .prices, "acme,m1,,input,,,CNY,1,1000000,,2025-01-01,2025-06-16,r",
                "acme,m1,,input,,,CNY,0.5,1000000,,2025-06-16,,r",
                "acme,m1,,cached-input,,,CNY,0.4,1000000,,2025-01-01,,r",
                "acme,m2,,output,,,USD,2,1000000,,2025-01-01,,r")
            let noRate = await #expect(throws: UnanswerableScope.self) { _ = try await world.table(scope, june) }
            #expect(noRate?.code == .missingRate)
            let rated = try await world.importRows(.rates, "2025-06,USD,CNY,7.5,s")
            let table = try await world.table(scope, june)
            // m1 a day: 3 million of input, of which half a million is cached; m2: a million of output at 15 yuan.
            let cached: Int128 = 30 * 20
            let input: Int128 = 15 * 250 + 15 * 125
            let output: Int128 = 30 * 1_500
            #expect(table.denominator == (cached + input + output) * 1_000_000_000_000_000_000)
            #expect(table.text(of: table.denominator) == "512.25")
            // m1's output and m2's input have no price.
            #expect(table["acme"]?.unpricedTokens == 210_000_000)
            #expect(table["acme"].map { table.text(of: $0.ownBusiness) } == "164.50")
            try await world.importRows(
                .revenue, "acme,2025-06,maas,1000,CNY,report", "acme,2025-06,iaas,1,CNY,report")
            let imported = try await world.table(scope, june)
            #expect(imported.text(of: imported.denominator) == "1001.00")
            #expect(imported["acme"]?.revenueFrom == [.imported] && imported["acme"]?.ownBusiness == 0)
            // As it was known before, for ever.
            #expect(try await world.table(scope, june, knownAt: rated.recordedAt) == table)
            await #expect(throws: UnanswerableScope.self) {
                _ = try await world.table(scope, june, knownAt: priced.recordedAt)
            }
        }
    }

    @Test func `allowances are tenants and months wherever the period is cut`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            try await world.importRows(.prices, "acme,m1,,input,,,CNY,1,1000000,20000000,2025-01-01,,r")
            let scope = Self.scope(.revenue, ScopeFilters(kinds: [.externalCustomer, .unclassified]))
            func text(_ period: String, zone: String = "Asia/Shanghai") async throws -> String {
                var scope = scope
                scope.zone = zone
                let table = try await world.table(scope, try Period(period))
                return table.text(of: table.denominator)
            }
            // A day 3 million, 90 in June, of which 20 are free: t1; t2 is own business from the 21st.
            #expect(try await text("2025-06") == "110.00")
            #expect(try await text("2025-06-01/2025-06-09") == "8.00")
            #expect(try await text("2025-06-09/2025-06-21") == "72.00")
            #expect(try await text("2025-06-21/2025-07-01") == "30.00")
            // The same from hour sums: usage at noon of Shanghai lies on the same day of UTC.
            #expect(try await text("2025-06-09/2025-06-21", zone: "UTC") == "72.00")
        }
    }

    @Test func `tenders need no usage`() async throws {
        try await World.with { world in
            try await world.importRows(.tenders, "baidu-cloud,2025-01,7,100,CNY,s", "aliyun,2025-06,2,900,CNY,s")
            let half = try Period("2025-H1")
            let number = try await world.table(Self.scope(.tenderCount), half)
            #expect(number.rows.map(\.entity) == ["baidu-cloud", "aliyun"] && number.denominator == 9)
            let amount = try await world.table(Self.scope(.tenderAmount), half)
            #expect(amount.percentages() == ["90.0", "10.0"])
        }
    }

    @Test func `a preview shows what would move and writes nothing`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let june = try Period("2025-06")
            let scope = Self.scope(.tokens, ScopeFilters(kinds: [.externalCustomer]))
            let before = try await world.table(scope, june)
            let entries = [tenantRecord("t2", .externalCustomer, "2025-06-01", reason: "contract found")]
            let preview = try await world.store.previewImport(
                of: entries, kind: .tenants, by: "test", now: World.june,
                question: ScopeQuestion(scope: scope, period: june))
            #expect(preview.change.recorded == 1 && preview.change.superseded == 1)
            let effect = try #require(preview.effect)
            #expect(effect.before == before && effect.after.denominator == 2 * before.denominator)
            #expect(try await world.table(scope, june) == before)
            #expect(try await world.facts().count == 2)
            // Carried out, it moves what the preview said.
            _ = try await world.importFacts(entries, by: "test", now: World.june)
            #expect(try await world.table(scope, june) == effect.after)
            let facts = try await world.store.previewImport(
                of: factRecords(.regions, ["acme,cn-1,cn-mainland,2025-01-01,,r"]), kind: .regions, by: "test",
                now: World.june,
                question: ScopeQuestion(scope: Self.scope(.tokens, ScopeFilters(markets: [.cnMainland])), period: june))
            #expect(facts.effect?.before == nil && facts.effect?.after.denominator == 30 * 8_000_000)
            #expect(try await world.facts(.regions).isEmpty)
        }
    }
}
