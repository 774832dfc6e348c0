import Scopes
import Synchronization
import Testing
import UsageModel

@testable import Reporting

@Suite struct CubeReadingTests {
    private static let shanghai = ZoneRules(
        identifier: "Asia/Shanghai", initialOffsetSeconds: 28_800, transitions: [])

    private static func plan(
        _ period: String, zone: String = "UTC", layers: Set<Layer>? = nil, providers: Set<String>? = nil,
        _ granularity: SumGranularity = SumGranularity(), calendar: ZoneRules = .utc
    ) throws -> SumPlan {
        var scope = June.scope(zone: zone)
        scope.filters.layers = layers
        scope.filters.providers = providers
        return try SumPlan(
            ScopeQuestion(scope: scope, period: try Period(period)), granularity: granularity, calendar: calendar)
    }

    /// Stretches as text: `m` for months, `p` for pieces, `mm` and `pp` where models are told apart; with their days.
    private static func stretches(_ reading: CubeReading) -> [String] {
        reading.stretches.map { stretch in
            let words = [CubeLayout.pieces: "pp", ~CubeLayout.pieces: "p", 1: "mm", ~1: "m"]
            let days = [stretch.seconds.lowerBound, stretch.seconds.upperBound].map {
                CivilTime.clockText(second: $0).prefix(10)
            }
            return "\(words[stretch.calendar] ?? "?") \(days[0]) \(days[1])"
        }
    }

