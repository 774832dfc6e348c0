internal import Postgres
package import Reporting
package import Scopes
package import UsageModel

extension StoreSession {
    /// The facts of a kind that hold, or were known to at a moment, in order of key and date. Must run in a
    /// transaction.
    ///
    /// - Parameters:
    ///   - keys: cells of key columns that the facts must have; all facts of the kind without any.
    ///   - knownAt: `nil` for now.
    package func facts(
        _ kind: FactKind, where keys: [String: String] = [:], knownAt: Timestamp? = nil, visibility: Visibility
    ) throws -> [FactVersion] {
        var versions: [FactVersion] = []
        try forEachFact(kind, where: keys, knownAt: knownAt, visibility: visibility, maxRows: nil) {
            versions.append($0)
        }
        return versions
    }

    /// The same, one by one.
    ///
    /// - Parameter maxRows: more are refused with ``QuestionError``, after so many were handed over; `nil` for any.
    package func forEachFact(
        _ kind: FactKind, where keys: [String: String], knownAt: Timestamp?, visibility: Visibility, maxRows: Int?,
        _ body: (FactVersion) throws -> Void
    ) throws {
        try forEachVersion(
            kind, where: keys, knownAt: knownAt, visibility: visibility, condition: FactTable.isKnown(at: "$3"),
            order: FactTable.of(kind).keys(of: kind) + ["r.effective_from"], maxRows: maxRows, body)
    }

    /// Everything that was ever recorded of some facts of a kind, oldest first. Must run in a transaction.
    ///
    /// - Parameters:
    ///   - keys: cells of key columns that the facts must have; all facts of the kind without any.
    ///   - knownAt: as it was known then; `nil` for now.
    package func factHistory(
        _ kind: FactKind, where keys: [String: String] = [:], knownAt: Timestamp? = nil, visibility: Visibility
    ) throws -> [FactVersion] {
        var versions: [FactVersion] = []
        try forEachFactVersion(kind, where: keys, knownAt: knownAt, visibility: visibility, maxRows: nil) {
            versions.append($0)
        }
        return versions.reversed()
    }

    /// The same, one by one and newest first.
    ///
    /// - Parameter maxRows: more are refused with ``QuestionError``, after so many were handed over; `nil` for any.
    package func forEachFactVersion(
        _ kind: FactKind, where keys: [String: String], knownAt: Timestamp?, visibility: Visibility, maxRows: Int?,
        _ body: (FactVersion) throws -> Void
    ) throws {
        let table = FactTable.of(kind)
        let order = ["r.recorded_at"] + table.keys(of: kind) + ["r.effective_from", "r.\(table.id)"]
        try forEachVersion(
            kind, where: keys, knownAt: knownAt, visibility: visibility,
            condition: "($3::timestamptz IS NULL OR r.recorded_at <= $3)", order: order.map { "\($0) DESC" },
            maxRows: maxRows
        ) { version in
            var version = version
            // What superseded a version later wasn't known yet.
            if let knownAt, let superseded = version.supersededAt, superseded > knownAt { version.supersededAt = nil }
            try body(version)
        }
    }

    /// - Parameter condition: over `$3`, the moment.
    private func forEachVersion(
        _ kind: FactKind, where keys: [String: String], knownAt: Timestamp?, visibility: Visibility,
        condition: String, order: [String], maxRows: Int?, _ body: (FactVersion) throws -> Void
    ) throws {
        let table = FactTable.of(kind)
        var conditions = ["\(table.kind) = $1", "($2 = '*' OR \(table.isVisible("$2")))", condition]
        var parameters: [Parameter] = [.text(kind.rawValue), .text(visibility.setting), .timestamp(knownAt)]
        for (place, column) in kind.definition.subjectColumns.enumerated() {
            guard let cell = keys[column.name] else { continue }
            parameters.append(.text(cell))
            conditions.append("\(table.keys[place]) = $\(parameters.count)")
        }
        parameters.append(.int(maxRows.map { Int64($0) + 1 } ?? .max))
        var count = 0
        try connection.forEachRow(
            """
            SELECT \(table.columns), r.recorded_at, r.recorded_by, r.superseded_at
              FROM \(table.source)
             WHERE \(conditions.joined(separator: "\n   AND "))
             ORDER BY \(order.joined(separator: ", ")) LIMIT $\(parameters.count)
            """, parameters
        ) { row in
            count += 1
            if let maxRows, count > maxRows {
                let columns = kind.definition.subjectColumns.map(\.name).joined(separator: ", ")
                throw QuestionError(
                    .badQuery, "The answer has more than \(maxRows) records. Ask for those of one key: \(columns).")
            }
            let first = FactTable.columnCount
            try body(
                FactVersion(
                    record: try FactTable.record(row), recordedAt: try row.decode(first),
                    recordedBy: try row.decode(first + 1), supersededAt: try row.decode(first + 2)))
        }
    }

    /// The market's facts of some kinds that were known at a moment and hold on some day of a range. Must run in a
    /// transaction.
    package func factBook(_ kinds: Set<FactKind>, over days: Range<CalendarDate>, known: Timestamp) throws -> FactBook {
        guard !kinds.isEmpty else { return FactBook() }
        let table = FactTable.market
        let records = try keptRows(
            """
            SELECT \(table.columns) FROM \(table.source)
             WHERE \(table.kind) = ANY($1) AND \(FactTable.isKnown(at: "$2"))
               AND r.effective_from < $4 AND (r.effective_to IS NULL OR r.effective_to > $3)
            """,
            [
                .textArray(kinds.map(\.rawValue).sorted()), .timestamp(known), .date(days: days.lowerBound.days),
                .date(days: days.upperBound.days),
            ], as: FactTable.record(_:))
        return try FactBook(records)
    }
}

extension FactTable {
    /// Expressions for the key columns of a kind.
    fileprivate func keys(of kind: FactKind) -> [String] {
        Array(keys.prefix(kind.definition.subjectColumns.count))
    }
}
