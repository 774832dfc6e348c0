import Reporting
import Scopes
import Synchronization
import UsageModel

/// A database in memory that notes what is asked of it.
final class MemoryDatabase: ReportDatabase {
    typealias Session = MemorySession

    /// What is stored. Values of one moment: a snapshot is a copy.
    struct Content: Sendable {
        var rows: [FilteredSumRow] = []
        var coverage = CubeCoverage()
        var cubes: [CubeRow] = []
        var position: UInt64 = 7
        var recordedAt = Timestamp(seconds: 1_751_000_000)
        var kept: [UsageBucket: Timestamp] = [:]
        var deliveries: [CollectorDelivery] = []
        var statements: [Statement] = []
        var tokens: [TokenHolding] = []
    }

    struct NotFound: Error {}

    let calendar: ZoneRules
    let content: Mutex<Content>
    /// The types that snapshots and closings returned, and the questions that were read in them, in order.
    let log = Mutex<[String]>([])

    init(_ content: Content = Content(), calendar: ZoneRules = .utc) {
        self.content = Mutex(content)
        self.calendar = calendar
    }

    func note(_ text: String) { log.withLock { $0.append(text) } }

    func snapshot<Value: Sendable>(_ body: @escaping @Sendable (MemorySession) throws -> Value) async throws -> Value {
        let value = try body(MemorySession(database: self))
        note("gave back \(Value.self)")
        return value
    }

    func closing<Value: Sendable>(_ body: @escaping @Sendable (MemorySession) throws -> Value) async throws -> Value {
        try body(MemorySession(database: self))
    }
}

struct MemorySession: ClosingSession {
    let database: MemoryDatabase

    var calendar: ZoneRules { database.calendar }

    func position() throws -> UInt64 { database.content.withLock { $0.position } }
    func knownMoment() throws -> Timestamp { database.content.withLock { $0.recordedAt } }
    func keptFrom(_ bucket: UsageBucket) throws -> Timestamp? { database.content.withLock { $0.kept[bucket] } }

    func factBook(_ kinds: Set<FactKind>, over days: Range<CalendarDate>, known: Timestamp) throws -> FactBook {
        FactBook()
    }

    func cubeCoverage(known: Timestamp) throws -> CubeCoverage { database.content.withLock { $0.coverage } }

    func cubes(_ reading: CubeReading, known: Timestamp, visibility: Visibility) throws -> [CubeRow] {
        database.note("cubes of \(visibility.setting) by \(reading.conditions.count) conditions")
        return database.content.withLock { $0.cubes }
    }

    func sums(_ plan: SumPlan, known: Timestamp, visibility: Visibility) throws -> [FilteredSumRow] {
        database.note("sums under \(plan.scope.id) of \(visibility.setting)")
        return database.content.withLock { $0.rows }
    }

    func statements(scope: String?, month: Period?) throws -> [StatementHeader] {
        database.content.withLock { $0.statements }.map(\.header)
            .filter { (scope == nil || $0.scopeID == scope) && (month == nil || $0.month == month) }
    }

    func statement(_ id: Int64) throws -> Statement {
        guard let found = database.content.withLock({ $0.statements.first { $0.header.id == id } }) else {
            throw MemoryDatabase.NotFound()
        }
        return found
    }

    func deliveries(of span: StatementSpan, due: Timestamp) throws -> [CollectorDelivery] {
        database.content.withLock { $0.deliveries }
    }

    func highWater() throws -> [StatementHighWater] { [] }

    func tokenHoldings(now: Timestamp) throws -> [TokenHolding] { database.content.withLock { $0.tokens } }

    func insert(
        _ content: StatementContent, attempt: Int, knownAt: Timestamp, proposal: StatementProposal
    ) throws -> Statement {
        database.content.withLock { stored in
            let scope = content.table.scope
            let header = StatementHeader(
                id: Int64(stored.statements.count + 1), scopeID: scope.id, scopeVersion: scope.version,
                scopeDigest: scope.digest, month: content.table.period,
                digest: StatementContent.digest(of: content.text), position: content.position, knownAt: knownAt,
                overrideReason: content.overrideReason, proposedAt: proposal.now, proposedBy: proposal.person,
                decision: nil)
            let statement = Statement(header: header, content: content, text: content.text)
            stored.statements.append(statement)
            return statement
        }
    }

    func decide(
        _ statement: Statement, _ kind: StatementDecision.Kind, by person: StatementPerson, reason: String?,
        now: Timestamp
    ) throws -> Statement {
        var decided = statement
        decided.header.decision = StatementDecision(kind: kind, person: person, reason: reason, at: now)
        database.content.withLock { content in
            content.statements = content.statements.map { $0.header.id == statement.header.id ? decided : $0 }
        }
        return decided
    }
}
