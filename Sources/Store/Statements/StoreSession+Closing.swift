internal import Postgres
internal import Scopes
internal import UsageModel

extension StoreSession {
    /// Runs `body` while no import is under way: what is recorded by the moment that it reads stays what was recorded by
    /// then. The lock is the session's, because a transaction's snapshot would be older than its wait for a lock.
    func whileNothingIsRecorded<Value>(_ body: () throws -> Value) throws -> Value {
        try connection.query("SELECT pg_advisory_lock($1)", [.int(Self.registryLockKey)])
        let result = Result { try body() }
        do {
            try connection.query("SELECT pg_advisory_unlock($1)", [.int(Self.registryLockKey)])
        } catch {
            // The lock goes with the session.
            connection.discardAfterUse()
        }
        return try result.get()
    }

    /// See ``Store/proposeStatement(_:)``. Must run in a repeatable-read transaction, while nothing is recorded.
    func propose(_ proposal: StatementProposal, calendar: ZoneRules) throws -> Statement {
        let attempt = try nextAttempt(proposal.scope.id, proposal.month)
        let span = try StatementSpan(proposal.scope, proposal.month)
        let coverage = try coverage(of: span, rules: proposal.rules)
        let highWater = try highWater()
        let answers = try evaluated(proposal.scope, proposal.month, knownAt: [nil], calendar: calendar)
        let shortcomings = StatementReadiness(
            span: span, rules: proposal.rules, coverage: coverage, table: answers[0].tables[0]
        ).shortcomings(now: proposal.now)
        let blocking = shortcomings.filter(\.isBlocking)
        try Self.check(blocking, proposal)
        let content = StatementContent(
            table: try Self.frozen(answers[0].tables[0]), calendar: calendar.identifier,
            knownAt: answers[0].knownAt.exactText, position: answers[0].position, coverage: coverage.map(\.frozen),
            highWater: highWater, shortcomings: shortcomings,
            // Where nothing was short, there was nothing to override.
            overrideReason: blocking.isEmpty ? nil : proposal.overrideReason, proposedAt: proposal.now.exactText,
            proposedBy: proposal.person.holder, proposedToken: proposal.person.token)
        return try insert(content, attempt: attempt, knownAt: answers[0].knownAt, proposal)
    }

    /// See ``Store/approveStatement(_:by:rules:now:)``. Must run in a repeatable-read transaction, while nothing is
    /// recorded.
    func approve(
        _ id: Int64, by person: StatementPerson, rules: StatementRules, now: Timestamp, calendar: ZoneRules
    ) throws -> Statement {
        let statement = try undecided(id)
        guard !person.isSame(as: statement.header.proposedBy.holder) else {
            throw StatementRefusal(
                .samePerson,
                "\(person.holder) proposed statement \(id); somebody else has to approve it, through a token of their own."
            )
        }
        let table = statement.content.table
        let span = try StatementSpan(table.scope, table.period)
        let coverage = try coverage(of: span, rules: rules)
        let restated = try restated(statement, calendar: calendar)
        let short = StatementReadiness(span: span, rules: rules, coverage: coverage, table: table)
            .shortcomings(now: now)
            .filter { new in new.isBlocking && !statement.content.shortcomings.contains { $0.isSame(as: new) } }
        guard short.isEmpty else {
            throw StatementRefusal(
                .coverageShort,
                "Something is short that wasn't when statement \(id) was proposed; withdraw it and propose again.",
                shortcomings: short)
        }
        guard restated.restatement.isUnchanged else {
            throw StatementRefusal(
                .figuresChanged,
                "The figures are no longer those of statement \(id); withdraw it and propose again.",
                changes: restated.restatement)
        }
        return try decide(statement, .approved, by: person, reason: nil, now: now)
    }

    /// See ``Store/withdrawStatement(_:by:reason:now:)``. Must run in a repeatable-read transaction.
    func withdraw(_ id: Int64, by person: StatementPerson, reason: String?, now: Timestamp) throws -> Statement {
        try decide(try undecided(id), .withdrawn, by: person, reason: reason, now: now)
    }

    /// See ``Store/restated(_:)``. Must run in a snapshot transaction. Lifts the restriction again.
    func restated(_ statement: Statement, calendar: ZoneRules) throws -> RestatedStatement {
        let table = statement.content.table
        let answers = try evaluated(
            table.scope, table.period, knownAt: [statement.header.knownAt, nil], calendar: calendar)
        return RestatedStatement(
            statement: statement,
            restatement: Restatement(closed: table, later: answers[0].tables[0], now: answers[1].tables[0]),
            position: answers[1].position, knownAt: answers[1].knownAt)
    }

    /// See ``Store/closedMonth(_:scope:)``. Must run in a snapshot transaction.
    func closedMonth(_ month: Period, scope: String, calendar: ZoneRules) throws -> ClosedMonth? {
        func closed(_ month: Period) throws -> Statement? {
            try statements(scope: scope, month: month).first { $0.status == .approved }.map { try statement($0.id) }
        }
        guard let statement = try closed(month) else { return nil }
        let table = statement.content.table
        let before = month.previous
        func evaluatedBefore() throws -> ShareTable? {
            do {
                return try evaluated(table.scope, before, knownAt: [statement.header.knownAt], calendar: calendar)[0]
                    .tables[0]
            } catch let error where error is MissingFacts || error is UnanswerableScope {
                return nil
            }
        }
        let previous = try closed(before)?.content.table ?? evaluatedBefore()
        return ClosedMonth(statement: statement.header, table: table, previous: previous)
    }

    /// The scope over the month at each moment of knowledge (`nil` for now), as somebody who sees everything.
    private func evaluated(
        _ scope: Scope, _ month: Period, knownAt: [Timestamp?], calendar: ZoneRules
    ) throws -> [ScopeAnswers] {
        let question = ScopeQuestion(scope: scope, period: month)
        return try knownAt.map {
            let answers = try self.answers(to: [question], calendar: calendar, knownAt: $0, visibility: .everything)
            try liftRestriction()
            return answers
        }
    }

    private static func check(_ blocking: [StatementShortcoming], _ proposal: StatementProposal) throws {
        guard !blocking.isEmpty, proposal.overrideReason == nil else { return }
        throw StatementRefusal(
            .coverageShort,
            """
            \(proposal.month) can't be closed under \(proposal.scope.id) yet: \
            \(blocking.map(\.text).joined(separator: " ")) Wait, or say why it should be closed all the same.
            """, shortcomings: blocking)
    }

    private static func frozen(_ table: ShareTable) throws -> ShareTable {
        do throws(CanonicalFormError) {
            return try table.frozen()
        } catch {
            throw StoreError(.badQuery, error.description)
        }
    }
}

extension Timestamp {
    /// In UTC to the microsecond, as statements write times.
    var exactText: String { CivilTime.exactText(microseconds: microseconds) }
}
