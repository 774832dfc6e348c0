/// What the collector asks of a file system, for its spool, its quarantine and the files that it follows: a parameter,
/// so that tests can make any call fail.
///
/// Names are paths. Calls may write or read less than asked for, as POSIX does; ``FileSystemError/isInterrupted`` tells
/// that a call is to be repeated.
package protocol FileSystem: Sendable {
    /// Makes a directory with mode 0700; its parents too. Fine if it is there.
    func createDirectory(_ path: String) throws(FileSystemError)
    /// What is in a directory, in no order, without `.` and `..`.
    func entries(_ directory: String) throws(FileSystemError) -> [DirectoryEntry]
    /// Paths that a glob pattern matches, sorted; a path without wildcards matches itself if it is there. Directories
    /// that can't be read match nothing.
    func paths(matching pattern: String) -> [String]
    func open(_ path: String, _ mode: FileMode) throws(FileSystemError) -> OpenFile
    func close(_ file: OpenFile)
    /// The path without symbolic links of what a path leads to.
    func realPath(_ path: String) throws(FileSystemError) -> String
    /// What a path leads to; symbolic links are followed.
    func status(_ path: String) throws(FileSystemError) -> FileStatus
    func status(_ file: OpenFile) throws(FileSystemError) -> FileStatus
    /// Reads at an offset into all of `buffer`, or less. 0 means end of file.
    func read(_ file: OpenFile, at offset: UInt64, into buffer: inout MutableRawSpan) throws(FileSystemError) -> Int
    /// Writes at an offset; returns how many bytes of `bytes` were written.
    func write(_ file: OpenFile, at offset: UInt64, _ bytes: RawSpan) throws(FileSystemError) -> Int
    /// `fdatasync`.
    func synchronize(_ file: OpenFile) throws(FileSystemError)
    func truncate(_ file: OpenFile, to size: UInt64) throws(FileSystemError)
    /// `fsync` on the directory, so that names in it are durable.
    func synchronizeDirectory(_ path: String) throws(FileSystemError)
    func rename(_ from: String, to: String) throws(FileSystemError)
    func remove(_ path: String) throws(FileSystemError)
    /// Bytes that an unprivileged process may still write to the file system that holds `path`.
    func freeBytes(_ path: String) throws(FileSystemError) -> UInt64
    /// Takes the exclusive `flock` without waiting; `false` where another open file holds it.
    func lock(_ file: OpenFile) throws(FileSystemError) -> Bool
}

extension FileSystem {
    /// What has no symbolic links.
    package func realPath(_ path: String) throws(FileSystemError) -> String { path }

    /// Names in a directory, in no order, without `.` and `..`.
    package func list(_ directory: String) throws(FileSystemError) -> [String] { try entries(directory).map(\.name) }

    /// Size in bytes.
    package func size(_ file: OpenFile) throws(FileSystemError) -> UInt64 { try status(file).byteCount }
}

/// A name in a directory.
package struct DirectoryEntry: Sendable, Equatable {
    package var name: String
    package var inode: UInt64

    package init(name: String, inode: UInt64) {
        self.name = name
        self.inode = inode
    }
}

/// What a file system knows about a file.
package struct FileStatus: Sendable, Equatable {
    package var device: UInt64
    package var inode: UInt64
    package var byteCount: UInt64
    package var isRegular: Bool
    /// When its bytes were last changed, in nanoseconds since 1970-01-01T00:00Z.
    package var modifiedNanoseconds: Int64
    /// When it was last changed in any way, in nanoseconds since 1970-01-01T00:00Z: no program can set that back.
    package var changedNanoseconds: Int64

    package init(
        device: UInt64, inode: UInt64, byteCount: UInt64, isRegular: Bool, modifiedNanoseconds: Int64,
        changedNanoseconds: Int64
    ) {
        self.device = device
        self.inode = inode
        self.byteCount = byteCount
        self.isRegular = isRegular
        self.modifiedNanoseconds = modifiedNanoseconds
        self.changedNanoseconds = changedNanoseconds
    }
}

package enum FileMode: Sendable, Equatable {
    case read
    /// Read a file that another program writes: symbolic links are followed, and a pipe never blocks.
    case follow
    /// Read and write, made with mode 0600 where it doesn't exist.
    case readWrite
    /// The same, emptied first.
    case replace
}

