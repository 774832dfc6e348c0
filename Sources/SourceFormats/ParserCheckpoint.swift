package import UsageModel

/// Everything that a parser must know to go on in the middle of a file: what a collector keeps beside the batch that
/// covers the bytes before it.
package struct ParserCheckpoint: Sendable, Hashable {
    /// The line and byte at which the next record starts (or, while a long record is being skipped, its next byte).
    package var position: RecordPosition
    /// Whether the bytes at `position` still belong to a record that was refused for its length.
    package var isInsideLongRecord: Bool
    /// The CSV header row's bytes, once it has been read; empty for other formats.
    package var csvHeader: [UInt8]

    /// The start of a source.
    package static let start = ParserCheckpoint()

    package init(
        position: RecordPosition = RecordPosition(line: 1, byteOffset: 0), isInsideLongRecord: Bool = false,
        csvHeader: [UInt8] = []
    ) {
        self.position = position
        self.isInsideLongRecord = isInsideLongRecord
        self.csvHeader = csvHeader
    }
}
