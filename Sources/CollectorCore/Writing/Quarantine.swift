package import Spool
internal import UsageModel

/// The directory of records that were not counted, as NDJSON, within a size.
///
/// Records of files stand in one file per batch, `batch-SPOOL_SEQUENCE.ndjson`, synced before the batch is: so a batch
/// that never became durable, whose input will be read again, takes its file with it at the next start, and nothing
/// stands there twice. Pushed records stand in `pushed-NUMBER.ndjson`, synced with the write-ahead record that counts
/// them as refused.
///
/// Records that were read again and counted leave their file: see ``Requeue``.
package struct Quarantine {
    /// Size at which a file of pushed records is closed and the next begun, in bytes.
    static let pushedFileBytes = 4 << 20

    /// What the metrics are told.
    package enum Note: Sendable {
        /// All files together have so many bytes now.
        case holds(byteCount: Int)
        /// The oldest file went, and so many records with it.
        case dropped(records: Int)
    }

    struct Kept {
        var name: String
        var bytes: Int
        var records: Int
    }

    let directory: String
    let maxBytes: Int
    let fileSystem: any FileSystem
    let note: @Sendable (Note) -> Void
    /// Oldest first.
    var kept: [Kept] = []
    var nextPushed: UInt64 = 1
    /// The file of pushed records that was written to since the last ``synchronizePushed()``.
    private var unsynced: String?
    /// Files of which some records are being counted, or were and still stand there.
    var requeues: [Requeue] = []

    /// Opens the directory and drops what belongs to batches that never became durable.
    ///
    /// - Parameters:
    ///   - maxBytes: size of all files beyond which the oldest go.
    ///   - nextSpoolSequence: the spool sequence that the next batch will have.
    /// - Throws: `FileSystemError` where the directory can't be made, read or cleared.
    package init(
        directory: String, maxBytes: Int, nextSpoolSequence: UInt64, fileSystem: any FileSystem,
        note: @escaping @Sendable (Note) -> Void
    ) throws {
        self.directory = directory
        self.maxBytes = maxBytes
        self.fileSystem = fileSystem
        self.note = note
        try fileSystem.createDirectory(directory)
        var found: [(kept: Kept, modified: Int64)] = []
        for name in try fileSystem.list(directory).sorted() {
            if let requeue = Requeue(fileName: name) { requeues.append(requeue) }
            guard name.hasSuffix(".ndjson") else { continue }
            let path = "\(directory)/\(name)"
            if let spoolSequence = Self.number(name, after: "batch-"), spoolSequence >= nextSpoolSequence {
                try fileSystem.remove(path)
                continue
            }
            if let number = Self.number(name, after: "pushed-") { nextPushed = max(nextPushed, number + 1) }
            let file = try fileSystem.open(path, .read)
            defer { fileSystem.close(file) }
            let status = try fileSystem.status(file)
            let records = try Self.countLines(file, byteCount: Int(status.byteCount), on: fileSystem)
            found.append((Kept(name: name, bytes: Int(status.byteCount), records: records), status.modifiedNanoseconds))
        }
        kept = found.sorted { $0.modified < $1.modified }.map(\.kept)
        note(.holds(byteCount: bytes))
    }

    /// Bytes of all files.
    package var bytes: Int { kept.reduce(0) { $0 + $1.bytes } }

    /// Writes the records of a batch that is about to be sealed, durably.
    mutating func write(_ entries: [QuarantineEntry], spoolSequence: UInt64) throws {
        // What was counted must be gone from its file before the batch covers the record that says so.
        try completeRequeues()
        guard !entries.isEmpty else { return }
        let name = Self.name(ofBatch: spoolSequence)
        // A seal that failed and is tried again writes the same file anew.
        kept.removeAll { $0.name == name }
        try append(entries, to: name, isDurable: true, replacing: true)
    }

    /// Writes pushed records; ``synchronizePushed()`` makes them durable.
    mutating func writePushed(_ entries: [QuarantineEntry]) throws {
        guard !entries.isEmpty else { return }
        let open = Self.name(ofPushed: nextPushed)
        if let file = kept.first(where: { $0.name == open }), file.bytes >= Self.pushedFileBytes {
            try synchronizePushed()
            nextPushed += 1
        }
        unsynced = Self.name(ofPushed: nextPushed)
        try append(entries, to: Self.name(ofPushed: nextPushed), isDurable: false, replacing: false)
    }

    /// Makes pushed records durable.
    mutating func synchronizePushed() throws {
        guard let name = unsynced else { return }
        unsynced = nil
        guard kept.contains(where: { $0.name == name }) else { return }
        let file = try fileSystem.open("\(directory)/\(name)", .readWrite)
        defer { fileSystem.close(file) }
        try fileSystem.synchronize(file)
        try fileSystem.synchronizeDirectory(directory)
    }

    static func name(ofPushed number: UInt64) -> String { "pushed-\(number).ndjson" }

    static func name(ofBatch spoolSequence: UInt64) -> String {
        let digits = String(spoolSequence)
        return "batch-\(String(repeating: "0", count: max(0, 12 - digits.count)))\(digits).ndjson"
    }

    private mutating func append(
        _ entries: [QuarantineEntry], to name: String, isDurable: Bool, replacing: Bool
    ) throws {
        var text: [UInt8] = []
        for entry in entries { text += try QuarantinedRecord(entry).encoded() }
        try write(text, to: "\(directory)/\(name)", isDurable: isDurable, replacing: replacing)
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
            try? fileSystem.remove("\(directory)/\(oldest.name)")
            forgetRequeues(of: oldest.name)
            note(.dropped(records: oldest.records))
        }
        note(.holds(byteCount: bytes))
    }

    // MARK: Files

    func write(
        _ bytes: [UInt8], to path: String, isDurable: Bool, replacing: Bool
    ) throws(FileSystemError) {
        let file = try fileSystem.open(path, replacing ? .replace : .readWrite)
        defer { fileSystem.close(file) }
        let end = replacing ? 0 : try fileSystem.size(file)
        unsafe try fileSystem.writeAll(file, at: end, bytes.span.bytes)
        guard isDurable else { return }
        try fileSystem.synchronize(file)
        // The name as well: without it a power cut takes the file, however durable its bytes are.
        try fileSystem.synchronizeDirectory(directory)
    }

    static func number(_ name: String, after prefix: String) -> UInt64? {
        guard name.hasPrefix(prefix) else { return nil }
        return UInt64(name.dropFirst(prefix.count).dropLast(".ndjson".count))
    }

    private static func countLines(
        _ file: OpenFile, byteCount: Int, on fileSystem: any FileSystem
    ) throws(FileSystemError) -> Int {
        var bytes: [UInt8] = []
        let count = try fileSystem.readAll(file, at: 0, count: byteCount, into: &bytes)
        return bytes[..<count].count { $0 == 0x0A }
    }
}
