import Postgres
import Reporting
import Scopes
import Store
import TestSupport
import Testing
import UsageModel

/// Cubes against the bitemporal join over all rows, whatever comes in whatever order.
@Suite(.timeLimit(.minutes(10))) struct CubePropertyTests {
    private static let zones = ["Asia/Shanghai", "UTC", "America/New_York"]
    private static let tenants = (0..<6).map { "t\($0)" }

    /// A world to which things happen, and the moments at which the registry was changed.
    private struct History {
        let world: World
        var generator: SeededGenerator
        var sequences: [String: UInt64] = ["acme": 0, "other": 0]
        var now: Timestamp
        var moments: [Timestamp] = []
        var covered = 0
        var asked = 0

        init(_ world: World, _ generator: SeededGenerator) {
            self.world = world
            self.generator = generator
            now = Timestamp(seconds: date("2025-06-10").days * 86_400)
            moments = [now]
        }

        mutating func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: values.indices, using: &generator)]
        }

        mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

        /// A day from a month and a half before now to a few days after: late, live, and of a clock that is ahead.
        mutating func day() -> Int64 {
            now.seconds / 86_400 + Int64.random(in: -45...4, using: &generator)
        }

        mutating func rollUp() async throws {
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let provider = pick(["acme", "other"])
                var seen: Set<String> = []
                var list: [(minute: Int64, tenant: String, model: String, counts: TokenCounts)] = []
                for _ in 0..<Int.random(in: 1...25, using: &generator) {
                    let minute = day() * 1_440 + Int64.random(in: 0..<1_440, using: &generator)
                    let (tenant, model) = (pick(CubePropertyTests.tenants), pick(["m1", "m2"]))
                    guard seen.insert("\(minute) \(tenant) \(model)").inserted else { continue }
                    let input = UInt64.random(in: 0...1_000_000_000_000, using: &generator)
                    list.append(
                        (
                            minute: minute, tenant: tenant, model: model,
                            counts: TokenCounts(
                                requests: 1, input: input, cachedInput: input / 2, output: input / 3,
                                reasoningOutput: input / 7)
                        ))
                }
                let rows = usageRows(
                    list, region: pick(["cn-beijing", "us-1"]), layer: pick([Layer.maas, .paas]),
                    modality: pick([Modality.text, .image]))
                let key = CollectorKey(provider: provider, collector: "c")
                let outcome = try await world.store.commitBatch(
                    world.batch(rows, sequence: sequences[provider] ?? 0, key: key)
                ).outcome
                #expect(outcome == .counted)
                sequences[provider, default: 0] += 1
            }
            try await world.rollUpAll(RollupLimits(maxBatches: 2), lane: pick([.every, .light]))
        }

        /// Merges some of what waits, writes days, and makes ranges one.
        mutating func merge() async throws {
            var policy = SegmentPolicy()
            policy.maxQueuedBytes = Int.random(in: 0...40, using: &generator)
            policy.batches.maxBatches = Int.random(in: 1...3, using: &generator)
            policy.maxRanges = Int.random(in: 2...4, using: &generator)
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                _ = try await world.store.mergeSegmentsNext(policy, now: now, decode: world.payloads.decode)
            }
        }

        mutating func importRegistry() async throws {
            now = Timestamp(seconds: now.seconds + Int64.random(in: 1...90_000, using: &generator))
            var records: [FactRecord] = []
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let from = CalendarDate(days: day())
                let to = chance(50) ? CalendarDate(days: from.days + Int64.random(in: 1...20, using: &generator)) : nil
                // What holds no more is recorded as unclassified.
                let record = FactRecord(
                    provider: pick(["acme", "other"]), tenant: pick(CubePropertyTests.tenants),
                    is: pick(TenantKind.allCases), effectiveFrom: from, effectiveTo: to, reason: "a test")
                if records.allSatisfy({ $0.subject != record.subject }) { records.append(record) }
            }
            try await world.importFacts(records, by: "test", now: now)
            moments.append(now)
        }

        mutating func ask() async throws {
            var filters = ScopeFilters()
            if chance(30) { filters.layers = [.maas] }
            if chance(30) { filters.modalities = [.image] }
            if chance(30) { filters.models = [NamePattern("m1")] }
            if chance(30) { filters.regions = [NamePattern("cn-*")] }
            if chance(20) { filters.providers = [pick(["acme", "other"])] }
            var granularity = SumGranularity()
            granularity.byModel = chance(50)
            granularity.byRegion = chance(30)
            granularity.byLayer = chance(30)
            granularity.byWorkload = chance(20)
            granularity.byMonth = chance(50)
            granularity.byTenant = chance(5)
            let from = CalendarDate(days: date("2025-04-20").days + Int64.random(in: 0...60, using: &generator))
            let to = CalendarDate(days: from.days + Int64.random(in: 1...60, using: &generator))
            let period =
                chance(50)
                ? try Period(pick(["2025-04", "2025-05", "2025-06", "2025-07", "2025-Q2", "2025-H1", "2025"]))
                : try Period(from: from, to: to)
            if chance(30) {
                granularity.changes = [CalendarDate(days: from.days + Int64.random(in: 0...9, using: &generator))]
            }
            let moment = chance(40) ? moments[moments.count - 1] : pick(moments)
            let known = Timestamp(microseconds: moment.microseconds + pick([-1, 0, 0, 1]))
            let question = ScopeQuestion(
                scope: World.scope(filters, zone: pick(CubePropertyTests.zones)), period: period)
            let asked = granularity
            let comparison = try await world.store.snapshot {
                try CubeComparison(question, asked, known: known, from: $0)
            }
            #expect(
                comparison.cubes == comparison.truth,
                "\(question.period) in \(question.scope.zone), known at \(known.microseconds), \(asked)")
            self.asked += 1
            if comparison.isCovered, !comparison.truth.isEmpty { covered += 1 }
        }
    }

    @Test(arguments: 0..<4)
    func `rollups, merges, imports, late usage and questions in any order give what the join over all rows gives`(
        round: Int
    ) async throws {
        try await World.with { world in
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var history = History(world, SeededGenerator(seed: seed))
            let others = world.store(zones: Set(Self.zones))
            // In two rounds the third calendar comes later, to what was rolled up before.
            if round % 2 == 0 { try await world.fillCubes(others) }
            for provider in ["acme", "other"] {
                try await world.openEpoch(CollectorKey(provider: provider, collector: "c"))
            }
            for step in 0..<60 {
                if round % 2 == 1, step == 25 { _ = try await others.fillCubes() }
                if round % 2 == 1, step == 35 { try await world.fillCubes(others) }
                switch Int.random(in: 0..<12, using: &history.generator) {
                case 0..<3: try await history.rollUp()
                case 3..<5: try await history.importRegistry()
                case 5..<7: try await history.merge()
                default: try await history.ask()
                }
            }
            for _ in 0..<20 { try await history.ask() }
            #expect(history.covered * 4 > history.asked, "cubes answered \(history.covered) of \(history.asked)")
            let report = try await world.store.rebuild(
                date("2025-04-01")..<date("2025-09-01"), decode: world.payloads.decode)
            #expect(report.isEqual, "\(report.tables)")
            #expect(report.tables.map(\.name).suffix(2) == ["cube", "cube_change"])
        }
    }

    /// A rollup that reads the registry before an import and writes after it must count by the new kinds.
    @Test func `rollups and imports at the same time lose nothing between them`() async throws {
        try await World.with { world in
            let keys = (0..<2).map { CollectorKey(provider: ["acme", "other"][$0], collector: "c") }
            for key in keys { try await world.openEpoch(key) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, key) in keys.enumerated() {
                    group.addTask {
                        for sequence in 0..<20 as Range<UInt64> {
                            let rows = oneRow(
                                minute("2025-06-1\(sequence % 10)"), "t\(sequence % 3)", input: 1 << sequence)
                            _ = try await world.store.commitBatch(world.batch(rows, sequence: sequence, key: key))
                            try await world.rollUpAll(lane: index == 0 ? .light : .every)
                        }
                    }
                }
                group.addTask {
                    for index in 0..<20 {
                        try await world.importFacts(
                            [
                                tenantRecord(
                                    "t\(index % 3)", TenantKind.allCases[index % 6], "2025-06-1\(index % 9)",
                                    provider: ["acme", "other"][index % 2])
                            ], now: Timestamp(seconds: World.june.seconds + 86_400 * 10 + Int64(index)))
                        // A preview moves cells and gives them back.
                        _ = try await world.store.previewImport(
                            of: [tenantRecord("t0", .trial, "2025-06-01")], kind: .tenants, by: "x", now: World.june,
                            question: ScopeQuestion(scope: World.scope(), period: try Period("2025-06")))
                    }
                }
                try await group.waitForAll()
            }
            try await world.rollUpAll()
            for zone in ["Asia/Shanghai", "UTC"] {
                let comparison = try await world.compare("2025-06", zone: zone)
                #expect(comparison.isCovered && comparison.cubes == comparison.truth && !comparison.truth.isEmpty)
            }
            let report = try await world.store.rebuild(
                date("2025-06-01")..<date("2025-07-01"), decode: world.payloads.decode)
            #expect(report.isEqual, "\(report.tables)")
        }
    }
}
