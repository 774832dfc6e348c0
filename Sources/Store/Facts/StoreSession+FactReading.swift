internal import Postgres
internal import Reporting
package import Scopes
package import UsageModel

extension StoreSession {
    /// A fact's record, for ``factRecord(_:)``.
    static let factColumns = """
        kind, array_to_string(subject, chr(31)), effective_from, effective_to, array_to_string(content, chr(31))
        """

    static func factRecord(_ row: Row) throws -> FactRecord {
        func texts(_ column: Int) throws -> [String] {
            try row.decode(column, as: String.self)
                .split(separator: FactRecord.separator, omittingEmptySubsequences: false).map(String.init)
        }
        let (subject, content) = (try texts(1), try texts(4))
        guard let kind = FactKind(rawValue: try row.decode(0)), subject.count == kind.subjectColumns.count,
            content.count == kind.contentColumns.count
        else { throw PostgresError(.decoding, "The database holds a fact of a kind or form that is not known.") }
        return FactRecord(
            kind: kind, subject: subject,
            effectiveFrom: CalendarDate(days: try row.decode(2, as: DateColumn.self).days),
            effectiveTo: try row.decode(3, as: DateColumn?.self).map { CalendarDate(days: $0.days) }, content: content)
    }

    /// See ``Store/exportFacts(_:knownAt:visibility:)``. Must run in a transaction, which it restricts.
    func exportFacts(_ kind: FactKind, knownAt: Timestamp?, visibility: Visibility) throws -> [StoredFact] {
        try restrict(to: visibility)
        return try connection.query(
            """
            SELECT \(Self.factColumns), recorded_at, recorded_by, superseded_at FROM fact
             WHERE kind = $1
               AND ($2::timestamptz IS NULL AND superseded_at IS NULL
                OR recorded_at <= $2 AND (superseded_at IS NULL OR superseded_at > $2))
             ORDER BY subject, effective_from
            """, [.text(kind.rawValue), .timestamp(knownAt)]
        ).map { row in
            StoredFact(
                record: try Self.factRecord(row), recordedAt: try row.decode(5), recordedBy: try row.decode(6),
                supersededAt: try row.decode(7))
        }
    }

    /// The facts of some kinds that were known at a moment and hold on some day of a range. Must run in a transaction that
    /// is restricted already.
    package func factBook(_ kinds: Set<FactKind>, over days: Range<CalendarDate>, known: Timestamp) throws -> FactBook {
        guard !kinds.isEmpty else { return FactBook() }
        let records = try connection.query(
            """
            SELECT \(Self.factColumns) FROM fact
             WHERE kind = ANY($1) AND recorded_at <= $2 AND (superseded_at IS NULL OR superseded_at > $2)
               AND effective_from < $4 AND (effective_to IS NULL OR effective_to > $3)
            """,
            [
                .textArray(kinds.map(\.rawValue).sorted()), .timestamp(known), .date(days: days.lowerBound.days),
                .date(days: days.upperBound.days),
            ]
        ).map(Self.factRecord(_:))
        return try FactBook(records)
    }
}
