package import Postgres
package import Scopes
package import TextFormats
package import UsageModel

/// What an import of facts changed.
package struct FactChange: Sendable, Equatable {
    /// Records of the file that hold now and did not before.
    package var recorded = 0
    /// Records of the file that said what held already.
    package var unchanged = 0
    /// Earlier records that were superseded in whole or in part.
    package var superseded = 0
    /// Parts of superseded records that still hold and were recorded again.
    package var split = 0
    /// Tenants that no usage and no record had named before.
    package var newTenants = 0
    /// When it was recorded: later than every record before. Where nothing changed, the moment of the latest record.
    package var recordedAt: Timestamp
}

extension RetryPolicy {
    /// For imports of facts: they take turns, and one that met another is carried out again.
    package static let imports = RetryPolicy(attempts: 5)
}

extension StoreSession {
    /// Records facts of one kind as a whole, or nothing. They supersede what held of the same key on the days that they
    /// are about; history stays. What tenants are moves cells of cubes as well. Must run in a transaction, with
    /// ``RetryPolicy/imports``.
    ///
    /// - Parameters:
    ///   - actor: who imports, as histories name it.
    ///   - origin: what the audit log is to say of the file and the person beside.
    /// - Throws: ``StoreError`` with `.factConflict` where two records can't both hold.
    package func importFacts(
        _ records: [FactRecord], kind: FactKind, by actor: String, origin: [JSONMember] = [], now: Timestamp
    ) throws -> FactChange {
        let table = FactTable.of(kind)
        let moment = try startRecording(now)
        // Before anything is read that a rollup may change.
        if kind == .tenants { try lockCubes(.alone) }
        let newTenants = try table.intern(records, self)
        let current = try currentRecords(beside: records, kind)
        let revision: FactRevision
        do throws(FactConflict) {
            revision = try FactRevision(kind, of: current, by: records)
        } catch {
            throw StoreError(.factConflict, error.description)
        }
        try connection.query(
            "UPDATE \(table.name) SET superseded_at = $2 WHERE \(table.id) = ANY($1)",
            [.int64Array(revision.superseded), .timestamp(moment)])
        let written = revision.recorded + revision.split
        try record(written, in: table, by: actor, at: moment)
        if kind == .tenants, !written.isEmpty || !revision.superseded.isEmpty {
            try Reclassification(session: self, source: TenantDetail(session: self), version: moment).run()
        }
        var change = FactChange(recordedAt: moment)
        change.recorded = revision.recorded.count
        change.unchanged = revision.unchanged
        change.superseded = revision.superseded.count
        change.split = revision.split.count
        change.newTenants = newTenants
        try audit(
            .factsImported, of: kind.rawValue, by: actor,
            counts: [
                ("recorded", change.recorded), ("unchanged", change.unchanged), ("superseded", change.superseded),
                ("split", change.split),
            ], detail: origin, at: moment)
        if written.isEmpty, revision.superseded.isEmpty, let latest = try latestRecord() { change.recordedAt = latest }
        return change
    }

    /// What holds now about the records' keys, and about those that could exclude one of them.
    private func currentRecords(beside records: [FactRecord], _ kind: FactKind) throws -> [FactRevision.Current] {
        let table = FactTable.of(kind)
        let shared = kind.definition.exclusion?.sharedColumns ?? kind.definition.subjectColumns.count
        let keys = Set(records.map { $0.subject.prefix(shared).joined(separator: FactRecord.separator) })
        let places = 1...shared
        return try connection.query(
            """
            SELECT \(table.columns), r.\(table.id) FROM \(table.source)
             WHERE \(table.kind) = $1 AND r.superseded_at IS NULL
               AND (\(table.keys.prefix(shared).joined(separator: ", "))) IN (
                   SELECT \(places.map { "k.key[\($0)]" }.joined(separator: ", "))
                     FROM (SELECT string_to_array(unnest($2::text[]), chr(31)) AS key) k)
            """, [.text(kind.rawValue), .textArray(keys.sorted())]
        ).map {
            FactRevision.Current(id: try $0.decode(FactTable.columnCount), record: try FactTable.record($0))
        }
    }

    private func record(
        _ records: [FactRecord], in table: FactTable, by actor: String, at moment: Timestamp
    ) throws {
        func joined(_ texts: [String]) -> String { texts.joined(separator: FactRecord.separator) }
        let written = try connection.query(
            """
            INSERT INTO \(table.name) (\(table.written), effective_from, effective_to, recorded_at, recorded_by)
            SELECT \(table.values), n.effective_from, nullif(n.effective_to, $8), $6, $7
              FROM (SELECT a.kind, string_to_array(a.subject, chr(31)) AS subject, a.effective_from, a.effective_to,
                           string_to_array(a.content, chr(31)) AS content
                      FROM unnest($1::text[], $2::text[], $3::date[], $4::date[], $5::text[])
                           AS a (kind, subject, effective_from, effective_to, content)) n
                   \(table.joins)
            """,
            [
                .textArray(records.map(\.kind.rawValue)), .textArray(records.map { joined($0.subject) }),
                .dateArray(days: records.map(\.effectiveFrom.days)),
                .dateArray(days: records.map { $0.effectiveTo?.days ?? Self.never }),
                .textArray(records.map { joined($0.content) }), .timestamp(moment), .text(actor),
                .date(days: Self.never),
            ]
        ).affectedRows
        // A name that isn't stored would drop its record out of the join.
        precondition(written == records.count, "\(written) of \(records.count) records were written to \(table.name)")
    }
}

// MARK: Moments

extension StoreSession {
    /// The advisory lock that makes imports of facts take turns, so that records have an order and current ones never
    /// overlap.
    static let recordingLockKey: Int64 = 0x7374_6565_6C72_6567

    /// A date far beyond any other, in days since 1970: it stands for "no end" in arrays, which hold no NULLs.
    private static let never: Int64 = 3_000_000

    /// Waits for its turn. Must run in a transaction.
    ///
    /// - Returns: a moment after every record so far: `now`, unless a record is as late as that.
    func startRecording(_ now: Timestamp) throws -> Timestamp {
        try connection.query("SELECT pg_advisory_xact_lock($1)", [.int(Self.recordingLockKey)])
        return max(now, try latestRecord().map { Timestamp(microseconds: $0.microseconds + 1) } ?? now)
    }

    /// The moment at which all that this transaction sees is known, and nothing that comes later ever will be: imports
    /// take turns, and each is recorded after all that went before. A clock's moment would not do: an import that is
    /// under way may be recorded before it and seen after it. Where nothing is recorded yet, it is now.
    package func knownMoment() throws -> Timestamp {
        if let latest = try latestRecord() { return latest }
        return try connection.query("SELECT clock_timestamp()").one().decode(0)
    }

    /// `nil` where nothing is recorded yet.
    func latestRecord() throws -> Timestamp? {
        // Each from the end of an index.
        let latest = FactTable.all.flatMap { table in
            ["recorded_at", "superseded_at"].map { "(SELECT max(\($0)) FROM \(table.name))" }
        }
        return try connection.query(
            "SELECT greatest(\(latest.joined(separator: ", ")), (SELECT max(known_at) FROM statement))"
        ).one().decode(0)
    }
}
