import Postgres
import Reporting
import Scopes
import Store
import Testing
import UsageModel

/// Budgets of new names: what is beyond them counts exactly, without its name.
@Suite(.serialized) struct NewNamesTests {
    private static func rows(_ tenants: [String], input: UInt64 = 1, region: String = "cn-beijing") -> UsageRows {
        usageRows(
            tenants.map { tenant in
                (
                    minute: minute("2025-06-15"), tenant: tenant, model: "m",
                    counts: TokenCounts(requests: 1, input: input, cachedInput: 0, output: 0, reasoningOutput: 0)
                )
            }, region: region)
    }

    private static func limits(tenants: Int = 1_000, regions: Int = 1_000, percent: Int = 100) -> RollupLimits {
        var limits = RollupLimits()
        limits.newNames = NewNameLimits(tenants: tenants, models: 1_000, regions: regions, collectorPercent: percent)
        return limits
    }

    private static func inputs(by dimension: UsageDimension, in world: World) async throws -> [String: Int128] {
        let answer = try await world.store.snapshot {
            try $0.usage(
                UsageQuery(
                    from: date("2025-06-15").days * 86_400, to: date("2025-06-16").days * 86_400, zone: .utc,
                    groupBy: [dimension], visibility: .everything))
        }
        return Dictionary(uniqueKeysWithValues: answer.rows.map { ($0.keys[0], $0.counts.input) })
    }

