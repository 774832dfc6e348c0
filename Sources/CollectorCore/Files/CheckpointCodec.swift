internal import CZstd
internal import Foundation
internal import SourceFormats
internal import UsageModel

/// The checkpoints of all files and tables as the bytes that a batch record carries: JSON with a version, as a zstd frame
/// where there is much of it.
package enum CheckpointCodec {
    package static let version = 2
    /// The version where tables or exports were read too: an older collector that passed them over would count them again.
    static let versionBeyondFiles = 3
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
        /// By source.
        var tables: [String: TableCheckpoint]?
        var exports: [Export]?
    }

    private struct Export: Codable {
        var source: String
        var path: String
        var number: UInt64
        var digest: Data
        var bytes: UInt64
        var offset: UInt64?
        var line: UInt64?
        /// ``ParserCheckpoint/memory``.
        var memory: Data?
        var endsWithLine: Bool
        var refused: UInt64
        var look: ExportCheckpoint.Look
        var former: [UInt64]
        var closedThrough: Int64?
        var goneAt: Int64?
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

    package static func encode(
        _ checkpoints: [FileID: FileCheckpoint], tables: [String: TableCheckpoint] = [:],
        exports: [ExportPlace: ExportCheckpoint] = [:]
    ) throws -> [UInt8] {
        try encode(CheckpointChanges(checkpoints: checkpoints), tables: tables, exports: exports)
    }

    static func encode(
        _ changes: CheckpointChanges, tables: [String: TableCheckpoint] = [:],
        exports: [ExportPlace: ExportCheckpoint] = [:]
    ) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let sorted = changes.checkpoints.map(entry).sorted {
            ($0.source, $0.path, $0.inode, $0.orphan ?? 0) < ($1.source, $1.path, $1.inode, $1.orphan ?? 0)
        }
        var document = Document(version: version, files: sorted, whole: changes.wholeSource)
        if !tables.isEmpty || !exports.isEmpty { document.version = versionBeyondFiles }
        if !tables.isEmpty { document.tables = tables }
        if !exports.isEmpty {
            document.exports = exports.map(export).sorted { ($0.source, $0.path) < ($1.source, $1.path) }
        }
        let bytes = Array(try encoder.encode(document))
        return bytes.count < compressedFromBytes ? bytes : try compress(bytes)
    }

    package static func decode(_ bytes: [UInt8]) throws -> [FileID: FileCheckpoint] {
        try decodeChanges(bytes).checkpoints
    }

    static func decodeChanges(_ bytes: [UInt8]) throws -> CheckpointChanges {
        let document = try document(bytes)
        var checkpoints: [FileID: FileCheckpoint] = [:]
        for entry in document.files {
            let id = FileID(
                source: entry.source, device: entry.device, inode: entry.inode, orphan: entry.orphan ?? 0)
            checkpoints[id] = checkpoint(entry)
        }
        return CheckpointChanges(wholeSource: document.whole, checkpoints: checkpoints)
    }

    /// The tables of the same bytes, by source.
    package static func decodeTables(_ bytes: [UInt8]) throws -> [String: TableCheckpoint] {
        try document(bytes).tables ?? [:]
    }

    /// The exports of the same bytes.
    package static func decodeExports(_ bytes: [UInt8]) throws -> [ExportPlace: ExportCheckpoint] {
        var checkpoints: [ExportPlace: ExportCheckpoint] = [:]
        for export in try document(bytes).exports ?? [] {
            checkpoints[ExportPlace(source: export.source, path: export.path)] = checkpoint(export)
        }
        return checkpoints
    }

    private static func document(_ bytes: [UInt8]) throws -> Document {
        if bytes.isEmpty { return Document(version: version, files: []) }
        let isJSON = bytes.first == UInt8(ascii: "{")
        let plain = isJSON ? bytes : try Compression.zstd.decompress(bytes, limit: maxBytes, maxWindowLog: 27)
        let document = try JSONDecoder().decode(Document.self, from: Data(plain))
        guard (versionOfPlaces...versionBeyondFiles).contains(document.version) else {
            throw Unreadable(description: "checkpoint version \(document.version) is not known")
        }
        return document
    }

    private static func export(_ place: ExportPlace, _ checkpoint: ExportCheckpoint) -> Export {
        Export(
            source: place.source, path: place.path, number: checkpoint.number, digest: Data(checkpoint.digest),
            bytes: checkpoint.byteCount, offset: checkpoint.end?.position.byteOffset,
            line: checkpoint.end?.position.line, memory: checkpoint.end.map { Data($0.memory) },
            endsWithLine: checkpoint.endsWithLine, refused: checkpoint.refusedCount, look: checkpoint.look,
            former: checkpoint.former, closedThrough: checkpoint.closedThrough,
            goneAt: checkpoint.goneAtMilliseconds)
    }

    private static func checkpoint(_ export: Export) -> ExportCheckpoint {
        var checkpoint = ExportCheckpoint(
            number: export.number, digest: Array(export.digest), byteCount: export.bytes,
            endsWithLine: export.endsWithLine, refusedCount: export.refused, look: export.look)
        if let offset = export.offset, let line = export.line {
            checkpoint.end = ParserCheckpoint(
                position: RecordPosition(line: line, byteOffset: offset), memory: export.memory.map(Array.init) ?? [])
        }
        checkpoint.former = export.former
        checkpoint.closedThrough = export.closedThrough
        checkpoint.goneAtMilliseconds = export.goneAt
        return checkpoint
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

    package static func compress(_ bytes: [UInt8]) throws -> [UInt8] {
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
