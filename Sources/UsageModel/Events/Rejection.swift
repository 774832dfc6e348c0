/// Why a record was not counted. The raw value is the label in metrics, quarantine files and answers.
package enum RejectionReason: String, Sendable, CaseIterable {
    case syntax
    case invalidUTF8 = "invalid-utf8"
    case notAnObject = "not-an-object"
    case nestingTooDeep = "nesting-too-deep"
    case recordTooLong = "record-too-long"
    case duplicateField = "duplicate-field"
    case unknownField = "unknown-field"
    case missingField = "missing-field"
    case wrongType = "wrong-type"
    case negativeCount = "negative-count"
    case fractionalCount = "fractional-count"
    case countTooLarge = "count-too-large"
    case inconsistentCounts = "inconsistent-counts"
    case badName = "bad-name"
    case nameTooLong = "name-too-long"
    case unknownValue = "unknown-value"
    case badTime = "bad-time"
    case timeTooOld = "time-too-old"
    case timeInFuture = "time-in-future"
    case wrongProvider = "wrong-provider"
    case tooManyNames = "too-many-names"
    case sumTooLarge = "sum-too-large"
    case wrongColumnCount = "wrong-column-count"
    /// The id is that of another event that was accepted: the two say different things.
    case conflictingID = "conflicting-id"
    /// Only some of the calls like this one were sent, so that a sum of them is none.
    case sampled
    /// A running total of which it can't be known how much was counted before.
    case unknownTotal = "unknown-total"
    /// Not records but bytes of followed files that went before they could be read.
    case lostBytes = "lost-bytes"
}

/// A refused record: the reason, the field it is about, and a sentence for a person.
///
/// Costs no allocation as long as `field` and `detail` are literals or small; it is only made for bad records.
package struct Rejection: Error, Sendable, Equatable {
    package var reason: RejectionReason
    /// The field as the source names it (`usage.prompt_tokens`), or empty where the record as a whole is at fault.
    package var field: String
    /// What was wrong and what would be right. Never more than a few dozen bytes of the input.
    package var detail: String

    package init(_ reason: RejectionReason, field: String = "", detail: String = "") {
        self.reason = reason
        self.field = field
        self.detail = detail
    }
}