    @Test func `names beyond the budget of a day count under (over-limit), and known names go on`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let limits = Self.limits(tenants: 3)
            _ = try await world.store.commitBatch(world.batch(Self.rows(["a", "b"]), sequence: 0))
            try await world.rollUpAll(limits)
            _ = try await world.store.commitBatch(world.batch(Self.rows(["a", "c", "d", "e"]), sequence: 1))
            try await world.rollUpAll(limits)
            #expect(try await Self.inputs(by: .tenant, in: world) == ["a": 2, "b": 1, "c": 1, "(over-limit)": 2])
            let uses = try await world.store.session {
                try $0.newNames(on: CalendarDate(days: World.june.seconds / 86_400))
            }
            let whole = uses.filter { $0.collector == nil && $0.dimension == .tenant }
            #expect(whole.map(\.admitted) == [3])
            #expect(whole.map(\.overLimit) == [2])
            #expect(whole.allSatisfy { $0.isNear(limits.newNames) })
        }
    }

    @Test func `one collector can use its part of the provider's budget only`() async throws {
        try await World.with { world in
            let other = CollectorKey(provider: "acme", collector: "edge-2")
            try await world.openEpoch()
            try await world.openEpoch(other)
            let limits = Self.limits(tenants: 20, percent: 10)
            _ = try await world.store.commitBatch(world.batch(Self.rows(["a", "b", "c"]), sequence: 0))
            try await world.rollUpAll(limits)
            _ = try await world.store.commitBatch(world.batch(Self.rows(["c", "d"]), sequence: 0, key: other))
            try await world.rollUpAll(limits)
            #expect(
                try await Self.inputs(by: .tenant, in: world)
                    == ["a": 1, "b": 1, "(over-limit)": 1, "c": 1, "d": 1])
        }
    }

    @Test func `a day later the budget is whole again`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let limits = Self.limits(tenants: 1)
            _ = try await world.store.commitBatch(world.batch(Self.rows(["a"]), sequence: 0))
            let tomorrow = Timestamp(seconds: World.june.seconds + 86_400)
            _ = try await world.store.commitBatch(world.batch(Self.rows(["b"]), sequence: 1, at: tomorrow))
            try await world.rollUpAll(limits)
            #expect(try await Self.inputs(by: .tenant, in: world) == ["a": 1, "b": 1])
        }
    }

    @Test func `a provider's flood of regions leaves the names of others alone`() async throws {
        try await World.with { world in
            let other = CollectorKey(provider: "globex", collector: "edge-1")
            try await world.openEpoch()
            try await world.openEpoch(other)
            let limits = Self.limits(regions: 2)
            for index in UInt64(0)..<5 {
                _ = try await world.store.commitBatch(
                    world.batch(Self.rows(["a"], region: "request-\(index)"), sequence: index))
            }
            _ = try await world.store.commitBatch(
                world.batch(Self.rows(["z"], region: "eu-west"), sequence: 0, key: other))
            try await world.rollUpAll(limits)
            #expect(
                try await Self.inputs(by: .region, in: world)
                    == ["request-0": 1, "request-1": 1, "(over-limit)": 3, "eu-west": 1])
        }
    }

    @Test func `a rebuild proves usage without names, and gives it its names when it is told to`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let limits = Self.limits(tenants: 1)
            _ = try await world.store.commitBatch(world.batch(Self.rows(["a", "b", "c"]), sequence: 0))
            try await world.rollUpAll(limits)
            let days = date("2025-06-01")..<date("2025-07-01")
            let proof = try await world.store.rebuild(days, decode: world.payloads.decode)
            #expect(proof.isEqual)
            let named = try await world.store.rebuild(
                days, replacement: Replacement(by: World.someone, now: World.june), admitNames: true,
                decode: world.payloads.decode)
            #expect(named.hasReplaced)
            #expect(try await Self.inputs(by: .tenant, in: world) == ["a": 1, "b": 1, "c": 1])
        }
    }

    @Test func `usage over limit stands beside every sum, whatever it is grouped by`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let limits = Self.limits(tenants: 1, regions: 1)
            _ = try await world.store.commitBatch(world.batch(Self.rows(["a", "b"], input: 5), sequence: 0))
            _ = try await world.store.commitBatch(
                world.batch(Self.rows(["a", "c"], input: 7, region: "eu-west"), sequence: 1))
            try await world.rollUpAll(limits)
            func overLimit(
                _ by: [UsageDimension], bucket: UsageBucket = .none, from: String = "2025-06-15"
            ) async throws -> [String: Int128] {
                let answer = try await world.store.snapshot {
                    try $0.usage(
                        UsageQuery(
                            from: date(from).days * 86_400, to: date("2025-06-16").days * 86_400, zone: .utc,
                            bucket: bucket, groupBy: by, visibility: .everything))
                }
                return Dictionary(answer.rows.map { ($0.keys.joined(), $0.overLimitTokens) }, uniquingKeysWith: +)
            }
            // b and c have no name, nor has eu-west: 5 + 14, counted once where both are so.
            #expect(try await overLimit([]) == ["": 19])
            #expect(try await overLimit([.tenant]) == ["a": 7, "(over-limit)": 12])
            #expect(try await overLimit([.region]) == ["cn-beijing": 5, "(over-limit)": 14])
            // Minutes know it of tenants.
            #expect(try await overLimit([.provider], bucket: .minute) == ["acme": 12])
            #expect(try await overLimit([.tenant], bucket: .minute) == ["a": 0, "(over-limit)": 12])
            let peaks = try await world.store.snapshot {
                try $0.peaks(
                    PeakQuery(
                        from: date("2025-06-15").days * 86_400, to: date("2025-06-16").days * 86_400,
                        subject: .provider, count: 5, visibility: .everything))
            }
            #expect(peaks.rows.map(\.counts.input) == [24] && peaks.rows.map(\.overLimitTokens) == [12])
        }
    }

    @Test func `a filter on names can't judge usage over limit, and says how much there is`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let limits = Self.limits(tenants: 100, regions: 1)
            _ = try await world.store.commitBatch(world.batch(Self.rows(["a"], input: 5), sequence: 0))
            _ = try await world.store.commitBatch(
                world.batch(Self.rows(["a"], input: 7, region: "eu-west"), sequence: 1))
            try await world.rollUpAll(limits)
            func total(_ filters: ScopeFilters) async throws -> ShareTable.Row {
                let scope = Scope(
                    id: "house", version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test",
                    measure: .tokens, filters: filters, entity: .provider, aggregate: .sum, zone: "Asia/Shanghai",
                    denominator: .everythingCounted, precision: 1)
                return try await world.table(scope, Period("2025-06"), knownAt: World.june).total
            }
            let all = try await total(ScopeFilters())
            #expect((all.numerator, all.unmapped, all.overLimit) == (12, 0, 7))
            for region in ["cn-*", "eu-west"] {
                let some = try await total(ScopeFilters(regions: [NamePattern(region)]))
                #expect((some.unmapped, some.overLimit, some.everything) == (7, 7, 12), "\(region)")
                #expect(some.numerator == (region == "cn-*" ? 5 : 0))
            }
            let other = try await total(ScopeFilters(layers: [.iaas], regions: [NamePattern("cn-*")]))
            #expect((other.outsideFilters, other.unmapped, other.overLimit) == (12, 0, 7))
        }
    }

    @Test func `ids that are used up leave names to (over-limit) instead of stopping a rollup`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            try await world.store.pool.withConnection {
                try $0.execute("ALTER TABLE region ALTER COLUMN region_id SET MAXVALUE 2")
            }
            for (index, region) in ["r0", "r1", "r2", "r3"].enumerated() {
                _ = try await world.store.commitBatch(
                    world.batch(Self.rows(["a"], region: region), sequence: UInt64(index)))
                try await world.rollUpAll(Self.limits())
            }
            let found = try await Self.inputs(by: .region, in: world)
            #expect(found.values.reduce(0, +) == 4)
        }
    }
}
