package import Postgres
package import Scopes
package import Usage

/// Sums at the grain that scopes are evaluated on.
package struct ScopeSums: Sendable, Equatable {
    package var mark: UInt64
    /// The moment up to which the registry's entries were taken into account.
    package var knownAt: Timestamp
    package var rows: [ScopeSumRow]

    package init(mark: UInt64, knownAt: Timestamp, rows: [ScopeSumRow]) {
        self.mark = mark
        self.knownAt = knownAt
        self.rows = rows
    }
}

extension Store {
    /// Sums at the grain that a scope's filters need, over days of the reporting calendar: for evaluating scopes in pure
    /// code. ``answers(to:knownAt:sight:)`` reads far fewer rows.
    ///
    /// - Parameters:
    ///   - dates: half-open, in the reporting calendar.
    ///   - knownAt: the registry as it was known then; `nil` for now. Days on which nothing was known about a tenant
    ///     are `unclassified`.
    ///   - byModel: whether rows are told apart by model; otherwise `model` is `nil`.
    package func scopeSums(
        _ dates: Range<CalendarDate>, knownAt: Timestamp? = nil, byModel: Bool = false, sight: Sight
    ) async throws -> ScopeSums {
        try await pool.withTransaction(.snapshot) { connection in
            try StoreSession(connection).scopeSums(dates, knownAt: knownAt, byModel: byModel, sight: sight)
        }
    }
}
