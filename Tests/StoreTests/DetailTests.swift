import BatchFormat
import Postgres
import Reporting
import Scopes
import TestSupport
import Testing
import UsageModel

@testable import Store

/// Questions against a plain sum over everything that batches held, wherever it stands: in payloads that wait, in
/// segments, in ranges that were made one, in the days by tenant, in cubes.
@Suite(.timeLimit(.minutes(10))) struct DetailTests {
    private static let providers = ["acme", "globex"]
    private static let start = minute("2025-06-13")
    private static let minutes: Int64 = 4 * 1_440

    private struct Event {
        var provider: String
        var row: (minute: Int64, tenant: String, model: String, counts: TokenCounts)
        var region: String
        var layer: Layer
        var modality: Modality
    }

    /// A world to which things happen, and what was counted in it.
    private struct History {
        let world: World
        var generator: SeededGenerator
        var events: [Event] = []
        var sequences: [String: UInt64] = [:]
        var asked = 0
        var sources: Set<UsageBucket> = []

        mutating func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: values.indices, using: &generator)]
        }

        mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

        mutating func load() async throws {
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let provider = pick(DetailTests.providers)
                let (region, layer, modality) = (
                    pick(["cn-1", "us-1"]), pick([Layer.maas, .paas]), pick([Modality.text, .image])
                )
                let from = DetailTests.start + Int64.random(in: 0..<DetailTests.minutes, using: &generator)
                let span: Int64 = pick([5, 90, DetailTests.minutes])
                var seen: Set<String> = []
                var batch: [Event] = []
                for _ in 0..<Int.random(in: 1...30, using: &generator) {
                    let minute =
                        DetailTests.start
                        + (from - DetailTests.start + Int64.random(in: 0..<span, using: &generator))
                        % DetailTests.minutes
                    let (tenant, model) = (
                        "t\(Int.random(in: 0..<5, using: &generator))", "m\(Int.random(in: 0..<3, using: &generator))"
                    )
                    guard seen.insert("\(minute) \(tenant) \(model)").inserted else { continue }
                    let input = UInt64.random(in: 0...1_000_000_000_000, using: &generator)
                    let counts = TokenCounts(
                        requests: 1, input: input, cachedInput: input / 2, output: input / 3,
                        reasoningOutput: input / 7)
                    batch.append(
                        Event(
                            provider: provider, row: (minute, tenant, model, counts), region: region, layer: layer,
                            modality: modality))
                }
                let rows = usageRows(batch.map(\.row), region: region, layer: layer, modality: modality)
                let commit = world.batch(
                    rows, sequence: sequences[provider, default: 0],
                    key: CollectorKey(provider: provider, collector: "c"))
                let outcome = try await world.store.commitBatch(commit).outcome
                #expect(outcome == .counted)
                sequences[provider, default: 0] += 1
                events += batch
            }
            try await world.rollUpAll(RollupLimits(maxBatches: 2))
        }

        /// Merges some of what waits, or writes days, or makes ranges one.
        mutating func merge() async throws {
            var policy = SegmentPolicy()
            policy.maxQueuedBytes = Int.random(in: 0...30, using: &generator)
            policy.maxRanges = Int.random(in: 2...4, using: &generator)
            policy.batches.maxBatches = Int.random(in: 1...4, using: &generator)
            let now = Timestamp(seconds: World.june.seconds + Int64.random(in: -1...3, using: &generator) * 86_400)
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                _ = try await world.store.mergeSegmentsNext(policy, now: now, decode: world.payloads.decode)
            }
        }

        // MARK: Questions

        mutating func query() -> UsageQuery {
            let zone = pick(["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata"])
            let rules = ZoneRules(identifier: zone) ?? .utc
            let calendar = world.store.calendar
            func bound(_ history: inout History, _ minute: Int64) -> Int64 {
                switch history.pick([0, 1, 2, 2]) {
                case 0: minute * 60
                case 1: minute * 60 / 3_600 * 3_600
                default:
                    history.chance(50)
                        ? rules.startOfDay(rules.date(atSecond: minute * 60))
                        : calendar.startOfDay(calendar.date(atSecond: minute * 60))
                }
            }
            let first = DetailTests.start - 60 + Int64.random(in: 0..<DetailTests.minutes, using: &generator)
            let from = bound(&self, first)
            let to = max(
                from + 60, bound(&self, first + Int64.random(in: 1...DetailTests.minutes, using: &generator)))
            var filters = UsageFilters()
            if chance(20) { filters.providers = [pick(DetailTests.providers + ["nobody"])] }
            if chance(20) { filters.tenants = [pick(["t0", "t1", "nobody"]), "t2"] }
            if chance(20) { filters.models = [pick(["m0", "m1", "nothing"])] }
            if chance(10) { filters.regions = ["cn-1"] }
            if chance(10) { filters.layers = [.paas] }
            if chance(10) { filters.modalities = [.image] }
            if chance(15) { filters.kinds = [pick([.externalCustomer, .ownBusiness, .unclassified])] }
            var dimensions = UsageDimension.allCases.shuffled(using: &generator).filter { _ in chance(25) }
            let isByMonth = chance(20)
            // What the months by tenant answer.
            if isByMonth, chance(50) {
                dimensions = pick([[.tenant], [.tenant, .provider], []])
                filters = UsageFilters(providers: filters.providers, tenants: filters.tenants)
            }
            return UsageQuery(
                from: isByMonth ? calendar.startOfMonth(at: from) : from,
                to: isByMonth ? calendar.startOfNextMonth(at: to) : to,
                zone: isByMonth && chance(50) ? calendar : rules, bucket: pick(UsageBucket.allCases),
                groupBy: dimensions, filters: filters,
                visibility: chance(20) ? .provider(pick(DetailTests.providers)) : .everything)
        }

        /// Asks with cubes and without, in ways that the sums answer.
        mutating func ask() async throws {
            let query = query()
            let answers: [UsageAnswer]
            do {
                answers = try await world.withAndWithoutCubes { try $0.usage(query) }
            } catch let error as QuestionError {
                #expect(error.code == .notKept)
                return
            }
            asked += 1
            let expected = expected(query)
            for (answer, hasCubes) in zip(answers, [true, false]) {
                sources.insert(answer.source)
                #expect(Set(answer.rows.map(line)).count == answer.rows.count)
                #expect(
                    Set(answer.rows.map(line)) == expected,
                    "\(query), \(hasCubes ? "with" : "without") cubes, from \(answer.source)")
            }
            if query.bucket == .none { try await askForLargest(query, of: answers) }
        }

        private mutating func askForLargest(_ query: UsageQuery, of answers: [UsageAnswer]) async throws {
            var query = query
            let count = Int.random(in: 1...4, using: &generator)
            query.top = count
            let largest = try await world.withAndWithoutCubes { [query] in try $0.usage(query) }
            for (all, top) in zip(answers, largest) {
                let sorted = all.rows.enumerated().sorted {
                    ($1.element.counts.total, $0.offset) < ($0.element.counts.total, $1.offset)
                }
                #expect(top.rows.map(line) == sorted.prefix(count).map { line($0.element) }, "\(query)")
            }
        }

        private func line(_ row: UsageAnswer.Row) -> String {
            line(row.start, row.keys, row.counts)
        }

        private func line(_ start: Int64?, _ keys: [String], _ counts: SignedTokenCounts) -> String {
            "\(start ?? -1) \(keys) \(counts)"
        }

        private func expected(_ query: UsageQuery) -> Set<String> {
            struct Group: Hashable {
                var start: Int64?
                var keys: [String]
                /// Tenants of two providers are two, whatever their names.
                var provider: String?
            }
            var sums: [Group: SignedTokenCounts] = [:]
            for event in events where includes(event, query) {
                let second = event.row.minute * 60
                let zone = query.zone
                let start: Int64? =
                    switch query.bucket {
                    case .none: nil
                    case .minute: second
                    case .hour: second - DetailTests.secondsIntoHour(second, zone)
                    case .day: zone.startOfDay(zone.date(atSecond: second))
                    case .month: zone.startOfMonth(at: second)
                    }
                let group = Group(
                    start: start, keys: query.groupBy.map { name($0, of: event) },
                    provider: query.groupBy.contains(.tenant) ? event.provider : nil)
                sums[group, default: SignedTokenCounts()] += SignedTokenCounts(event.row.counts)
            }
            return Set(sums.map { line($0.key.start, $0.key.keys, $0.value) })
        }

        private func name(_ dimension: UsageDimension, of event: Event) -> String {
            switch dimension {
            case .provider: event.provider
            case .tenant: event.row.tenant
            case .model: event.row.model
            case .region: event.region
            case .layer: event.layer.name
            case .workload: Workload.online.name
            case .modality: event.modality.name
            case .kind: kind(of: event).name
            }
        }

        private func kind(of event: Event) -> TenantKind {
            let day = world.store.calendar.date(atSecond: event.row.minute * 60)
            return DetailTests.kinds.first {
                $0.provider == event.provider && $0.tenant == event.row.tenant && $0.from <= day
            }?.kind ?? .unclassified
        }

        private func includes(_ event: Event, _ query: UsageQuery) -> Bool {
            let filters = query.filters
            func allows(_ names: [String]?, _ dimension: UsageDimension) -> Bool {
                names?.contains(name(dimension, of: event)) ?? true
            }
            return (query.from..<query.to).contains(event.row.minute * 60)
                && (query.visibility == .everything || query.visibility == .provider(event.provider))
                && allows(filters.providers, .provider) && allows(filters.tenants, .tenant)
                && allows(filters.models, .model) && allows(filters.regions, .region)
                && allows(filters.layers?.map(\.name), .layer) && allows(filters.modalities?.map(\.name), .modality)
                && allows(filters.kinds?.map(\.name), .kind)
        }
    }

    /// How long the local hour has lasted, in seconds.
    private static func secondsIntoHour(_ second: Int64, _ zone: ZoneRules) -> Int64 {
        // Offsets are whole minutes of which only those beyond whole hours matter.
        let midnight = zone.startOfDay(zone.date(atSecond: second))
        return (second - midnight) % 3_600
    }

    private static let kinds: [(provider: String, tenant: String, kind: TenantKind, from: CalendarDate)] = [
        ("acme", "t0", .externalCustomer, date("2025-01-01")), ("acme", "t1", .ownBusiness, date("2025-06-15")),
        ("globex", "t0", .ownBusiness, date("2025-06-14")),
    ]

    @Test(arguments: ["Asia/Shanghai", "Asia/Shanghai", "Asia/Kolkata"])
    func `batches, merges, compactions, days and questions in any order give a plain sum over all rows`(
        calendar: String
    ) async throws {
        try await World.with(calendar: calendar) { world in
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var history = History(world: world, generator: SeededGenerator(seed: seed))
            for provider in Self.providers {
                try await world.openEpoch(CollectorKey(provider: provider, collector: "c"))
            }
            // Tenants are classified before anything is known of them.
            _ = try await world.importFacts(
                Self.kinds.map {
                    FactRecord(
                        provider: $0.provider, tenant: $0.tenant, is: $0.kind, effectiveFrom: $0.from, reason: "test")
                }, by: "test", now: World.june)
            for _ in 0..<90 {
                switch Int.random(in: 0..<6, using: &history.generator) {
                case 0: try await history.load()
                case 1: try await history.merge()
                default: try await history.ask()
                }
            }
            try await world.mergeAll()
            for _ in 0..<20 { try await history.ask() }
            #expect(history.asked > 15 && history.sources.isSuperset(of: [.minute, .hour, .day]))
            try await world.expectMonthsExact()
        }
    }

    // MARK: What can't be answered

    @Test func `an hour whose batches can't be decoded is not answered with less, and others are`() async throws {
        try await World.with { world in
            let (hour, next) = (minute("2025-06-15"), minute("2025-06-15", hour: 1))
            try await world.load([oneRow(hour), oneRow(next)])
            try await world.execute("DELETE FROM ledger_payload WHERE sequence = 0")
            func ask(_ from: Int64) async throws -> UsageAnswer {
                try await world.store.snapshot {
                    try $0.usage(
                        UsageQuery(from: from * 60, to: (from + 60) * 60, zone: .utc, visibility: .everything))
                }
            }
            let error = await #expect(throws: StoreError.self) { _ = try await ask(hour) }
            #expect(error?.code == .damagedSegment && error?.message.contains("ledger position 1") == true)
            #expect(try await ask(next).rows.map(\.counts.input) == [10])
        }
    }

    @Test func `days that are still taken over from a release without them are not answered with less`() async throws {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-10")), oneRow(minute("2025-06-20"))])
            try await world.execute(
                """
                INSERT INTO sums_floor (table_name, kept_from) VALUES ('tenant_day', '2025-06-15T00:00+08'),
                    ('segment', '2025-06-15T00:00Z')
                """)
            for (from, zone) in [("2025-06-01", "Asia/Shanghai"), ("2025-06-11", "UTC")] {
                let rules = ZoneRules(identifier: zone) ?? .utc
                let query = UsageQuery(
                    from: rules.startOfDay(date(from)), to: rules.startOfDay(date("2025-06-25")), zone: rules,
                    bucket: .day, visibility: .everything)
                let error = await #expect(throws: QuestionError.self) {
                    _ = try await world.store.snapshot { try $0.usage(query) }
                }
                #expect(error?.code == .notKept)
            }
            let error = await #expect(throws: StoreError.self) {
                _ = try await world.importFacts(
                    [tenantRecord("t1", .trial, "2025-01-01")], by: "test", now: World.june)
            }
            #expect(error?.code == .busy)
        }
    }

    @Test func `more sums than a question may keep are refused`() throws {
        var sums = DetailSums(budget: nil)
        let table = sums.table(of: DetailSums.Place(second: 0, provider: 1))
        for tenant in 0...Int64(DetailSums.maxRows) {
            sums[table].add(SegmentKey(tenant: tenant), SignedTokenCounts(requests: 1))
        }
        let error = #expect(throws: QuestionError.self) { try sums.check() }
        #expect(error?.code == .badQuery && error?.message.contains("\(DetailSums.maxRows)") == true)
    }
}

/// Ends a transaction that must not be committed, with what was seen in it.
private struct Undone<Value: Sendable>: Error {
    var value: Value
}

extension World {
    /// What a question is answered with cubes, and without any.
    fileprivate func withAndWithoutCubes<Value: Sendable>(
        _ ask: @escaping @Sendable (StoreSession) throws -> Value
    ) async throws -> [Value] {
        let with = try await store.questions(as: .everything).snapshot(ask)
        do {
            _ = try await store.transaction(TransactionOptions(isolation: .repeatableRead)) { session -> Value in
                try session.connection.execute("UPDATE rollup_state SET cube_position = -1")
                throw Undone(value: try ask(session))
            }
        } catch let undone as Undone<Value> {
            return [with, undone.value]
        }
        return [with]
    }
}
