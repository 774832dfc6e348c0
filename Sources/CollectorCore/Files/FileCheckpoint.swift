internal import Foundation
package import SourceFormats
internal import UsageModel

/// How far a file has been read: kept in every batch record, so that reading resumes exactly behind the last batch.
package struct FileCheckpoint: Sendable, Hashable {
    /// Where the file was last seen.
    package var path: String
    package var fingerprint: FileFingerprint
    /// Where the next record starts; in bytes after decompression for a compressed file.
    package var intake: ParserCheckpoint
    /// Whether a compressed file was read to its end.
    package var isFinished: Bool

    package init(
        path: String, fingerprint: FileFingerprint = .empty, intake: ParserCheckpoint = .start,
        isFinished: Bool = false
    ) {
        self.path = path
        self.fingerprint = fingerprint
        self.intake = intake
        self.isFinished = isFinished
    }
}

/// The checkpoints of all files as the bytes that a batch record carries: JSON, with a version.
package enum CheckpointCodec {
    package static let version = 1

    private struct Document: Codable {
        var version: Int
        var files: [Entry]
    }

    private struct Entry: Codable {
        var source: String
        var device: UInt64
        var inode: UInt64
        var path: String
        var fingerprint: FileFingerprint
        var offset: UInt64
        var line: UInt64
        var inLongRecord: Bool?
        /// ``ParserCheckpoint/memory``.
        var memory: Data?
        /// What `memory` was called in version 0.x; read, never written.
        var csvHeader: Data?
        var finished: Bool?
    }

    package struct Unreadable: Error, CustomStringConvertible {
        package var description: String
    }

    package static func encode(_ checkpoints: [FileID: FileCheckpoint]) throws -> [UInt8] {
        let entries = checkpoints.map { id, checkpoint in
            Entry(
                source: id.source, device: id.device, inode: id.inode, path: checkpoint.path,
                fingerprint: checkpoint.fingerprint, offset: checkpoint.intake.position.byteOffset,
                line: checkpoint.intake.position.line,
                inLongRecord: checkpoint.intake.isInsideLongRecord ? true : nil,
                memory: checkpoint.intake.memory.isEmpty ? nil : Data(checkpoint.intake.memory),
                finished: checkpoint.isFinished ? true : nil)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let sorted = entries.sorted { ($0.source, $0.path, $0.inode) < ($1.source, $1.path, $1.inode) }
        return Array(try encoder.encode(Document(version: version, files: sorted)))
    }

    package static func decode(_ bytes: [UInt8]) throws -> [FileID: FileCheckpoint] {
        if bytes.isEmpty { return [:] }
        let document = try JSONDecoder().decode(Document.self, from: Data(bytes))
        guard document.version == version else {
            throw Unreadable(description: "checkpoint version \(document.version) is not known")
        }
        var checkpoints: [FileID: FileCheckpoint] = [:]
        for entry in document.files {
            let position = RecordPosition(line: entry.line, byteOffset: entry.offset)
            let intake = ParserCheckpoint(
                position: position, isInsideLongRecord: entry.inLongRecord ?? false,
                memory: (entry.memory ?? entry.csvHeader).map(Array.init) ?? [])
            checkpoints[FileID(source: entry.source, device: entry.device, inode: entry.inode)] = FileCheckpoint(
                path: entry.path, fingerprint: entry.fingerprint, intake: intake, isFinished: entry.finished ?? false)
        }
        return checkpoints
    }
}
