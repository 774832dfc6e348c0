/// Why a record is neither counted nor refused. The raw value is the label in metrics and answers.
package enum IgnoredReason: String, Sendable, CaseIterable {
    /// It is none of those that the source counts: its `only` or `except` leaves it out, or it is no call of a model.
    case filtered
    /// It says that no token was used, or not how many: a failed call, or one whose usage is zero and zero.
    case noUsage = "no-usage"
    /// The source counts the same calls as another kind of telemetry.
    case otherSignal = "other-signal"
}
