/// Limits of what is said.
package enum TableLimits {
    /// The most bytes of a request, or of an answer without its rows.
    package static let maxMessageBytes = 64 << 10
    /// The most bytes of one row. Of a longer one only its id and type are handed over, so that it is refused by name.
    package static let maxRowBytes = 1 << 20
    /// The most rows of an answer.
    package static let maxRows = 2_000
    /// The most bytes of an answer's rows, unless a single one is longer.
    package static let maxPortionBytes = 256 << 10
    /// The bytes of an id and the blank and line end of its row.
    package static let maxBytesAroundRow = 22
}
