import Spool
import Synchronization

/// The system's files, some of which may not be looked into, as they may not by a user without rights: tests run as
/// root as well, who may do everything.
final class ForbiddingFileSystem: FileSystem {
    private let base = POSIXFileSystem()
    private let forbidden = Mutex<Set<String>>([])

    func forbid(_ paths: String...) { forbidden.withLock { $0 = Set(paths) } }

    private func check(_ call: String, _ path: String) throws(FileSystemError) {
        guard forbidden.withLock({ !$0.contains(path) }) else {
            throw FileSystemError(
                call: call, path: path, errno: FileSystemError.accessDenied, text: "Permission denied")
        }
    }

    func entries(_ directory: String) throws(FileSystemError) -> [DirectoryEntry] {
        try check("opendir", directory)
        return try base.entries(directory)
    }

    func paths(matching pattern: String) -> [String] {
        let found = base.paths(matching: pattern)
        return forbidden.withLock { closed in
            found.filter { path in !closed.contains { path.hasPrefix($0 + "/") } }
        }
    }

    func open(_ path: String, _ mode: FileMode) throws(FileSystemError) -> OpenFile {
        try check("open", path)
        return try base.open(path, mode)
    }

    func createDirectory(_ path: String) throws(FileSystemError) { try base.createDirectory(path) }
    func close(_ file: OpenFile) { base.close(file) }
    func realPath(_ path: String) throws(FileSystemError) -> String { try base.realPath(path) }
    func status(_ path: String) throws(FileSystemError) -> FileStatus { try base.status(path) }
    func status(_ file: OpenFile) throws(FileSystemError) -> FileStatus { try base.status(file) }
    func read(
        _ file: OpenFile, at offset: UInt64, into buffer: inout MutableRawSpan
    ) throws(FileSystemError) -> Int { try base.read(file, at: offset, into: &buffer) }
    func write(_ file: OpenFile, at offset: UInt64, _ bytes: RawSpan) throws(FileSystemError) -> Int {
        try base.write(file, at: offset, bytes)
    }
    func synchronize(_ file: OpenFile) throws(FileSystemError) { try base.synchronize(file) }
    func truncate(_ file: OpenFile, to size: UInt64) throws(FileSystemError) { try base.truncate(file, to: size) }
    func synchronizeDirectory(_ path: String) throws(FileSystemError) { try base.synchronizeDirectory(path) }
    func rename(_ from: String, to: String) throws(FileSystemError) { try base.rename(from, to: to) }
    func remove(_ path: String) throws(FileSystemError) { try base.remove(path) }
    func freeBytes(_ path: String) throws(FileSystemError) -> UInt64 { try base.freeBytes(path) }
    func lock(_ file: OpenFile) throws(FileSystemError) -> Bool { try base.lock(file) }
}
