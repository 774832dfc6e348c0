package import Scopes
package import UsageModel

// Closing a month reads, decides and writes in one transaction, and evaluates the scope in the middle of it, with the
// connection in hand. It has to: what is frozen, and what an approval is held against, must be all that is recorded by
// the moment that the statement names. The lock that keeps imports out meanwhile belongs to the connection's session;
// given back for the evaluation, it would let one in between the reading and the writing.

extension Reports {
    /// Freezes a month under a scope, for somebody else to approve.
    ///
    /// Everything is read in one snapshot: figures, rollup position, what is committed and not rolled up, how far each
    /// epoch of a collector has come, and what is recorded. What was committed before is counted, or waits to be rolled
    /// up, which is a shortcoming; what is committed after is late usage. Nothing is being recorded meanwhile, so that
    /// the statement's moment of knowledge keeps its meaning.
    ///
    /// - Throws: ``StatementRefusal``; ``MissingFacts`` and ``QuestionError`` as ``answers(to:knownAt:visibility:)``
    ///   does.
    package func propose(_ proposal: StatementProposal) async throws -> Statement {
        let (scope, month) = (proposal.scope, proposal.month)
        do {
            return try await database.closing { session in
                try SeparationOfDuties(try session.tokenHoldings(now: proposal.now)).requireNoMinter(proposal.person)
                let attempt = try ClosingRules.attempt(
                    after: try session.statements(scope: scope.id, month: month), scope: scope, month: month)
                let span = try StatementSpan(scope, month: month)
                let delivery = try session.delivery(of: span, due: span.due(proposal.rules))
                let highWater = try session.highWater()
                let figures = try Self.evaluated(scope, month, knownAt: nil, in: session)
                let content = try ClosingRules.content(
                    of: proposal, figures: figures,
                    readiness: StatementReadiness(
                        span: span, rules: proposal.rules, delivery: delivery, table: figures.table),
                    highWater: highWater, calendar: session.calendar.identifier)
                return try session.insert(content, attempt: attempt, knownAt: figures.knownAt, proposal: proposal)
            }
        } catch is ConcurrentClosing {
            throw StatementRefusal(
                .exists,
                "Somebody else proposed \(month) under \(scope.id) at the same time; see the statements of it.")
        }
    }

    /// Closes the month: the statement holds from now on, and nothing changes it.
    ///
    /// - Throws: ``StatementRefusal``: `samePerson`, `decided`, `coverageShort` where something is short that wasn't
    ///   when it was proposed, `figuresChanged` where the figures aren't those that were proposed; the database's error
    ///   where there is no such statement.
    package func approve(
        _ id: Int64, by person: StatementPerson, rules: StatementRules, now: Timestamp
    ) async throws -> Statement {
        try await deciding(id) { session in
            let statement = try session.statement(id)
            try ClosingRules.requireUndecided(statement.header)
            try ClosingRules.requireAnotherPerson(person, for: statement.header)
            try SeparationOfDuties(try session.tokenHoldings(now: now))
                .requireIndependence(person, for: statement.header)
            let table = statement.content.table
            let span = try StatementSpan(table.scope, month: table.period)
            let delivery = try session.delivery(of: span, due: span.due(rules))
            let restated = try Self.readings(of: statement, in: session).restated()
            try ClosingRules.requireUnchanged(
                statement,
                readiness: StatementReadiness(span: span, rules: rules, delivery: delivery, table: table),
                restatement: restated.restatement, now: now)
            return try session.decide(statement, .approved, by: person, reason: nil, now: now)
        }
    }

    /// Takes a proposal back, so that the month can be proposed again.
    ///
    /// - Throws: ``StatementRefusal`` with `decided`; the database's error where there is no such statement.
    package func withdraw(
        _ id: Int64, by person: StatementPerson, reason: String?, now: Timestamp
    ) async throws -> Statement {
        try await deciding(id) { session in
            let statement = try session.statement(id)
            try ClosingRules.requireUndecided(statement.header)
            return try session.decide(statement, .withdrawn, by: person, reason: reason, now: now)
        }
    }

