import Spool
import Synchronization

@testable import FaultSimulation

/// A simulated disk whose calls fail where a test says so.
final class FailingFileSystem: FileSystem {
    let disk: VirtualDisk
    private let fails = Mutex<@Sendable (_ call: String, _ path: String) -> Bool>({ _, _ in false })
    private let paths = Mutex<[Int32: String]>([:])

    init(_ disk: VirtualDisk) {
        self.disk = disk
    }

    /// From now on, calls for which `body` says so fail with EIO.
    func failing(_ body: @escaping @Sendable (_ call: String, _ path: String) -> Bool) {
        fails.withLock { $0 = body }
    }

    private func check(_ call: String, _ path: String) throws(FileSystemError) {
        if fails.withLock({ $0 })(call, path) {
            throw FileSystemError(call: call, path: path, errno: FileSystemError.inputOutput, text: "by the test")
        }
    }

    private func path(_ file: OpenFile) -> String { paths.withLock { $0[file.descriptor] ?? "" } }

    func createDirectory(_ path: String) throws(FileSystemError) { try disk.createDirectory(path) }

    func entries(_ directory: String) throws(FileSystemError) -> [DirectoryEntry] {
        try check("opendir", directory)
        return try disk.entries(directory)
    }

    func paths(matching pattern: String) -> [String] { disk.paths(matching: pattern) }

    func open(_ path: String, _ mode: FileMode) throws(FileSystemError) -> OpenFile {
        try check("open", path)
        let file = try disk.open(path, mode)
        paths.withLock { $0[file.descriptor] = path }
        return file
    }

    func close(_ file: OpenFile) { disk.close(file) }

    func status(_ path: String) throws(FileSystemError) -> FileStatus { try disk.status(path) }

    func status(_ file: OpenFile) throws(FileSystemError) -> FileStatus { try disk.status(file) }

    func read(
        _ file: OpenFile, at offset: UInt64, into buffer: inout MutableRawSpan
    ) throws(FileSystemError) -> Int {
        try check("pread", path(file))
        return try disk.read(file, at: offset, into: &buffer)
    }

    func write(_ file: OpenFile, at offset: UInt64, _ bytes: RawSpan) throws(FileSystemError) -> Int {
        try check("pwrite", path(file))
        return try disk.write(file, at: offset, bytes)
    }

    func synchronize(_ file: OpenFile) throws(FileSystemError) {
        try check("fdatasync", path(file))
        try disk.synchronize(file)
    }

    func truncate(_ file: OpenFile, to size: UInt64) throws(FileSystemError) { try disk.truncate(file, to: size) }

    func synchronizeDirectory(_ path: String) throws(FileSystemError) {
        try check("fsync", path)
        try disk.synchronizeDirectory(path)
    }

    func rename(_ from: String, to: String) throws(FileSystemError) {
        try check("rename", from)
        try disk.rename(from, to: to)
    }

    func remove(_ path: String) throws(FileSystemError) {
        try check("unlink", path)
        try disk.remove(path)
    }

    func freeBytes(_ path: String) throws(FileSystemError) -> UInt64 { try disk.freeBytes(path) }

    func lock(_ file: OpenFile) throws(FileSystemError) -> Bool { try disk.lock(file) }
}
