internal import Postgres
package import Scopes
package import UsageModel

/// Why a scope can't be answered, beside others that can.
package struct ScopeRefusal: Sendable, Equatable {
    /// The scope's id.
    package var scope: String
    /// A stable word for programs: that of the problem which the scope alone would be answered with.
    package var code: String
    /// What is missing, and what to do about it.
    package var message: String
    /// The facts that are missing; empty where it isn't facts.
    package var missing: [ScopeFact]

    /// - Returns: `nil` for an error that isn't about the scope alone: it spoils every answer.
    init?(_ scope: Scope, _ error: any Error) {
        switch error {
        case let error as MissingFacts where error.scope == scope.id:
            self.init(scope: scope.id, code: "missing-facts", message: "\(error)", missing: error.facts)
        case let error as UnanswerableScope where error.scope == scope.id:
            self.init(scope: scope.id, code: error.code.rawValue, message: error.description, missing: [])
        case let error as StoreError where error.code == .notKept:
            self.init(scope: scope.id, code: error.code.rawValue, message: error.message, missing: [])
        default: return nil
        }
    }

    private init(scope: String, code: String, message: String, missing: [ScopeFact]) {
        self.scope = scope
        self.code = code
        self.message = message
        self.missing = missing
    }
}

/// Scopes evaluated at one position as far as they can be, and those that can't.
package struct PartialAnswers: Sendable {
    /// One table for each question that can be answered, in the order of the questions.
    package var answers: ScopeAnswers
    /// In the order of the questions.
    package var refused: [ScopeRefusal]
}

extension Store {
    /// Evaluates the scopes that can be evaluated; one that can't doesn't spoil the others.
    ///
    /// - Parameter questions: at least one, of scopes with different ids.
    /// - Throws: what ``answers(to:knownAt:visibility:)`` throws for the first question, where none can be answered.
    package func partialAnswers(
        to questions: [ScopeQuestion], knownAt: Timestamp? = nil, visibility: Visibility
    ) async throws -> PartialAnswers {
        do {
            let answers = try await answers(to: questions, knownAt: knownAt, visibility: visibility)
            return PartialAnswers(answers: answers, refused: [])
        } catch let error {
            guard questions.contains(where: { ScopeRefusal($0.scope, error) != nil }) else { throw error }
        }
        // Each alone first, to find those that can't; then the others together, so that they are of one position.
        var answered: [ScopeQuestion] = []
        var refused: [ScopeRefusal] = []
        var firstError: (any Error)?
        for question in questions {
            do {
                _ = try await answers(to: [question], knownAt: knownAt, visibility: visibility)
                answered.append(question)
            } catch let error {
                guard let refusal = ScopeRefusal(question.scope, error) else { throw error }
                refused.append(refusal)
                firstError = firstError ?? error
            }
        }
        if let firstError, answered.isEmpty { throw firstError }
        let answers = try await answers(to: answered, knownAt: knownAt, visibility: visibility)
        return PartialAnswers(answers: answers, refused: refused)
    }
}
