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

/// Sums that a scope's filters have been applied to, over one period.
package struct FilteredSums: Sendable, Equatable {
    package var mark: UInt64
    /// The moment up to which the registry's entries were taken into account.
    package var knownAt: Timestamp
    package var rows: [FilteredSumRow]

    package init(mark: UInt64, knownAt: Timestamp, rows: [FilteredSumRow]) {
        self.mark = mark
        self.knownAt = knownAt
        self.rows = rows
    }
}

extension Store {
    /// What a scope counts, and what it leaves out, over some periods at one mark, so that figures can be compared with
    /// each other. The periods' days are those of the scope's zone.
    ///
    /// A scope in the reporting calendar is answered from day sums; one in another zone from hour sums, where its days and
    /// the calendar's begin with an hour.
    ///
    /// - Parameter knownAt: the registry as it was known then; `nil` for now.
    /// - Throws: ``MissingFacts`` where the scope needs more than usage; ``StoreError`` with `.notKept` where the sums that
    ///   its zone needs aren't kept.
    package func sums(
        under scope: Scope, over periods: [Period], knownAt: Timestamp? = nil, sight: Sight
    ) async throws -> [FilteredSums] {
        try scope.requireFacts()
        let calendar = calendar
        return try await pool.withTransaction(.snapshot) { connection in
            let session = StoreSession(connection)
            return try periods.map {
                try session.sums(under: scope, over: $0, calendar: calendar, knownAt: knownAt, sight: sight)
            }
        }
    }

    /// Sums at the grain that a scope's filters need, over days of the reporting calendar: for evaluating scopes in pure
    /// code. ``sums(under:over:knownAt:sight:)`` gives far fewer rows.
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
