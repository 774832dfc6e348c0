package import Scopes
internal import UsageModel

/// A scope's figures without an import and with it, at one position.
package struct ImportEffect: Sendable {
    package var position: UInt64
    /// `nil` where the scope can't be answered without the import.
    package var before: ShareTable?
    package var after: ShareTable

    /// Evaluates what was read before and after the import was carried out.
    ///
    /// - Parameters:
    ///   - before: of one question.
    ///   - after: of the same question, in the same snapshot.
    /// - Throws: what the question is refused with, unless it is refused without the import only, for facts that aren't
    ///   there or don't answer it.
    package init(before: ScopeReading, after: ScopeReading) throws {
        self.before = try before.results().tableIfFactsAnswer(0)
        let answer = try after.results().single()
        position = answer.position
        self.after = answer.table
    }
}
