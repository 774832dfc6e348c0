internal import BatchFormat
internal import Crypto
internal import Spool
internal import UsageModel

/// The directory of what was counted of each export's version, `version-NUMBER.sums`.
///
/// A file is written and synced before its version is counted, never changed, and removed once a batch is durable that
/// says that another version counts. Which files hold is said by the checkpoint of the last durable batch alone, so
/// that a start finds what that batch counted, whatever was under way.
///
/// A file is: magic `STYDVER1`; the length of the first record (8 bytes, little-endian); two records as write-ahead
/// logs have them, compressed: the rows with the hashes of refused records, and the same rows with their events as
/// requests; and the SHA-256 of all of it.
struct VersionStore {
    /// What a file can't be used for.
    enum Failure: Error {
        /// It isn't there, or isn't what was written.
        case damaged(String)
        case unreadable(FileSystemError)
    }

    private static let magic = Array("STYDVER1".utf8)
    private static let headerBytes = 16
    private static let digestBytes = 32
    /// The largest file, in bytes.
    private static let maxFileBytes: UInt64 = 64 << 20
    /// The most bytes that a record is decompressed to.
    private static let maxRecordBytes = 32 << 20

    let directory: String
    let fileSystem: any FileSystem

    private func name(_ number: UInt64) -> String { "version-\(number).sums" }

    private static func number(_ name: String) -> UInt64? {
        guard name.hasPrefix("version-"), name.hasSuffix(".sums") else { return nil }
        return UInt64(name.dropFirst("version-".count).dropLast(".sums".count))
    }

    /// The numbers of all files; none where there is no directory.
    func numbers() -> [UInt64] { ((try? fileSystem.list(directory)) ?? []).compactMap(Self.number) }

    /// Removes files that were being made.
    func removeUnfinished() {
        for name in (try? fileSystem.list(directory)) ?? [] where name.hasPrefix("version-") && name.hasSuffix(".new") {
            try? fileSystem.remove("\(directory)/\(name)")
        }
    }

    func remove(_ number: UInt64) { try? fileSystem.remove("\(directory)/\(name(number))") }

    /// Makes the sums durable.
    ///
    /// - Throws: `FileSystemError`, or what encoding throws.
    func write(_ sums: VersionSums, number: UInt64) throws {
        let rows = try CheckpointCodec.compress(
            RowsCodec.encode(
                AcceptedRows(
                    rows: sums.rows, eventCount: sums.eventCount,
                    fingerprints: AcceptedFingerprints(
                        acceptedAtMilliseconds: 1,
                        fingerprints: sums.refused.enumerated().map {
                            EventFingerprint(key: UInt128($0.offset), content: $0.element)
                        }))))
        let events = try CheckpointCodec.compress(
            RowsCodec.encode(AcceptedRows(rows: sums.eventRows, eventCount: sums.eventCount)))
        var bytes = Self.magic
        for shift in stride(from: 0, to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: UInt64(rows.count) >> UInt64(shift)))
        }
        bytes += rows
        bytes += events
        bytes += Array(SHA256.hash(data: bytes))
        try fileSystem.createDirectory(directory)
        try fileSystem.writeDurably(bytes, as: name(number), in: directory)
    }

    func read(_ number: UInt64) throws(Failure) -> VersionSums {
        let bytes = try bytes(of: number)
        let path = "\(directory)/\(name(number))"
        let end = bytes.count - Self.digestBytes
        guard end >= Self.headerBytes, Array(bytes.prefix(Self.magic.count)) == Self.magic,
            Array(SHA256.hash(data: bytes[..<end])) == Array(bytes[end...])
        else { throw .damaged("\(path) is damaged") }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[Self.magic.count + $1]) << UInt64(8 * $1) }
        guard length <= UInt64(end - Self.headerBytes) else { throw .damaged("\(path) is damaged") }
        let middle = Self.headerBytes + Int(length)
        do {
            let rows = try Self.record(bytes[Self.headerBytes..<middle])
            let events = try Self.record(bytes[middle..<end])
            guard rows.rows.rows.count == events.rows.rows.count else { throw Failure.damaged("its records differ") }
            var sums = VersionSums()
            sums.rows = rows.rows
            sums.events = events.rows.rows.map(\.counts.requests)
            sums.refused = rows.fingerprints.fingerprints.map(\.content)
            return sums
        } catch {
            throw .damaged("\(path) can't be read: \(error)")
        }
    }

    private func bytes(of number: UInt64) throws(Failure) -> [UInt8] {
        let path = "\(directory)/\(name(number))"
        do throws(FileSystemError) {
            let file = try fileSystem.open(path, .read)
            defer { fileSystem.close(file) }
            let size = min(try fileSystem.size(file), Self.maxFileBytes)
            var bytes: [UInt8] = []
            let count = try fileSystem.readAll(file, at: 0, count: Int(size), into: &bytes)
            return Array(bytes.prefix(count))
        } catch {
            if error.isNotFound { throw .damaged("\(path) is gone") }
            throw .unreadable(error)
        }
    }

    private static func record(_ bytes: ArraySlice<UInt8>) throws -> AcceptedRows {
        try RowsCodec.decode(Compression.zstd.decompress(Array(bytes), limit: maxRecordBytes, maxWindowLog: 27))
    }
}
