/// Why a record is neither counted nor refused. The raw value is the label in metrics and answers.
package enum IgnoredReason: String, Sendable, CaseIterable {
    /// The source's `only` or `except` leaves it out.
    case filtered
    /// It says that no token was used: a failed call, or one whose usage is zero and zero.
    case noUsage = "no-usage"
}
