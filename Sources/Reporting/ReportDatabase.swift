package import Scopes
package import UsageModel

/// What reports need of a database. `Store` is it; tests have one in memory.
package protocol ReportDatabase: Sendable {
    associatedtype Session: ClosingSession

    /// The zone that the days and months of sums are reckoned in.
    var calendar: ZoneRules { get }

    /// Runs `body` in one short read-only snapshot, on a connection that is given back before this returns.
    func snapshot<Value: Sendable>(_ body: @escaping @Sendable (Session) throws -> Value) async throws -> Value

    /// Runs `body` in one snapshot that may write, while nothing is being recorded: see ``Reports/propose(_:)``.
    ///
    /// - Throws: ``ConcurrentClosing`` where somebody else proposed or decided the same at the same time.
    func closing<Value: Sendable>(_ body: @escaping @Sendable (Session) throws -> Value) async throws -> Value
}

/// One moment of the database: everything that it tells belongs together.
package protocol ReportSnapshot {
    var calendar: ZoneRules { get }

    /// The ledger position that the sums count up to.
    func position() throws -> UInt64

    /// The moment at which all that the snapshot sees is known, and nothing that comes later ever will be.
    func knownMoment() throws -> Timestamp

    /// From when on sums of a bucket are kept; `nil` for ever.
    func keptFrom(_ bucket: UsageBucket) throws -> Timestamp?

    /// The facts of some kinds that were known at a moment and hold on some day of a range of the reporting calendar.
    func factBook(_ kinds: Set<FactKind>, over days: Range<CalendarDate>, known: Timestamp) throws -> FactBook

    /// Which questions cubes answer.
    func cubeCoverage(known: Timestamp) throws -> CubeCoverage

    /// What the plans of a reading count, and what they leave out, from cubes.
    func cubes(_ reading: CubeReading, known: Timestamp, visibility: Visibility) throws -> [CubeRow]

    /// What a plan's scope counts, and what it leaves out, from tenants' sums: where no cubes answer it.
    func sums(_ plan: SumPlan, known: Timestamp, visibility: Visibility) throws -> [FilteredSumRow]

    /// All statements by scope, month and proposal, those that were withdrawn included; `nil` for any scope or month.
    func statements(scope: String?, month: Period?) throws -> [StatementHeader]

    /// One statement, whose text is what was hashed when it was proposed.
    func statement(_ id: Int64) throws -> Statement
}

/// A snapshot in which months are closed.
package protocol ClosingSession: ReportSnapshot {
    /// What the collectors delivered of a month, of those that it is expected of or whose batches of it were
    /// quarantined; of every provider.
    ///
    /// - Parameter due: when the grace after the month ends.
    func deliveries(of span: StatementSpan, due: Timestamp) throws -> [CollectorDelivery]

    /// The high-water mark of every epoch of every collector.
    func highWater() throws -> [StatementHighWater]

    /// All tokens that name a holder or made others, those that ended included.
    func tokenHoldings(now: Timestamp) throws -> [TokenHolding]

    /// Writes a proposal down.
    func insert(_ content: StatementContent, attempt: Int, knownAt: Timestamp, proposal: StatementProposal) throws
        -> Statement

    /// Writes down what was decided about a proposal.
    func decide(
        _ statement: Statement, _ kind: StatementDecision.Kind, by person: StatementPerson, reason: String?,
        now: Timestamp
    ) throws -> Statement
}

/// The database's own constraints found that somebody else proposed or decided the same, and was first.
package struct ConcurrentClosing: Error {
    package init() {}
}
