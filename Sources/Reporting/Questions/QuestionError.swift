internal import UsageModel

/// A question that can't be answered, whatever the figures are.
package struct QuestionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Raw values stand in answers.
    package enum Code: String, Sendable {
        /// The question needs sums that aren't kept.
        case notKept = "not-kept"
        /// The question itself makes no sense: an empty range, a time off its bucket, more rows than an answer may
        /// have.
        case badQuery = "bad-query"
    }

    package var code: Code
    /// What is wrong, and what can be asked instead.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(message) [\(code.rawValue)]" }

    package static let emptyRange = QuestionError(.badQuery, "The range is empty: its end must come after its start.")
}
