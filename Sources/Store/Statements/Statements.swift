internal import Postgres
package import Reporting
package import Scopes
internal import TextFormats
package import UsageModel

extension Store: ReportDatabase {
    package func closing<Value: Sendable>(
        _ body: @escaping @Sendable (StoreSession) throws -> Value
    ) async throws -> Value {
        do {
            return try await RetryPolicy(attempts: 5).run {
                try await self.pool.withConnection { connection in
                    let session = self.session(on: connection)
                    return try session.whileNothingIsRecorded {
                        try connection.transaction(TransactionOptions(isolation: .repeatableRead)) { _ in
                            try body(session)
                        }
                    }
                }
            }
        } catch let error as PostgresError where error.code == .uniqueViolation {
            throw ConcurrentClosing()
        }
    }
}

extension StoreSession: ClosingSession {
    /// Runs `body` while no import is under way: what is recorded by the moment that it reads stays what was recorded
    /// by then. The lock is the session's, because a transaction's snapshot would be older than its wait for a lock.
    func whileNothingIsRecorded<Value>(_ body: () throws -> Value) throws -> Value {
        try connection.query("SELECT pg_advisory_lock($1)", [.int(Self.recordingLockKey)])
        let result = Result { try body() }
        do {
            try connection.query("SELECT pg_advisory_unlock($1)", [.int(Self.recordingLockKey)])
        } catch {
            // The lock goes with the session.
            connection.discardAfterUse()
        }
        return try result.get()
    }
}

extension StoreSession {
    private static let columns = """
        s.statement_id, s.scope_id, s.scope_version, s.scope_sha256, s.month, encode(s.digest, 'hex'), s.position,
        s.known_at, s.override_reason, s.proposed_at, s.proposed_by, s.proposed_token,
        d.decision, d.reason, d.decided_at, d.decided_by, d.decided_token
        """
    private static let contentColumn = 17
    private static let tables = "statement s LEFT JOIN statement_decision d USING (statement_id)"

    /// All statements by scope, month and proposal, those that were withdrawn included.
    ///
    /// - Parameters:
    ///   - scope: only those of this id.
    ///   - month: only those of this month.
    package func statements(scope: String? = nil, month: Period? = nil) throws -> [StatementHeader] {
        try connection.query(
            """
            SELECT \(Self.columns) FROM \(Self.tables)
             WHERE ($1::text IS NULL OR s.scope_id = $1) AND ($2::date IS NULL OR s.month = $2)
             ORDER BY s.scope_id, s.month, s.attempt
            """, [.text(scope), .date(days: month?.from.days)]
        ).map(Self.header(_:))
    }

    /// - Throws: ``StoreError`` with `.notFound`, or `.damagedStatement` where what is stored isn't what was hashed.
    package func statement(_ id: Int64) throws -> Statement {
        let rows = try connection.query(
            "SELECT \(Self.columns), s.content FROM \(Self.tables) WHERE s.statement_id = $1", [.int(id)])
        guard let row = rows.first else { throw StoreError(.notFound, "There is no statement \(id).") }
        let bytes: [UInt8] = try row.decode(Self.contentColumn)
        return try Self.statement(try Self.header(row), text: String(decoding: bytes, as: UTF8.self))
    }

    /// Writes a proposal down. Must run in a transaction.
    package func insert(
        _ content: StatementContent, attempt: Int, knownAt: Timestamp, proposal: StatementProposal
    ) throws -> Statement {
        let text = content.text
        let scope = content.table.scope
        let id: Int64 = try connection.query(
            """
            INSERT INTO statement (scope_id, scope_version, scope_sha256, month, attempt, content, digest, position, known_at,
                override_reason, proposed_at, proposed_by, proposed_token)
            VALUES ($1, $2, $3, $4, $5, $6, sha256($6), $7, $8, $9, $10, $11, $12) RETURNING statement_id
            """,
            [
                .text(scope.id), .int(scope.version), .text(scope.digest),
                .date(days: content.table.period.from.days), .int(attempt), .bytes(Array(text.utf8)),
                .int(Int64(clamping: content.position)), .timestamp(knownAt), .text(content.overrideReason),
                .timestamp(proposal.now), .text(proposal.person.holder), .text(proposal.person.token),
            ]
        ).one().decode(0)
        try audit(
            .statementProposed, of: "statement \(id)", by: "token \(proposal.person.token)",
            counts: [("shortcomings", content.shortcomings.filter(\.isBlocking).count)],
            detail: [
                JSONMember("holder", .string(proposal.person.holder)),
                JSONMember("scope", .string(scope.id)), JSONMember("month", .string(content.table.period.description)),
                JSONMember("override_reason", .optional(content.overrideReason)),
            ], at: proposal.now)
        return try statement(id)
    }

    /// Writes down what was decided about a proposal. Must run in a transaction.
    package func decide(
        _ statement: Statement, _ kind: StatementDecision.Kind, by person: StatementPerson, reason: String?,
        now: Timestamp
    ) throws -> Statement {
        let header = statement.header
        try connection.query(
            """
            INSERT INTO statement_decision (statement_id, scope_id, month, proposed_by, decision, reason, decided_at,
                decided_by, decided_token)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            [
                .int(header.id), .text(header.scopeID), .date(days: header.month.from.days),
                .text(header.proposedBy.holder), .text(kind.rawValue), .text(reason), .timestamp(now),
                .text(person.holder), .text(person.token),
            ])
        try audit(
            kind == .approved ? .statementApproved : .statementWithdrawn, of: "statement \(header.id)",
            by: "token \(person.token)",
            detail: [
                JSONMember("holder", .string(person.holder)), JSONMember("scope", .string(header.scopeID)),
                JSONMember("month", .string(header.month.description)), JSONMember("reason", .optional(reason)),
            ], at: now)
        return try self.statement(header.id)
    }

    /// Checks what is stored against its digest and its form before anything is made of it.
    private static func statement(_ header: StatementHeader, text: String) throws -> Statement {
        guard StatementContent.digest(of: text) == header.digest else {
            throw StoreError(
                .damagedStatement, "What is stored of statement \(header.id) isn't what its SHA-256 was made of.")
        }
        do {
            return Statement(header: header, content: try StatementContent(text: text), text: text)
        } catch {
            throw StoreError(.damagedStatement, "Statement \(header.id) can't be read: \(error)")
        }
    }

    private static func header(_ row: Row) throws -> StatementHeader {
        let first = CalendarDate(days: try row.decode(4, as: DateColumn.self).days)
        return StatementHeader(
            id: try row.decode(0), scopeID: try row.decode(1), scopeVersion: try row.decode(2),
            scopeDigest: try row.decode(3), month: .month(of: first), digest: try row.decode(5),
            position: try row.decode(6), knownAt: try row.decode(7), overrideReason: try row.decode(8),
            proposedAt: try row.decode(9),
            proposedBy: StatementPerson(holder: try row.decode(10), token: try row.decode(11)),
            decision: try decision(row))
    }

    private static func decision(_ row: Row) throws -> StatementDecision? {
        let text: String? = try row.decode(12)
        guard let text else { return nil }
        guard let kind = StatementDecision.Kind(rawValue: text) else {
            throw PostgresError(.decoding, "The database holds a decision on a statement that is not known.")
        }
        return StatementDecision(
            kind: kind, person: StatementPerson(holder: try row.decode(15), token: try row.decode(16)),
            reason: try row.decode(13), at: try row.decode(14))
    }
}
