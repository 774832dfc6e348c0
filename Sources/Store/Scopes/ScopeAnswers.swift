internal import Postgres
package import Scopes
package import UsageModel

/// A scope to evaluate over a period.
package struct ScopeQuestion: Sendable, Hashable {
    package var scope: Scope
    package var period: Period

    package init(scope: Scope, period: Period) {
        self.scope = scope
        self.period = period
    }
}

/// Scopes evaluated at one position and one moment of knowledge, so that their figures can be compared with each other.
package struct ScopeAnswers: Sendable {
    package var position: UInt64
    /// The moment up to which recorded facts were taken into account.
    package var knownAt: Timestamp
    /// One for each question, in their order.
    package var tables: [ShareTable]
}

extension Store {
    /// Evaluates scopes over periods, whose days are those of each scope's zone.
    ///
    /// - Parameters:
    ///   - questions: at least one.
    ///   - knownAt: what was recorded by then; `nil` for now.
    /// - Throws: ``MissingFacts`` and ``UnanswerableScope`` where facts that a scope needs aren't there or don't answer it;
    ///   ``StoreError`` with `.notKept` where the sums that its zone needs aren't kept.
    package func answers(
        to questions: [ScopeQuestion], knownAt: Timestamp? = nil, visibility: Visibility
    ) async throws -> ScopeAnswers {
        let calendar = calendar
        return try await pool.withTransaction(.snapshot) {
            try StoreSession($0).answers(to: questions, calendar: calendar, knownAt: knownAt, visibility: visibility)
        }
    }
}