    /// A statement, and what its figures would be now, taken apart by cause; evaluated by the scope's definition as the
    /// statement keeps it, whatever became of the scope since.
    package func restated(_ id: Int64) async throws -> RestatedStatement {
        try await database.snapshot { snapshot in
            try Self.readings(of: try snapshot.statement(id), in: snapshot)
        }.restated()
    }

    /// The figures of a month that is closed under a scope; `nil` where it isn't.
    package func closedMonth(_ month: Period, scope: String) async throws -> ClosedMonth? {
        let found = try await database.snapshot { snapshot -> ClosedMonthReading? in
            guard let statement = try snapshot.approvedStatement(of: month, scope: scope) else { return nil }
            if let before = try snapshot.approvedStatement(of: month.previous, scope: scope),
                before.content.table.scope.isComparable(with: statement.content.table.scope)
            {
                return ClosedMonthReading(statement: statement, previous: .closed(before))
            }
            let question = ScopeQuestion(scope: statement.content.table.scope, period: month.previous)
            let reading = try ScopeReading(
                [question], knownAt: statement.header.knownAt, visibility: .everything, from: snapshot)
            return ClosedMonthReading(statement: statement, previous: .evaluated(reading))
        }
        return try found?.closedMonth()
    }

    /// The scope over the month as somebody who sees everything.
    private static func evaluated(
        _ scope: Scope, _ month: Period, knownAt: Timestamp?, in session: Database.Session
    ) throws -> ScopeAnswer {
        let reading = try ScopeReading(
            [ScopeQuestion(scope: scope, period: month)], knownAt: knownAt, visibility: .everything, from: session)
        return try reading.results().single()
    }

    /// The statement's question, read at the statement's knowledge and at that of now.
    private static func readings(
        of statement: Statement, in snapshot: Database.Session
    ) throws -> RestatementReading {
        let table = statement.content.table
        let question = ScopeQuestion(scope: table.scope, period: table.period)
        let later = try ScopeReading(
            [question], knownAt: statement.header.knownAt, visibility: .everything, from: snapshot)
        let now = try ScopeReading([question], knownAt: nil, visibility: .everything, from: snapshot)
        return RestatementReading(statement: statement, later: later, now: now)
    }

    private func deciding(
        _ id: Int64, _ body: @escaping @Sendable (Database.Session) throws -> Statement
    ) async throws -> Statement {
        do {
            return try await database.closing(body)
        } catch is ConcurrentClosing {
            throw StatementRefusal(.decided, "Somebody else decided on statement \(id) at the same time.")
        }
    }
}

/// What a snapshot says of a statement's question.
private struct RestatementReading: Sendable {
    let statement: Statement
    /// At the statement's knowledge.
    let later: ScopeReading
    let now: ScopeReading

    func restated() throws -> RestatedStatement {
        let (later, now) = (try later.results().single(), try now.results().single())
        return RestatedStatement(
            statement: statement,
            restatement: Restatement(closed: statement.content.table, later: later.table, now: now.table),
            position: now.position, knownAt: now.knownAt)
    }
}

/// A closed month's statement, and what its figures are compared with.
private struct ClosedMonthReading: Sendable {
    enum Previous: Sendable {
        case closed(Statement)
        /// At the statement's knowledge.
        case evaluated(ScopeReading)
    }

    let statement: Statement
    let previous: Previous

    func closedMonth() throws -> ClosedMonth {
        ClosedMonth(
            statement: statement.header, table: statement.content.table,
            previous: try previousPeriod())
    }

    private func previousPeriod() throws -> ComparedPeriod? {
        switch previous {
        case .closed(let before): ComparedPeriod(table: before.content.table, statement: before.header)
        case .evaluated(let reading):
            try reading.results().tableIfFactsAnswer(0).map { ComparedPeriod(table: $0) }
        }
    }
}
