package import UsageModel

/// One record that was not counted, as it is kept for the operator.
package struct QuarantineEntry: Sendable, Equatable {
    /// When it was refused, in milliseconds since 1970-01-01T00:00Z.
    package var timeMilliseconds: Int64
    package var source: String
    /// The file's path; empty for pushed events.
    package var file: String
    package var position: RecordPosition
    package var rejection: Rejection
    /// The record's bytes, cut at `AccumulatorLimits.maxQuarantinedRecordBytes`.
    package var bytes: [UInt8]
    package var isTruncated: Bool

    /// What the entry takes in memory, about.
    package var estimatedBytes: Int { bytes.count + rejection.detail.utf8.count + file.utf8.count + 160 }

    package init(
        _ rejection: Rejection, record: RawSpan, position: RecordPosition, source: String, file: String,
        timeMilliseconds: Int64
    ) {
        self.timeMilliseconds = timeMilliseconds
        self.source = source
        self.file = file
        self.position = position
        self.rejection = rejection
        let kept = min(record.byteCount, AccumulatorLimits.maxQuarantinedRecordBytes)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(kept)
        for index in 0..<kept { bytes.append(record.byte(at: index)) }
        self.bytes = bytes
        isTruncated = record.byteCount > kept
    }
}