    @Test func `whole months are read as months and the rest in pieces`() throws {
        func read(_ period: String) throws -> [String] {
            Self.stretches(CubeReading([try Self.plan(period)], calendar: 1))
        }
        #expect(try read("2025-H1") == ["m 2025-01-01 2025-07-01"])
        #expect(try read("2025-06-03/2025-06-20") == ["p 2025-06-03 2025-06-20"])
        #expect(
            try read("2025-01-31/2025-04-02") == [
                "p 2025-01-31 2025-02-01", "m 2025-02-01 2025-04-01", "p 2025-04-01 2025-04-02",
            ])
    }

    @Test func `a change within a month cuts it into pieces`() throws {
        var granularity = SumGranularity()
        granularity.changes = [try #require(CalendarDate("2025-05-10"))]
        granularity.byMonth = true
        let reading = CubeReading([try Self.plan("2025-Q2", granularity)], calendar: 1)
        #expect(
            Self.stretches(reading) == [
                "m 2025-04-01 2025-05-01", "p 2025-05-01 2025-06-01", "m 2025-06-01 2025-07-01",
            ])
        #expect(
            reading.starts.map { CivilTime.clockText(second: $0).prefix(10) }
                == ["2025-04-01", "2025-05-01", "2025-05-10", "2025-06-01", "2025-07-01"])
    }

    private static func row(
        _ segment: Int, _ passes: Int64, _ input: Int128, model: String? = nil, provider: String = "acme"
    ) -> CubeRow {
        CubeRow(
            provider: provider, tenantKind: .trial, model: model, region: nil, layer: nil, workload: nil,
            segment: segment, passes: passes, counts: SignedTokenCounts(input: input))
    }

    @Test func `each plan takes its own segments, its own bit and what it tells apart`() throws {
        var byModel = SumGranularity()
        byModel.byModel = true
        let plans = [
            try Self.plan("2025-Q2"), try Self.plan("2025-05", layers: [.maas], byModel),
            try Self.plan("2025-04", layers: [.maas], providers: ["acme"]),
        ]
        let reading = CubeReading(plans, calendar: 1)
        #expect(reading.conditions.count == 2 && reading.granularity.byModel && !reading.granularity.byRegion)
        #expect(reading.providers == nil)
        #expect(Self.stretches(reading) == ["mm 2025-04-01 2025-07-01"])
        let rows = [
            Self.row(0, 0b11, 1, model: "a"), Self.row(0, 0b01, 2, model: "b"), Self.row(1, 0b11, 4, model: "a"),
            Self.row(1, 0b01, 8, model: "b"), Self.row(2, 0b11, 16, model: "a"),
            Self.row(0, 0b11, 32, model: "a", provider: "other"),
        ]
        let found = reading.rows(from: rows).map { rows in
            Set(rows.map { "\($0.provider) \($0.model ?? "-") \($0.segment) \($0.passesFilters) \($0.counts.input)" })
        }
        #expect(found[0] == ["acme - 0 true 31", "other - 0 true 32"])
        #expect(found[1] == ["acme a 0 true 4", "acme b 0 false 8"])
        #expect(found[2] == ["acme - 0 true 1", "acme - 0 false 2"])
    }

    @Test func `what is told apart by model nowhere is read from cells without models`() throws {
        var byModel = SumGranularity()
        byModel.byModel = true
        var filtered = June.scope()
        filtered.filters.models = [NamePattern("m*")]
        let plans =
            try [Self.plan("2025-06"), Self.plan("2025-06", byModel)] + [
                SumPlan(
                    ScopeQuestion(scope: filtered, period: June.month), granularity: SumGranularity(), calendar: .utc)
            ]
        let readings = CubeReading.readings(of: plans.map { ($0, 1) })
        #expect(readings.map(\.positions) == [[0], [1, 2]])
        #expect(
            readings.flatMap { Self.stretches($0.reading) } == ["m 2025-06-01 2025-07-01", "mm 2025-06-01 2025-07-01"])
    }

    @Test func `plans that ask too many different things are read in several readings`() throws {
        let plans = try (0...CubeReading.maxConditions).map { index in
            var plan = June.scope()
            plan.filters.models = [NamePattern("m\(index)")]
            return (
                plan: try SumPlan(
                    ScopeQuestion(scope: plan, period: June.month), granularity: SumGranularity(), calendar: .utc),
                calendar: Int16(1)
            )
        }
        let readings = CubeReading.readings(of: plans)
        #expect(readings.map(\.reading.conditions.count) == [CubeReading.maxConditions, 1])
        #expect(readings.flatMap(\.positions) == Array(plans.indices))
    }

    @Test func `cubes answer what they are complete for, and no other question`() throws {
        let coverage = CubeCoverage(
            calendars: [
                .init(id: 1, zone: "Asia/Shanghai", answersFrom: nil),
                .init(id: 2, zone: "UTC", answersFrom: Timestamp(seconds: try CubeLayoutTests.second("2025-05-01"))),
            ], firstLaterVersion: Timestamp(seconds: try CubeLayoutTests.second("2025-07-01")))
        func calendar(_ period: String, _ zone: String, byTenant: Bool = false) throws -> Int16? {
            var granularity = SumGranularity()
            granularity.byTenant = byTenant
            let plan = try Self.plan(period, zone: zone, granularity, calendar: Self.shanghai)
            return coverage.calendar(of: plan, reporting: Self.shanghai)
        }
        #expect(try calendar("2025-04", "Asia/Shanghai") == 1)
        #expect(try calendar("2025-05", "UTC") == 2)
        #expect(try calendar("2025-04", "UTC") == nil)
        #expect(try calendar("2025-05", "Europe/Berlin") == nil)
        #expect(try calendar("2025-05", "Asia/Shanghai", byTenant: true) == nil)
        // The version of the 1st of July, 8:00 in Shanghai, isn't known: it came after that day began.
        #expect(try calendar("2025-06-01/2025-07-02", "Asia/Shanghai") == 1)
        #expect(try calendar("2025-06-01/2025-07-03", "Asia/Shanghai") == nil)
    }

    @Test func `questions in one calendar are read at once, and the others by tenants' sums`() async throws {
        let content = MemoryDatabase.Content(
            rows: [June.row(100)], coverage: CubeCoverage(calendars: [.init(id: 1, zone: "UTC", answersFrom: nil)]),
            cubes: [Self.row(0, 0b1, 7)])
        let database = MemoryDatabase(content)
        let questions = ["UTC", "Asia/Shanghai", "UTC"].map {
            ScopeQuestion(scope: June.scope(kinds: nil, zone: $0), period: June.month)
        }
        let answers = try await Reports(database).answers(to: questions, visibility: .everything)
        #expect(answers.tables.map(\.denominator) == [7, 100, 7])
        let reads = database.log.withLock { $0.filter { !$0.hasPrefix("gave back") } }
        #expect(reads == ["cubes of * by 1 conditions", "sums under house of *"])
    }
}
