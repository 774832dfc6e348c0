import Postgres
import Reporting
import Scopes
import ScopesTestSupport
import Store
import TestSupport
import Testing
import UsageModel

/// Scopes' filters in SQL against the same filters in pure code.
@Suite struct ScopeSumsTests {
    private static func scope(
        _ filters: ScopeFilters, entity: Scope.Entity = .provider, zone: String = "Asia/Shanghai"
    ) -> Scope {
        Scope(
            id: "house", version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test",
            measure: .tokens, filters: filters, entity: entity, aggregate: .sum, zone: zone,
            denominator: .everythingCounted, precision: 1)
    }

    /// Usage of two providers in every layer, modality and some regions and models, over two days; half of it
    /// classified.
    private static func fill(_ world: World) async throws {
        for (offset, provider) in ["acme", "other"].enumerated() {
            var batches: [UsageRows] = []
            for (index, region) in ["cn-beijing", "cn-hangzhou", "us-1", "unknown"].enumerated() {
                for layer in Layer.allCases {
                    for modality in [Modality.text, .image] {
                        let input = UInt64(1 << (index * 2)) * UInt64(layer.rawValue) * UInt64(modality.rawValue)
                        let rows = ["t1", "t2"].flatMap { tenant in
                            ["qwen-max", "qwen-plus", "deepseek-r1"].enumerated().map { place, model in
                                (
                                    minute: minute("2025-06-1\(4 + index % 2)", hour: Int64(10 + place)),
                                    tenant: tenant,
                                    model: model,
                                    counts: TokenCounts(
                                        requests: 1, input: input * UInt64(place + 1 + offset), output: UInt64(place))
                                )
                            }
                        }
                        batches.append(usageRows(rows, region: region, layer: layer, modality: modality))
                    }
                }
            }
            try await world.load(batches, key: CollectorKey(provider: provider, collector: "c"))
        }
        _ = try await world.importFacts(
            [
                FactRecord(
                    provider: "acme", tenant: "t1", is: .externalCustomer, effectiveFrom: date("2025-06-01"),
                    reason: "contract"),
                FactRecord(
                    provider: "other", tenant: "t1", is: .ownBusiness, effectiveFrom: date("2025-06-15"),
                    reason: "its app"),
            ], by: "test", now: World.june)
    }

    private static let filters: [ScopeFilters] = [
        ScopeFilters(), ScopeFilters(kinds: [.externalCustomer], layers: [.maas]),
        ScopeFilters(layers: [.iaas, .paas], modalities: [.image]), ScopeFilters(workloads: [.batch]),
        ScopeFilters(regions: [NamePattern("cn-*")]),
        ScopeFilters(regions: [NamePattern("cn-*"), NamePattern("us-1")]),
        ScopeFilters(regions: [NamePattern("cn_*")]), ScopeFilters(regions: [NamePattern("%")]),
        ScopeFilters(providers: ["acme"]), ScopeFilters(providers: ["nobody"]),
        ScopeFilters(models: [NamePattern("qwen-*")]),
        ScopeFilters(kinds: [.ownBusiness, .unclassified], models: [NamePattern("deepseek-r1"), NamePattern("x")]),
    ]

    @Test func `what SQL filters is what pure code filters`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let june = try Period("2025-06")
            let all = try await world.scopeSums(june.from..<june.to, byModel: true, visibility: .everything)
            #expect(all.rows.count > 100)
            var denominators: Set<Int128> = []
            for filters in Self.filters {
                for entity in [Scope.Entity.provider, .model] {
                    let scope = Self.scope(filters, entity: entity)
                    let table = try await world.table(scope, june, knownAt: all.knownAt)
                    #expect(table == (try ShareTable(scope: scope, period: june, sums: all.rows)), "\(filters)")
                    denominators.insert(table.denominator)
                }
            }
            // The filters do cut: not all of them count the same.
            #expect(denominators.count >= 8, "\(denominators)")
        }
    }

    @Test func `several periods come at one position`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let scope = Self.scope(ScopeFilters())
            let days = try ["2025-06-14/2025-06-15", "2025-06-15/2025-06-16", "2025-06"].map { try Period($0) }
            let answers = try await world.reports.answers(
                to: days.map { ScopeQuestion(scope: scope, period: $0) }, visibility: .everything)
            let totals = answers.tables.map(\.denominator)
            #expect(totals[0] > 0 && totals[1] > 0 && totals[0] + totals[1] == totals[2])
            #expect(answers.position > 0)
        }
    }

    /// UTC's 15th of June has eight hours of Shanghai's 16th, and the kind is that of the hour's day in the calendar.
    @Test func `a scope in another zone is answered from hours`() async throws {
        try await World.with { world in
            try await world.load([
                oneRow(minute("2025-06-14", hour: 23, minute: 59), input: 1, output: 0),
                oneRow(minute("2025-06-15", hour: 0), input: 2, output: 0),
                oneRow(minute("2025-06-15", hour: 15, minute: 59), input: 4, output: 0),
                oneRow(minute("2025-06-15", hour: 16), input: 8, output: 0),
                oneRow(minute("2025-06-16", hour: 0), input: 16, output: 0),
            ])
            _ = try await world.importFacts(
                [
                    FactRecord(
                        provider: "acme", tenant: "t1", is: .externalCustomer, effectiveFrom: date("2025-06-16"),
                        reason: "contract")
                ], by: "test", now: World.june)
            let day = try Period("2025-06-15/2025-06-16")
            func table(_ zone: String) async throws -> ShareTable {
                try await world.table(Self.scope(ScopeFilters(), zone: zone), day)
            }
            let utc = try await table("UTC")
            #expect(utc.denominator == 14)
            #expect(utc.total.external == 8 && utc.total.unclassified == 6)
            #expect(try await table("Asia/Shanghai").denominator == 7)
            // Kolkata's days begin between hours, and hours are the finest sums by tenant and model.
            let error = await #expect(throws: QuestionError.self) { _ = try await table("Asia/Kolkata") }
            #expect(error?.code == .notKept)
        }
    }

    @Test func `a bound caller sees one provider and missing facts are named`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let june = try Period("2025-06")
            let own = try await world.table(Self.scope(ScopeFilters()), june, visibility: .provider("other"))
            #expect(own.rows.map(\.entity) == ["other"])
            let missing = await #expect(throws: MissingFacts.self) {
                _ = try await world.table(Self.scope(ScopeFilters(markets: [.cnMainland])), june)
            }
            #expect(missing?.facts == [.regionCatalogue])
        }
    }
}
