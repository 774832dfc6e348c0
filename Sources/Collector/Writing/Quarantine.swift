internal import CollectorCore
internal import Foundation
internal import Glibc
internal import Telemetry
internal import UsageModel

/// The directory of records that were not counted, as NDJSON, within a size.
///
/// Records of files stand in one file per batch, `batch-SPOOL_SEQUENCE.ndjson`, synced before the batch is: so a batch that
/// never became durable, whose input will be read again, takes its file with it at the next start, and nothing stands
/// there twice. Pushed records stand in `pushed-NUMBER.ndjson`; their sender was told about each of them.
struct Quarantine: QuarantineWriter {
    /// Size at which a file of pushed records is closed and the next begun, in bytes.
    static let pushedFileBytes = 4 << 20

    private struct Kept {
        var name: String
        var bytes: Int
        var records: Int
    }

    let directory: String
    let maxBytes: Int
    private let metrics: CollectorMetrics
    /// Oldest first.
    private var kept: [Kept] = []
    private var nextPushed = 1

    /// Opens the directory and drops what belongs to batches that never became durable.
    ///
    /// - Parameter nextSpoolSequence: the spool sequence that the next batch will have.
    init(directory: String, maxBytes: Int, nextSpoolSequence: UInt64, metrics: CollectorMetrics) throws {
        self.directory = directory
        self.maxBytes = maxBytes
        self.metrics = metrics
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in try manager.contentsOfDirectory(atPath: directory) where name.hasSuffix(".ndjson") {
            if let spoolSequence = Self.number(name, "batch-"), spoolSequence >= nextSpoolSequence {
                try manager.removeItem(atPath: "\(directory)/\(name)")
                continue
            }
            if let number = Self.number(name, "pushed-") { nextPushed = max(nextPushed, Int(number) + 1) }
            let size = LocalFiles.status("\(directory)/\(name)")?.size ?? 0
            kept.append(Kept(name: name, bytes: Int(size), records: Self.countLines("\(directory)/\(name)")))
        }
        kept = kept.sorted { modified($0.name) < modified($1.name) }
        metrics.quarantineBytes.set(bytes)
    }

    /// Bytes of all files.
    var bytes: Int { kept.reduce(0) { $0 + $1.bytes } }

    /// Writes the records of a batch that is about to be sealed, durably.
    mutating func write(_ entries: [QuarantineEntry], spoolSequence: UInt64) throws {
        guard !entries.isEmpty else { return }
        let digits = String(spoolSequence)
        let name = "batch-\(String(repeating: "0", count: max(0, 12 - digits.count)))\(digits).ndjson"
        // A seal that failed and is tried again writes the same file anew.
        kept.removeAll { $0.name == name }
        try append(entries, to: name, isDurable: true, replacing: true)
    }

    /// Writes pushed records. They are not synced: their sender has the list.
    mutating func writePushed(_ entries: [QuarantineEntry]) throws {
        guard !entries.isEmpty else { return }
        let open = "pushed-\(nextPushed).ndjson"
        if let file = kept.first(where: { $0.name == open }), file.bytes >= Self.pushedFileBytes { nextPushed += 1 }
        try append(entries, to: "pushed-\(nextPushed).ndjson", isDurable: false, replacing: false)
    }

    private mutating func append(
        _ entries: [QuarantineEntry], to name: String, isDurable: Bool, replacing: Bool
    ) throws {
        var text: [UInt8] = []
        for entry in entries { text += try Self.line(entry) }
        try Self.write(text, to: "\(directory)/\(name)", isDurable: isDurable, replacing: replacing)
        if let index = kept.firstIndex(where: { $0.name == name }) {
            kept[index].bytes += text.count
            kept[index].records += entries.count
        } else {
            kept.append(Kept(name: name, bytes: text.count, records: entries.count))
        }
        dropOldest()
    }

    private mutating func dropOldest() {
        while bytes > maxBytes, kept.count > 1 {
            let oldest = kept.removeFirst()
            try? FileManager.default.removeItem(atPath: "\(directory)/\(oldest.name)")
            metrics.quarantineDropped.increment(by: UInt64(oldest.records))
        }
        metrics.quarantineBytes.set(bytes)
    }

    // MARK: Files

    private struct Line: Encodable {
        var time: String
        var source: String
        var file: String?
        var line: UInt64
        var offset: UInt64
        var reason: String
        var field: String
        var detail: String
        var bytes: Data
        var truncated: Bool
    }

    static func line(_ entry: QuarantineEntry) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = Line(
            time: Timestamp.text(milliseconds: entry.timeMilliseconds), source: entry.source,
            file: entry.file.isEmpty ? nil : entry.file, line: entry.position.line,
            offset: entry.position.byteOffset, reason: entry.rejection.reason.rawValue,
            field: entry.rejection.field, detail: entry.rejection.detail, bytes: Data(entry.bytes),
            truncated: entry.isTruncated)
        return Array(try encoder.encode(line)) + [0x0A]
    }

    private static func write(_ bytes: [UInt8], to path: String, isDurable: Bool, replacing: Bool) throws {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (replacing ? O_TRUNC : O_APPEND)
        let descriptor = unsafe open(path, flags, 0o600)
        guard descriptor >= 0 else { throw POSIXFailure(call: "open", path: path) }
        defer { _ = close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw POSIXFailure(call: "write", path: path) }
            written += count
        }
        if isDurable, fdatasync(descriptor) != 0 { throw POSIXFailure(call: "fdatasync", path: path) }
    }

    private static func number(_ name: String, _ prefix: String) -> UInt64? {
        guard name.hasPrefix(prefix) else { return nil }
        return UInt64(name.dropFirst(prefix.count).dropLast(".ndjson".count))
    }

    private static func countLines(_ path: String) -> Int {
        (FileManager.default.contents(atPath: path) ?? Data()).count { $0 == 0x0A }
    }

    private func modified(_ name: String) -> Date {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
        return attributes?[.modificationDate] as? Date ?? .distantPast
    }
}

/// A failed system call.
struct POSIXFailure: Error, CustomStringConvertible {
    var description: String

    init(call: String, path: String, code: Int32 = errno) {
        description = "\(call) of \(path): \(LocalFiles.errorText(code))"
    }
}

/// Times as people read them.
enum Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    static func text(milliseconds: Int64) -> String {
        let second = milliseconds.flooredDivision(by: 1_000)
        let digits = String(milliseconds - second * 1_000 + 1_000).dropFirst()
        return "\(CivilTime.clockText(second: second)).\(digits)Z"
    }
}
