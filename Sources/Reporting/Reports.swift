internal import Scopes
package import UsageModel

/// What is asked of a database and decided about what it says: questions about scopes, closing months, what imports
/// would change.
///
/// Each question is read in one short snapshot and evaluated after the connection was given back. Only closing a month
/// evaluates while it holds one: see ``propose(_:)``.
package struct Reports<Database: ReportDatabase>: Sendable {
    package let database: Database

    package init(_ database: Database) {
        self.database = database
    }

    /// Evaluates scopes over periods, in one snapshot, with a result for each question.
    ///
    /// - Parameters:
    ///   - questions: at least one.
    ///   - knownAt: what was recorded by then counts; `nil` for now.
    package func results(
        of questions: [ScopeQuestion], knownAt: Timestamp? = nil, visibility: Visibility
    ) async throws -> ScopeResults {
        let reading = try await database.snapshot { snapshot in
            try ScopeReading(questions, knownAt: knownAt, visibility: visibility, from: snapshot)
        }
        return try reading.results()
    }

    /// The same, where all questions must be answered.
    ///
    /// - Throws: ``MissingFacts`` and ``UnanswerableScope`` where facts that a scope needs aren't there or don't answer
    ///   it; ``QuestionError`` with `.notKept` where the sums that its zone needs aren't kept.
    package func answers(
        to questions: [ScopeQuestion], knownAt: Timestamp? = nil, visibility: Visibility
    ) async throws -> ScopeAnswers {
        try await results(of: questions, knownAt: knownAt, visibility: visibility).answers()
    }

    /// The answer to one question.
    ///
    /// - Throws: as ``answers(to:knownAt:visibility:)`` does.
    package func answer(
        to question: ScopeQuestion, knownAt: Timestamp? = nil, visibility: Visibility
    ) async throws -> ScopeAnswer {
        try await results(of: [question], knownAt: knownAt, visibility: visibility).single()
    }
}
