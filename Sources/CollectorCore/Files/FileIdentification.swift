internal import Spool
internal import UsageModel

/// A file of a source, whatever its name is at the moment.
package struct FileID: Sendable, Hashable {
    package var source: String
    package var device: UInt64
    package var inode: UInt64

    package init(source: String, device: UInt64, inode: UInt64) {
        self.source = source
        self.device = device
        self.inode = inode
    }
}

/// The first bytes of a file in short: tells a file from another one that got its inode, and a log that was copied away
/// and started over from one that grew.
package struct FileFingerprint: Sendable, Hashable, Codable {
    /// The most leading bytes that are looked at.
    package static let maxBytes = 1_024

    /// How many leading bytes it covers; 0 for a file that was empty.
    package var length: Int
    /// FNV-1a over those bytes, 64 bits.
    package var hash: UInt64

    package static let empty = FileFingerprint(length: 0, hash: 0xcbf2_9ce4_8422_2325)

    package init(length: Int, hash: UInt64) {
        self.length = length
        self.hash = hash
    }

    package init(_ head: RawSpan) {
        self = .empty
        for index in 0..<min(head.byteCount, Self.maxBytes) {
            hash = (hash ^ UInt64(head.byte(at: index))) &* 0x0000_0100_0000_01b3
            length += 1
        }
    }
}

/// Decides which file is which: the one place that knows by what a file is told from another.
///
/// A name says nothing, since logs are renamed: a file is its inode, as long as it begins with the bytes that were seen
/// there. A call that fails decides nothing: a file that can't be looked at now isn't another one.
struct FileIdentification {
    let fileSystem: any FileSystem
    /// Reused from look to look.
    private var head: [UInt8] = []

    init(fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
    }

    func id(of status: FileStatus, source: String) -> FileID {
        FileID(source: source, device: status.device, inode: status.inode)
    }

    /// The fingerprint of the first `length` bytes, or of as many as there are.
    mutating func fingerprint(
        of file: OpenFile, length: Int = FileFingerprint.maxBytes
    ) throws(FileSystemError) -> FileFingerprint {
        let count = try fileSystem.readAll(file, at: 0, count: min(length, FileFingerprint.maxBytes), into: &head)
        return unsafe FileFingerprint(head.span.bytes.extracting(0..<count))
    }

    /// Whether an open file begins as the file did whose fingerprint that is.
    mutating func isSame(_ file: OpenFile, as known: FileFingerprint) throws(FileSystemError) -> Bool {
        try fingerprint(of: file, length: known.length) == known
    }

    /// Names by inode of the directories that were listed in one look; each is listed once.
    struct Listings {
        fileprivate var names: [String: [UInt64: [String]]] = [:]
    }

    /// Where a file is now that was renamed while nobody looked: in its old directory, under another name or its own.
    ///
    /// - Returns: `nil` where it is not there.
    func findRenamed(
        _ id: FileID, lastPath: String, _ listings: inout Listings
    ) throws(FileSystemError) -> (path: String, status: FileStatus)? {
        let directory = Self.directory(of: lastPath)
        for name in try names(of: id.inode, in: directory, &listings) {
            let path = "\(directory)/\(name)"
            let status: FileStatus
            do throws(FileSystemError) {
                status = try fileSystem.status(path)
            } catch {
                // Gone since it was listed.
                if error.isNotFound { continue }
                throw error
            }
            // A directory may hold names of other file systems, which number their files themselves.
            if status.isRegular, status.device == id.device, status.inode == id.inode { return (path, status) }
        }
        return nil
    }

    private func names(
        of inode: UInt64, in directory: String, _ listings: inout Listings
    ) throws(FileSystemError) -> [String] {
        if let known = listings.names[directory] { return known[inode] ?? [] }
        var names: [UInt64: [String]] = [:]
        do throws(FileSystemError) {
            for entry in try fileSystem.entries(directory) { names[entry.inode, default: []].append(entry.name) }
        } catch {
            // Gone, and its files with it.
            if !error.isNotFound { throw error }
        }
        listings.names[directory] = names
        return names[inode] ?? []
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
