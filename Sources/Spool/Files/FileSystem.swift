/// What the spool asks of a file system: a parameter, so that tests can make any call fail.
///
/// Names are paths. Calls may write or read less than asked for, as POSIX does; ``FileSystemError/isInterrupted`` tells
/// that a call is to be repeated.
package protocol FileSystem: Sendable {
    /// Makes a directory with mode 0700; its parents too. Fine if it is there.
    func createDirectory(_ path: String) throws(FileSystemError)
    /// Names in a directory, in no order, without `.` and `..`.
    func list(_ directory: String) throws(FileSystemError) -> [String]
    func open(_ path: String, _ mode: FileMode) throws(FileSystemError) -> OpenFile
    func close(_ file: OpenFile)
    /// Size in bytes.
    func size(_ file: OpenFile) throws(FileSystemError) -> UInt64
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

package enum FileMode: Sendable, Equatable {
    case read
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

    // Linux's numbers, on every architecture that Swift runs on.
    package static let interrupted: Int32 = 4
    package static let inputOutput: Int32 = 5
    package static let noSpace: Int32 = 28
    package static let quotaExceeded: Int32 = 122
}
