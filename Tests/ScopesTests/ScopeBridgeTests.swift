import ScopesTestSupport
import TestSupport
import Testing
import UsageModel

@testable import Scopes

@Suite struct ScopeBridgeTests {
    static func figures(_ bridge: ScopeBridge, _ rows: [ScopeSumRow], entity: String?, period: String = "2025-06")
        throws
        -> BridgeFigures
    {
        let tables = try bridge.steps.map { try ShareTable(scope: $0.scope, period: Period(period), sums: rows) }
        return BridgeFigures(bridge, tables: tables, entity: entity)
    }

    @Test func `IDC to all traffic goes by way of own business`() throws {
        let bridge = try ScopeBridge(
            from: BuiltInScopeTests.scope("idc"), to: BuiltInScopeTests.scope("all-traffic"))
        #expect(bridge.steps.map(\.aspect) == [nil, .filter(.kinds), .filter(.layers), .aggregate])
        let figures = try Self.figures(bridge, ShareTableTests.market, entity: "baidu-cloud")
        #expect(figures.lines.map(\.amount) == [170, 170, 1_070, 1_070])
        #expect(figures.lines.map(\.published) == [170, 170, 1_070, 36])
        #expect(figures.lines.map { $0.change?.text { "\($0)" } } == [nil, "0", "+900", "0"])
        #expect(figures.whole == AmountChange(from: 170, to: 1_070))
        #expect(figures.lines[0].percent == "17.0")
        #expect(ScopeBridge.Aspect.filter(.kinds).value(in: bridge.from) == "external-customer")
        #expect(ScopeBridge.Aspect.filter(.kinds).value(in: bridge.to) == "all")
    }

    /// The way to another unit leaves no difference between tokens and yuan.
    @Test func `where the unit changes, there is no difference`() throws {
        let idc = try BuiltInScopeTests.scope("idc")
        let bridge = try ScopeBridge(from: idc, to: BuiltInScopeTests.scope("ai-public-cloud-services"))
        let aspects = bridge.steps.compactMap(\.aspect)
        #expect(aspects.suffix(2) == [.measure, .additions])
        var calls = idc
        calls.measure = .requests
        let counted = try Self.figures(try ScopeBridge(from: idc, to: calls), ShareTableTests.market, entity: nil)
        #expect(counted.lines.map(\.change) == [nil, nil] && counted.whole == nil)
        #expect(ScopeBridge.Aspect.measure.value(in: bridge.to) == "revenue CNY")
        // Tenders have no tenants: their measure is left before anything is filtered.
        let tenders = try ScopeBridge(from: BuiltInScopeTests.scope("tenders"), to: idc)
        #expect(tenders.steps[1].aspect == .measure)
    }

    @Test func `scopes of different entities are refused`() throws {
        let error = #expect(throws: DifferentEntities.self) {
            try ScopeBridge(from: BuiltInScopeTests.scope("idc"), to: BuiltInScopeTests.scope("openrouter"))
        }
        #expect(error?.description.contains("idc divides among providers and openrouter among models") == true)
    }

    /// The ends are what the scopes themselves say, each step changes one thing, and the changes add up.
    @Test func `bridges between random scopes add up`() throws {
        try withSeeds(150) { seed, random in
            let (from, to) = (Self.scope(&random, "a"), Self.scope(&random, "b"))
            let rows = (0..<60).map { _ in Self.row(&random) }
            let bridge = try ScopeBridge(from: from, to: to)
            let period = try Period("2025-06")
            let ends = try [from, to].map { scope in
                var scope = scope
                scope.top = nil
                return try ShareTable(scope: scope, period: period, sums: rows)
            }
            for entity in ["p0", "p1", nil] {
                let figures = try Self.figures(bridge, rows, entity: entity)
                for (line, end) in zip([figures.lines.first, figures.lines.last], ends) {
                    let amount = entity.map { end[$0]?.numerator ?? 0 } ?? end.denominator
                    #expect(line?.amount == amount, "seed \(seed)")
                    #expect(line?.published == end.published(amount), "seed \(seed)")
                    if let entity, from != to { #expect(line?.percent == end.percent(of: entity), "seed \(seed)") }
                }
                var sum = Int128(figures.lines[0].amount)
                for line in figures.lines.dropFirst() {
                    guard let change = line.change else {
                        #expect(line.step.aspect == .measure, "seed \(seed)")
                        sum = Int128(line.amount)
                        continue
                    }
                    sum += change.isFall ? -Int128(change.magnitude) : Int128(change.magnitude)
                    #expect(sum == Int128(line.amount), "seed \(seed)")
                }
                if let whole = figures.whole {
                    #expect(Int128(whole.to) == sum && whole.from == figures.lines[0].amount, "seed \(seed)")
                } else {
                    #expect(from.measure != to.measure, "seed \(seed)")
                }
            }
            // The order is that of the aspects, and each comes once.
            let places = bridge.steps.compactMap(\.aspect).map { ScopeBridge.Aspect.allCases.firstIndex(of: $0) ?? -1 }
            #expect(places == Array(Set(places)).sorted(), "seed \(seed)")
        }
    }

    private static func scope(_ random: inout SeededGenerator, _ id: String) -> Scope {
        func some<Word: CaseIterable & Hashable>(_ type: Word.Type) -> Set<Word>? {
            let chosen = Set(type.allCases.filter { _ in Bool.random(using: &random) })
            return chosen.isEmpty ? nil : chosen
        }
        let patterns = ["cn-*", "us-1", "*"].filter { _ in Bool.random(using: &random) }.map { NamePattern($0) }
        let models = ["m1", "m*"].filter { _ in Bool.random(using: &random) }.map { NamePattern($0) }
        return Scope(
            id: id, version: 1, title: LocalizedText(en: id, zh: id), citation: "a test",
            measure: Bool.random(using: &random) ? .tokens : .requests,
            filters: ScopeFilters(
                providers: Bool.random(using: &random) ? ["p0", "p2"] : nil, kinds: some(TenantKind.self),
                layers: some(Layer.self), workloads: some(Workload.self), modalities: some(Modality.self),
                regions: patterns.isEmpty ? nil : patterns, models: models.isEmpty ? nil : models),
            entity: .provider, top: Bool.random(using: &random) ? 1 : nil,
            aggregate: Bool.random(using: &random) ? .sum : .dailyAverage,
            zone: Bool.random(using: &random) ? "UTC" : "Asia/Shanghai", denominator: .everythingCounted,
            precision: Int.random(in: 0...3, using: &random))
    }

    private static func row(_ random: inout SeededGenerator) -> ScopeSumRow {
        func one<Word: CaseIterable>(_ type: Word.Type, _ fallback: Word) -> Word {
            type.allCases.randomElement(using: &random) ?? fallback
        }
        let tokens = Int128.random(in: 0...1_000_000, using: &random)
        return ScopeSumRow(
            provider: "p\(Int.random(in: 0...2, using: &random))", tenantKind: one(TenantKind.self, .trial),
            layer: one(Layer.self, .maas), workload: one(Workload.self, .online), modality: one(Modality.self, .text),
            region: ["cn-beijing", "us-1", "eu"].randomElement(using: &random) ?? "",
            model: ["m1", "m2", "x"].randomElement(using: &random) ?? "m1",
            counts: SignedTokenCounts(requests: tokens / 7, input: tokens, output: tokens / 3))
    }
}