/// An open file: a descriptor, or whatever a test's file system counts by.
package struct OpenFile: Sendable, Hashable {
    package var descriptor: Int32

    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }
}

/// A failed call, with its `errno`.
package struct FileSystemError: Error, Sendable, Equatable, CustomStringConvertible {
    package var call: String
    package var path: String
    package var errno: Int32
    /// What the system calls this error, such as "No space left on device".
    package var text: String

    package init(call: String, path: String, errno: Int32, text: String) {
        self.call = call
        self.path = path
        self.errno = errno
        self.text = text
    }

    package var description: String { "\(call) of \(path): \(text) (errno \(errno))" }
}

extension FileSystemError {
    /// A signal came; the call is to be repeated.
    package var isInterrupted: Bool { errno == Self.interrupted }
    /// No space, or no quota, is left.
    package var isOutOfSpace: Bool { errno == Self.noSpace || errno == Self.quotaExceeded }

    /// Nothing is there: the one answer that says so, where others only say that one can't look.
    package var isNotFound: Bool { errno == Self.noEntry }

    /// The process may not do this.
    package var isForbidden: Bool { errno == Self.notPermitted || errno == Self.accessDenied }
    /// The process, or the whole system, has no room for another open file.
    package var isOutOfFiles: Bool { errno == Self.tooManyFiles || errno == Self.fileTableFull }

    // Linux's numbers, on every architecture that Swift runs on.
    package static let notPermitted: Int32 = 1
    package static let noEntry: Int32 = 2
    package static let interrupted: Int32 = 4
    package static let inputOutput: Int32 = 5
    package static let accessDenied: Int32 = 13
    package static let fileTableFull: Int32 = 23
    package static let tooManyFiles: Int32 = 24
    package static let noSpace: Int32 = 28
    package static let quotaExceeded: Int32 = 122
}

/// Whole reads and writes on top of calls that may do less than asked for.
extension FileSystem {
    /// Writes all of `bytes`, going on after short writes and interruptions.
    package func writeAll(_ file: OpenFile, at offset: UInt64, _ bytes: RawSpan) throws(FileSystemError) {
        var done = 0
        while done < bytes.byteCount {
            do throws(FileSystemError) {
                let count = try write(file, at: offset + UInt64(done), bytes.extracting(done..<bytes.byteCount))
                guard count > 0 else {
                    throw FileSystemError(call: "pwrite", path: "", errno: 0, text: "nothing was written")
                }
                done += count
            } catch {
                if !error.isInterrupted { throw error }
            }
        }
    }

    /// Reads `count` bytes into the front of `buffer`, which grows if need be, or as many as there are.
    ///
    /// - Returns: how many there were.
    package func readAll(
        _ file: OpenFile, at offset: UInt64, count: Int, into buffer: inout [UInt8]
    ) throws(FileSystemError) -> Int {
        // Made anew, not grown: growing by a sequence takes some 100 ns a byte in a debug build.
        if buffer.count < count { buffer = [UInt8](repeating: 0, count: count) }
        var done = 0
        while done < count {
            do throws(FileSystemError) {
                var whole = buffer.mutableSpan
                var bytes = unsafe whole.mutableBytes
                var rest = bytes._mutatingExtracting(done..<count)
                let read = try read(file, at: offset + UInt64(done), into: &rest)
                if read == 0 { return done }
                done += read
            } catch {
                if !error.isInterrupted { throw error }
            }
        }
        return done
    }

    /// Makes a file durable under its name: written under a temporary one, synced, renamed, the directory synced.
    package func writeDurably(_ bytes: [UInt8], as name: String, in directory: String) throws(FileSystemError) {
        let path = "\(directory)/\(name)"
        let temporary = path + SpoolFormat.temporarySuffix
        let file = try open(temporary, .replace)
        do throws(FileSystemError) {
            unsafe try writeAll(file, at: 0, bytes.span.bytes)
            try synchronize(file)
        } catch {
            close(file)
            throw error
        }
        close(file)
        try rename(temporary, to: path)
        try synchronizeDirectory(directory)
    }
}
