internal import Spool
internal import UsageModel

/// A file of a source: a place, told by device and inode, or what was read of one that has left its place.
package struct FileID: Sendable, Hashable {
    package var source: String
    package var device: UInt64
    package var inode: UInt64
    /// 0 for what lies there now; a number of its own for what lay there and is looked for.
    package var orphan: UInt64

    package init(source: String, device: UInt64, inode: UInt64, orphan: UInt64 = 0) {
        self.source = source
        self.device = device
        self.inode = inode
        self.orphan = orphan
    }
}

/// How a file stands to what was read of one.
enum FileLikeness: Equatable {
    /// It begins with the same bytes, and those before the checkpoint are the same too: it goes on from there.
    case same
    /// As far as it goes it may be the same, and it ends before the checkpoint.
    case shorter
    /// It begins with the same event, and zeros stand where the checkpoint is: a power failure took what was read last.
    case zeroed
    /// Its first event is the same, and not all of what follows within the fingerprint.
    case changed
    /// All that the fingerprint covers is the same, and not what stands before the checkpoint.
    case rewritten
    /// Another file.
    case other
    /// There is too little of it to tell.
    case undecided
}

/// Decides which file is which: the one place that knows by what a file is told from another.
///
/// A name says nothing, since logs are renamed, and a device or an inode only where nothing was read yet: a file is
/// what it holds. A call that fails decides nothing: a file that can't be looked at now isn't another one.
struct FileIdentification {
    let fileSystem: any FileSystem

    func id(of status: FileStatus, source: String) -> FileID {
        FileID(source: source, device: status.device, inode: status.inode)
    }

    func likeness(_ view: inout some FileView, to known: FileCheckpoint) throws(FileSystemError) -> FileLikeness {
        let offset = known.offset
        if offset == 0 { return try isBeginningSame(&view, known) ? .same : .other }
        guard try beginsBehindZeros(&view, known) else { return view.byteCount == 0 ? .shorter : .other }
        let fingerprint = known.fingerprint
        let head = try view.bytes(at: known.leadingZeros, count: fingerprint.length) ?? []
        let isHeadSame = fingerprint.begins(head[...])
        // Looked at whenever a file has changed, so the long way is gone only where the short one doesn't tell.
        let reaches = (view.byteCount ?? .max) >= offset
        if isHeadSame, reaches, known.tail != nil, try isTailSame(&view, known) { return .same }
        let firstEvent = try compareFirstEvent(&view, known, isHeadSame: isHeadSame)
        guard isHeadSame else {
            guard known.firstEvent != nil else { return .other }
            switch firstEvent {
            case .same:
                if head.count < fingerprint.length { return .shorter }
                return try endsWithZero(&view, known) ? .zeroed : .changed
            case .different: return .other
            case .cut: return head.contains(0x0A) ? .other : .undecided
            }
        }
        if firstEvent == .different { return .other }
        if firstEvent == .cut { return .shorter }
        if !reaches { return .shorter }
        if known.tail == nil { return .same }
        return try endsWithZero(&view, known) ? .zeroed : .rewritten
    }

    /// Whether a file of which nothing was read yet begins with the event that it did.
    private func isBeginningSame(_ view: inout some FileView, _ known: FileCheckpoint) throws(FileSystemError) -> Bool {
        guard let first = known.firstEvent else { return true }
        guard let zeros = try view.leadingZeros(from: 0) else { return false }
        return first.begins(try view.available(from: zeros, count: first.length)[...])
    }

    private enum Comparison { case same, different, cut }

    /// Whether a file that began with zeros does so now, and one that didn't doesn't.
    private func beginsBehindZeros(
        _ view: inout some FileView, _ known: FileCheckpoint
    ) throws(FileSystemError) -> Bool {
        guard let first = try view.bytes(at: 0, count: 1)?.first else { return false }
        if known.leadingZeros == 0 { return true }
        guard first == 0 else { return false }
        return try view.bytes(at: known.leadingZeros - 1, count: 1) == [0]
    }

    private func compareFirstEvent(
        _ view: inout some FileView, _ known: FileCheckpoint, isHeadSame: Bool
    ) throws(FileSystemError) -> Comparison {
        guard let first = known.firstEvent else { return .same }
        if isHeadSame, first.length <= known.fingerprint.length { return .same }
        let bytes = try view.bytes(at: known.leadingZeros, count: first.length) ?? []
        if bytes.count < first.length { return .cut }
        return first.begins(bytes[...]) ? .same : .different
    }

    /// Whether a zero stands before the checkpoint: no record ends with one.
    private func endsWithZero(_ view: inout some FileView, _ known: FileCheckpoint) throws(FileSystemError) -> Bool {
        try view.bytes(at: known.offset - 1, count: 1) == [0]
    }

    /// Whether the bytes before the checkpoint are those that were read. Where they can't be looked at they are taken
    /// to be, and looked at when they are passed over.
    private func isTailSame(_ view: inout some FileView, _ known: FileCheckpoint) throws(FileSystemError) -> Bool {
        guard let tail = known.tail else { return true }
        let start = known.offset - UInt64(tail.length)
        guard let bytes = try view.bytes(at: start, count: tail.length) else { return true }
        return FileFingerprint(bytes) == tail
    }
}

/// Places of files by their directories.
extension FileIdentification {
    /// Names by inode of the directories that were listed in one look; each is listed once.
    struct Listings {
        fileprivate var names: [String: [UInt64: [String]]] = [:]
    }

    /// Where a file is now that was renamed while nobody looked: in its old directory or one of `others`, under another
    /// name or its own.
    ///
    /// - Returns: `nil` where it is not there.
    func findRenamed(
        _ id: FileID, lastPath: String, others: [String] = [], _ listings: inout Listings
    ) throws(FileSystemError) -> (path: String, status: FileStatus)? {
        for directory in directories(around: lastPath, others) {
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
        }
        return nil
    }

    /// The directory of a path, and those that may hold what was moved away from there.
    func directories(around path: String, _ others: [String]) -> [String] {
        let own = Self.directory(of: path)
        return [own] + others.filter { $0 != own }
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

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(of path: String) -> Substring {
        path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    }

    /// Whether two names are those of a log and of a rotated one of it, as far as names say: `app.log` and `app.log.1`,
    /// `app.log-20260101.gz` or `app-20260101.log`.
    static func areRelated(_ left: some StringProtocol, and right: some StringProtocol) -> Bool {
        let (left, right) = (stem(of: left), stem(of: right))
        let (short, long) = left.count <= right.count ? (left, right) : (right, left)
        guard !short.isEmpty, long.hasPrefix(short) else { return false }
        guard let next = long.dropFirst(short.count).first else { return true }
        return next == "-" || next == "_"
    }

    private static func stem(of name: some StringProtocol) -> String {
        String(name.prefix { $0 != "." })
    }
}
