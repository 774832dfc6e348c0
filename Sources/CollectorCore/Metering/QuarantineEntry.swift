package import SourceFormats
package import UsageModel

/// How much of a record that was not counted is kept.
package struct QuarantineRule: Sendable, Equatable {
    /// What of a record is kept.
    package enum Kept: String, Sendable, CaseIterable, Codable {
        /// The whole of it, up to a size; beyond that its fields.
        case record
        /// The fields alone that its source's format reads, so that no prompt lies on a disk.
        case fields
        /// No more than its beginning: a record that was too long to be read at all.
        case start
    }

    /// Records of more bytes are kept as ``Kept/fields``.
    package var recordBytes: Int
    package var keepsFieldsAlone: Bool

    package init(recordBytes: Int = AccumulatorLimits.defaultQuarantinedRecordBytes, keepsFieldsAlone: Bool = false) {
        self.recordBytes = recordBytes
        self.keepsFieldsAlone = keepsFieldsAlone
    }
}

/// One record that was not counted, as it is kept for the operator.
package struct QuarantineEntry: Sendable, Equatable {
    /// When it was refused, in milliseconds since 1970-01-01T00:00Z.
    package var timeMilliseconds: Int64
    package var source: String
    /// The file's path; empty for pushed events.
    package var file: String
    package var position: RecordPosition
    package var rejection: Rejection
    /// The record's bytes, or what is kept of them.
    package var bytes: [UInt8]
    package var kept: QuarantineRule.Kept
    /// What a parser needs to know from before the record to read it again: a CSV file's header row.
    package var memory: [UInt8] = []

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
        var bytes: [UInt8] = []
        bytes.reserveCapacity(record.byteCount)
        for index in 0..<record.byteCount { bytes.append(record.byte(at: index)) }
        self.bytes = bytes
        kept = rejection.reason == .recordTooLong ? .start : .record
    }

    /// Leaves no more of the record than the rule allows, and notes what the parser that refused it knows from before.
    package mutating func settle(_ rule: QuarantineRule, by parser: borrowing any SourceParser) {
        memory = parser.recordMemory
        guard rule.keepsFieldsAlone || bytes.count > rule.recordBytes else { return }
        bytes = unsafe parser.mappedFields(of: bytes.span.bytes)
        if kept == .record { kept = .fields }
    }
}
