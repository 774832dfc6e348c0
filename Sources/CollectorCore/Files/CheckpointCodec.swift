internal import CZstd
internal import Foundation
internal import SourceFormats
internal import UsageModel

/// The checkpoints of all files as the bytes that a batch record carries: JSON with a version, as a zstd frame where
/// there is much of it.
package enum CheckpointCodec {
    package static let version = 2
    /// The version that told files by device and inode alone; read, never written.
    static let versionOfPlaces = 1
    /// Bytes of JSON from which on they are compressed.
    static let compressedFromBytes = 8 << 10
    /// The most bytes that are decompressed: far above what a checkpoint of the largest size holds.
    static let maxBytes = 256 << 20

    private struct Document: Codable {
        var version: Int
        var files: [Entry]
        /// ``CheckpointChanges/wholeSource``.
        var whole: String?
    }

    private struct Entry: Codable {
        var source: String
        var device: UInt64
        var inode: UInt64
        var orphan: UInt64?
        var orphanedAt: Int64?
        var path: String
        var fingerprint: FileFingerprint
        var zeros: UInt64?
        var first: FileFingerprint?
        var tail: FileFingerprint?
        var offset: UInt64
        var line: UInt64
        var inLongRecord: Bool?
        /// ``ParserCheckpoint/memory``.
        var memory: Data?
        /// What `memory` was called in version 0.x; read, never written.
        var csvHeader: Data?
        var finished: Bool?
        var seen: UInt64?
    }

    package struct Unreadable: Error, CustomStringConvertible {
        package var description: String
    }

    package static func encode(_ checkpoints: [FileID: FileCheckpoint]) throws -> [UInt8] {
        try encode(CheckpointChanges(checkpoints: checkpoints))
    }

    static func encode(_ changes: CheckpointChanges) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let sorted = changes.checkpoints.map(entry).sorted {
            ($0.source, $0.path, $0.inode, $0.orphan ?? 0) < ($1.source, $1.path, $1.inode, $1.orphan ?? 0)
        }
        let bytes = Array(try encoder.encode(Document(version: version, files: sorted, whole: changes.wholeSource)))
        return bytes.count < compressedFromBytes ? bytes : try compress(bytes)
    }

    package static func decode(_ bytes: [UInt8]) throws -> [FileID: FileCheckpoint] {
        try decodeChanges(bytes).checkpoints
    }

    static func decodeChanges(_ bytes: [UInt8]) throws -> CheckpointChanges {
        if bytes.isEmpty { return CheckpointChanges(checkpoints: [:]) }
        let isJSON = bytes.first == UInt8(ascii: "{")
        let plain = isJSON ? bytes : try Compression.zstd.decompress(bytes, limit: maxBytes, maxWindowLog: 27)
        let document = try JSONDecoder().decode(Document.self, from: Data(plain))
        guard document.version == version || document.version == versionOfPlaces else {
            throw Unreadable(description: "checkpoint version \(document.version) is not known")
        }
        var checkpoints: [FileID: FileCheckpoint] = [:]
        for entry in document.files {
            let id = FileID(
                source: entry.source, device: entry.device, inode: entry.inode, orphan: entry.orphan ?? 0)
            checkpoints[id] = checkpoint(entry)
        }
        return CheckpointChanges(wholeSource: document.whole, checkpoints: checkpoints)
    }

    private static func entry(_ id: FileID, _ checkpoint: FileCheckpoint) -> Entry {
        let intake = checkpoint.intake
        return Entry(
            source: id.source, device: id.device, inode: id.inode, orphan: id.orphan == 0 ? nil : id.orphan,
            orphanedAt: checkpoint.orphanedAtMilliseconds, path: checkpoint.path, fingerprint: checkpoint.fingerprint,
            zeros: checkpoint.leadingZeros == 0 ? nil : checkpoint.leadingZeros, first: checkpoint.firstEvent,
            tail: checkpoint.tail, offset: intake.position.byteOffset, line: intake.position.line,
            inLongRecord: intake.isInsideLongRecord ? true : nil,
            memory: intake.memory.isEmpty ? nil : Data(intake.memory), finished: checkpoint.isFinished ? true : nil,
            seen: checkpoint.unreadBytes == 0 ? nil : checkpoint.seenBytes)
    }

    private static func checkpoint(_ entry: Entry) -> FileCheckpoint {
        let intake = ParserCheckpoint(
            position: RecordPosition(line: entry.line, byteOffset: entry.offset),
            isInsideLongRecord: entry.inLongRecord ?? false,
            memory: (entry.memory ?? entry.csvHeader).map(Array.init) ?? [])
        var checkpoint = FileCheckpoint(
            path: entry.path, fingerprint: entry.fingerprint, intake: intake, isFinished: entry.finished ?? false)
        checkpoint.leadingZeros = entry.zeros ?? 0
        checkpoint.firstEvent = entry.first
        checkpoint.tail = entry.tail
        checkpoint.seenBytes = entry.seen ?? 0
        checkpoint.orphanedAtMilliseconds = entry.orphanedAt
        return checkpoint
    }

    private static func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        var result = 0
        let frame = unsafe [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { output, count in
            result = unsafe bytes.withUnsafeBytes { input in
                unsafe ZSTD_compress(
                    output.baseAddress, output.count, input.baseAddress, input.count, ZSTD_defaultCLevel())
            }
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        guard ZSTD_isError(result) == 0 else {
            throw Unreadable(description: "zstd: \(unsafe String(cString: ZSTD_getErrorName(result)))")
        }
        return frame
    }
}
