internal import Postgres
package import Scopes
package import UsageModel

/// Sums at the granularity that scopes are evaluated on.
package struct ScopeSums: Sendable, Equatable {
    package var position: UInt64
    /// The moment up to which the registry's entries were taken into account.
    package var knownAt: Timestamp
    package var rows: [ScopeSumRow]

    package init(position: UInt64, knownAt: Timestamp, rows: [ScopeSumRow]) {
        self.position = position
        self.knownAt = knownAt
        self.rows = rows
    }
}

extension Store {
    /// Sums at the granularity that a scope's filters need, over days of the reporting calendar: for evaluating scopes in pure
    /// code. ``answers(to:knownAt:visibility:)`` reads far fewer rows.
    ///
    /// - Parameters:
    ///   - dates: half-open, in the reporting calendar.
    ///   - knownAt: the registry as it was known then; `nil` for now. Days on which nothing was known about a tenant
    ///     are `unclassified`.
    ///   - byModel: whether rows are told apart by model; otherwise `model` is `nil`.
    package func scopeSums(
        _ dates: Range<CalendarDate>, knownAt: Timestamp? = nil, byModel: Bool = false, visibility: Visibility
    ) async throws -> ScopeSums {
        try await pool.withTransaction(.snapshot) { connection in
            try StoreSession(connection).scopeSums(dates, knownAt: knownAt, byModel: byModel, visibility: visibility)
        }
    }
}
