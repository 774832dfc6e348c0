import Postgres
import Scopes
import TestSupport
import UsageModel

@testable import Reporting
@testable import Store

/// Answers from cubes beside those that today's registry join gives over tenants' sums: the oracle.
struct CubeComparison {
    /// Whether cubes answered.
    var isCovered: Bool
    var cubes: [FilteredSumRow: SignedTokenCounts]
    var truth: [FilteredSumRow: SignedTokenCounts]

    init(
        _ question: ScopeQuestion, _ granularity: SumGranularity, known: Timestamp, from session: StoreSession
    ) throws {
        let plan = try SumPlan(question, granularity: granularity, calendar: session.calendar)
        truth = Self.sums(try session.sums(plan, known: known, visibility: .everything))
        let coverage = try session.cubeCoverage(known: known)
        guard let calendar = coverage.calendar(of: plan, reporting: session.calendar) else {
            isCovered = false
            cubes = truth
            return
        }
        isCovered = true
        let reading = CubeReading([plan], calendar: calendar)
        cubes = Self.sums(
            reading.rows(from: try session.cubes(reading, known: known, visibility: .everything))[0])
    }

    /// By everything but the counts.
    private static func sums(_ rows: [FilteredSumRow]) -> [FilteredSumRow: SignedTokenCounts] {
        rows.reduce(into: [:]) { sums, row in
            var key = row
            key.counts = SignedTokenCounts()
            sums[key, default: SignedTokenCounts()] += row.counts
        }
    }
}

extension World {
    /// The same database as a program sees it whose scopes read periods in these zones.
    func store(zones: Set<String>) -> Store {
        Store(
            pool: store.pool, questions: store.questionAccess, calendar: store.calendar, scopeZones: zones,
            decode: payloads.decode, logger: store.logger)
    }

    static func scope(_ filters: ScopeFilters = ScopeFilters(), zone: String = "Asia/Shanghai") -> Scope {
        Scope(
            id: "house", version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test",
            measure: .tokens, filters: filters, entity: .provider, aggregate: .sum, zone: zone,
            denominator: .everythingCounted, precision: 1)
    }

    func compare(
        _ period: String, zone: String = "Asia/Shanghai", known: Timestamp? = nil,
        _ granularity: SumGranularity = SumGranularity()
    ) async throws -> CubeComparison {
        let question = ScopeQuestion(scope: Self.scope(zone: zone), period: try Period(period))
        return try await store.snapshot { session in
            try CubeComparison(question, granularity, known: try known ?? session.knownMoment(), from: session)
        }
    }

    @discardableResult
    func fillCubes(_ store: Store? = nil) async throws -> Int {
        var steps = 0
        while try await !(store ?? self.store).fillCubes().isComplete { steps += 1 }
        return steps
    }

    func execute(_ sql: String) async throws {
        try await store.pool.withConnection { try $0.execute(sql) }
    }
}
