package import BatchFormat
internal import Foundation
internal import SourceFormats
internal import UsageModel

/// How far files were read, where that has changed.
package struct CheckpointChanges: Sendable, Equatable {
    /// The source of which all files are given: what else was known of its files holds no more. `nil` where the rest is
    /// as it was.
    var wholeSource: String?
    var checkpoints: [FileID: FileCheckpoint]

    func apply(to all: inout [FileID: FileCheckpoint]) {
        if let wholeSource { all = all.filter { $0.key.source != wholeSource } }
        all.merge(checkpoints) { $1 }
    }
}

/// A chunk of a followed file whose events have ids: counted by a write-ahead record, so that where the file was read
/// to and which ids were read are durable in one.
package struct FileChunk: Sendable {
    package let file: FileID
    /// Where the file stands behind the chunk.
    package let checkpoint: FileCheckpoint
    /// What the chunk adds, without what it says of files.
    package let accepted: AcceptedRows
    let refused: [QuarantineEntry]
    let repairs: UsageRepairCounts
}

/// What became of such a chunk.
package enum FileChunkOutcome: Sendable, Equatable {
    /// It is durable and counted.
    case counted
    /// Nothing was counted: some of its ids have become durable since it was read. It is to be read again.
    case repeated
    /// Nothing was counted: a table has to be sealed first.
    case full
    /// Nothing was counted: no input is taken for now.
    case closed
}

/// What a write-ahead record says of followed files beside the events that it counts.
package struct FileRecord: Sendable {
    var changes: CheckpointChanges
    /// Records that were refused: they go to quarantine with the batch that covers the write-ahead record.
    var refused: [QuarantineEntry]
    /// Of this run alone.
    var repairs = UsageRepairCounts()

    init(changes: CheckpointChanges, refused: [QuarantineEntry], repairs: UsageRepairCounts) {
        self.changes = changes
        self.refused = refused
        self.repairs = repairs
    }

    /// Reads it of a write-ahead record; `nil` where that is of pushed events.
    ///
    /// - Throws: ``BatchError`` for bytes that can't be read: the record counts for nothing then, and what it counted
    ///   is read again.
    init?(of accepted: AcceptedRows) throws(BatchError) {
        if accepted.checkpoint.isEmpty { return nil }
        do {
            changes = try CheckpointCodec.decodeChanges(accepted.checkpoint)
            refused = try accepted.refused.isEmpty ? [] : RefusedRecords.decode(accepted.refused)
        } catch {
            throw BatchError(.badMessage, field: "accepted_rows.checkpoint", "\(error)")
        }
    }
}

/// Refused records as bytes of a write-ahead record.
enum RefusedRecords {
    private struct Entry: Codable {
        var record: QuarantinedRecord
        var time: Int64
    }

    static func encode(_ entries: [QuarantineEntry]) throws -> [UInt8] {
        if entries.isEmpty { return [] }
        let encoder = JSONEncoder()
        // Base64 would be longer than its own length says.
        encoder.outputFormatting = .withoutEscapingSlashes
        return Array(
            try encoder.encode(
                entries.map { Entry(record: QuarantinedRecord($0), time: $0.timeMilliseconds) }))
    }

    static func decode(_ bytes: [UInt8]) throws -> [QuarantineEntry] {
        try JSONDecoder().decode([Entry].self, from: Data(bytes)).map { entry in
            let record = entry.record
            let rejection = Rejection(
                RejectionReason(rawValue: record.reason) ?? .syntax, field: record.field, detail: record.detail)
            let bytes = [UInt8](record.bytes)
            var refused = unsafe QuarantineEntry(
                rejection, record: bytes.span.bytes,
                position: RecordPosition(line: record.line, byteOffset: record.offset), source: record.source,
                file: record.file ?? "", timeMilliseconds: entry.time)
            refused.kept = record.kept
            refused.memory = record.header.map { [UInt8]($0) } ?? []
            return refused
        }
    }
}
