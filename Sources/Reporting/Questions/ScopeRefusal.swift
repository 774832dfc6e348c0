package import Scopes

/// Why a scope can't be answered, beside others that can.
package struct ScopeRefusal: Error, Sendable {
    /// The scope's id.
    package var scope: String
    /// A stable word for programs: that of the problem which the scope alone would be answered with.
    package var code: String
    /// What is missing, and what to do about it.
    package var message: String
    /// The facts that are missing; empty where it isn't facts.
    package var missing: [ScopeFact]
    /// What the scope alone would be refused with: ``MissingFacts``, ``UnanswerableScope`` or ``QuestionError``.
    package var cause: any Error

    /// - Returns: `nil` for an error that isn't about the scope alone: it spoils every answer.
    init?(_ scope: Scope, _ error: any Error) {
        switch error {
        case let error as MissingFacts:
            self.init(scope: scope.id, code: MissingFacts.code, message: "\(error)", missing: error.facts, cause: error)
        case let error as UnanswerableScope:
            self.init(scope: scope.id, code: error.code.rawValue, message: error.description, missing: [], cause: error)
        case let error as QuestionError:
            self.init(scope: scope.id, code: error.code.rawValue, message: error.message, missing: [], cause: error)
        default: return nil
        }
    }

    private init(scope: String, code: String, message: String, missing: [ScopeFact], cause: any Error) {
        self.scope = scope
        self.code = code
        self.message = message
        self.missing = missing
        self.cause = cause
    }

    /// What `body` gives, or why the scope can't be answered.
    ///
    /// - Throws: every other error.
    static func result<Value>(_ scope: Scope, _ body: () throws -> Value) throws -> Result<Value, ScopeRefusal> {
        do {
            return .success(try body())
        } catch {
            guard let refusal = ScopeRefusal(scope, error) else { throw error }
            return .failure(refusal)
        }
    }
}
