internal import Postgres
internal import TableReading

/// Rows that are handed over.
struct TablePortion {
    /// A line for each row.
    var bytes: [UInt8] = []
    /// The last of them; `nil` for none.
    var position: TablePosition?
}

/// A table as it is in the database now, with what its ids are drawn from.
struct FoundTable {
    let oid: UInt32
    /// Quoted as SQL needs it.
    private let name: String
    /// Quoted as SQL needs it.
    private let sequence: String

    /// Looks a table up.
    ///
    /// - Throws: `TableReader.Problem` where what is read can't be exact.
    init(named name: String, on connection: Connection) throws {
        let rows = try connection.query(
            """
            SELECT c.oid::int8, c.relkind::text, c.oid::regclass::text, pg_is_in_recovery(),
                   pg_get_serial_sequence(c.oid::regclass::text, 'id')
              FROM pg_class c WHERE c.oid = to_regclass($1)
            """, [.text(name)])
        guard let row = rows.first else {
            throw Self.refusal("there is no table \(name): set database.table, with its schema where it needs one")
        }
        guard try !row.decode(3, as: Bool.self) else {
            throw Self.refusal(
                "the server is a standby, which doesn't see the transactions that write: give the primary")
        }
        guard try row.decode(1, as: String.self) == "r" else {
            throw Self.refusal("\(name) is no plain table: give the table that the gateway writes to")
        }
        guard let sequence = try row.decode(4, as: String?.self) else {
            throw Self.refusal(
                "the ids of \(name) come from no sequence of its own: "
                    + "ALTER SEQUENCE … OWNED BY \(name).id says which one")
        }
        oid = try row.decode(0)
        self.name = try row.decode(2)
        self.sequence = sequence
        try checkSequence(on: connection)
    }

    private static func refusal(_ detail: String) -> TableReader.Problem {
        TableReader.Problem(outcome: .refused, detail: detail)
    }

    /// Ids must be drawn in their order: a session that keeps some of them for later would use low ones late.
    private func checkSequence(on connection: Connection) throws {
        let row = try connection.query(
            "SELECT seqcache, seqincrement, seqcycle FROM pg_sequence WHERE seqrelid = to_regclass($1)",
            [.text(sequence)]
        ).one()
        guard try row.decode(0, as: Int64.self) == 1, try row.decode(1, as: Int64.self) > 0,
            try !row.decode(2, as: Bool.self)
        else {
            throw Self.refusal(
                "the ids of \(name) aren't drawn in their order: "
                    + "ALTER SEQUENCE \(sequence) CACHE 1 NO CYCLE, with an INCREMENT above 0")
        }
    }

    /// The highest id that can be seen; `nil` where there is no row.
    func highestID(on connection: Connection) throws -> Int64? {
        try connection.query("SELECT max(id)::int8 FROM \(name)").one().decode(0)
    }

    /// The transactions that hold a lock with which rows can be added, with their server processes (0 for a prepared
    /// one).
    func writers(on connection: Connection) throws -> [String: Int32] {
        let rows = try connection.query(
            """
            SELECT virtualtransaction, coalesce(pid, 0) FROM pg_locks
             WHERE locktype = 'relation' AND granted AND relation::int8 = $1
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
               AND pid IS DISTINCT FROM pg_backend_pid()
            """, [.int(Int64(oid))])
        var writers: [String: Int32] = [:]
        for row in rows { writers[try row.decode(0)] = try row.decode(1, as: Int32.self) }
        return writers
    }

    /// The rows behind a position, as many as a portion may hold.
    func rows(_ request: TableRequest, upTo bound: Int64, on connection: Connection) throws -> TablePortion {
        guard bound > request.position.id else { return TablePortion() }
        let omitted = request.dialect.omittedColumns.joined(separator: ",")
        let rows = try connection.query(
            """
            SELECT id, line, evidence FROM (
              SELECT id, line, evidence, sum(octet_length(line)) OVER (ORDER BY id) AS total,
                     row_number() OVER (ORDER BY id) AS number
                FROM (
                  SELECT id, evidence, CASE WHEN octet_length(line) <= $5 THEN line
                         ELSE jsonb_build_object('id', id, 'type', type)::text END AS line
                    FROM (
                      SELECT r.id::int8 AS id, r.type, (to_jsonb(r) - '{\(omitted)}'::text[])::text AS line,
                             \(evidence(request.dialect)) AS evidence
                        FROM \(name) r WHERE r.id > $1 AND r.id <= $2 ORDER BY r.id LIMIT $3
                    ) AS portion
                ) AS short
            ) AS counted
             WHERE number = 1 OR total <= $4 ORDER BY id
            """,
            [
                .int(request.position.id), .int(bound), .int(request.maxRows), .int(request.maxBytes),
                .int(TableLimits.maxRowBytes),
            ])
        var portion = TablePortion()
        for row in rows {
            let id = try row.decode(0, as: Int64.self)
            portion.bytes += "\(id) ".utf8
            portion.bytes += try row.decode(1, as: String.self).utf8
            portion.bytes.append(0x0A)
            portion.position = TablePosition(id: id, evidence: try row.decode(2))
        }
        return portion
    }

    /// Makes sure that the table is the one that was read up to a position, and goes on behind it.
    ///
    /// - Throws: `TableReader.Problem` where ids went back: what would be read could be counted already, or be lost.
    func check(_ request: TableRequest, on connection: Connection) throws {
        let position = request.position
        let sequence = try connection.query("SELECT last_value, is_called FROM \(sequence)").one()
        let drawn = try sequence.decode(0, as: Int64.self) - (try sequence.decode(1, as: Bool.self) ? 0 : 1)
        guard drawn >= position.id else {
            throw setBack("ids were drawn up to \(drawn), and the table was read up to id \(position.id)")
        }
        guard !position.evidence.isEmpty else { return }
        let row = try connection.query(
            """
            SELECT (SELECT \(evidence(request.dialect)) FROM \(name) r WHERE r.id = $1),
                   EXISTS (SELECT FROM \(name) WHERE id < $1)
            """, [.int(position.id)]
        ).one()
        if let found = try row.decode(0, as: String?.self) {
            guard found != position.evidence else { return }
            throw setBack("the row of id \(position.id) is another one than was read")
        }
        // Old rows are deleted from the front. Where older ones are still there, this one never was.
        guard try !row.decode(1, as: Bool.self) else {
            throw setBack("the row of id \(position.id), the last that was read, is gone while older ones are there")
        }
    }

    private func setBack(_ what: String) -> TableReader.Problem {
        TableReader.Problem(
            outcome: .setBack,
            detail: """
                \(what): the database was restored from a backup, emptied, or is another one. Nothing is read of it; \
                find the highest id that was counted and is still the same row, then set database.after-id to it and \
                database.numbering to a new word
                """)
    }

    /// A digest of what tells a row from another one with its id. `r` is the row.
    private func evidence(_ dialect: TableDialect) -> String {
        let columns = dialect.evidenceColumns.map { "r.\($0)" }.joined(separator: ", ")
        return "encode(sha256(convert_to(ROW(\(columns))::text, 'UTF8')), 'hex')"
    }
}
