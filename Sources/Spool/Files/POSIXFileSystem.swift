internal import Glibc

/// The real file system.
package struct POSIXFileSystem: FileSystem {
    package init() {}

    package func createDirectory(_ path: String) throws(FileSystemError) {
        var prefixEnd = path.startIndex
        while prefixEnd < path.endIndex {
            prefixEnd = path[path.index(after: prefixEnd)...].firstIndex(of: "/") ?? path.endIndex
            let prefix = String(path[..<prefixEnd])
            if unsafe mkdir(prefix, 0o700) != 0, errno != EEXIST {
                let error = errno
                // A parent that exists may answer EROFS or EACCES instead of EEXIST.
                if unsafe access(prefix, F_OK) != 0 { throw failure("mkdir", at: prefix, code: error) }
            }
        }
    }

    package func entries(_ directory: String) throws(FileSystemError) -> [DirectoryEntry] {
        guard let stream = unsafe opendir(directory) else { throw failure("opendir", at: directory) }
        defer { unsafe closedir(stream) }
        var entries: [DirectoryEntry] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                if errno != 0 { throw failure("readdir", at: directory) }
                return entries
            }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            entries.append(DirectoryEntry(name: name, inode: UInt64(unsafe entry.pointee.d_ino)))
        }
    }

    package func paths(matching pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, GLOB_BRACE | GLOB_TILDE, nil, &found) == 0, let paths = unsafe found.gl_pathv else {
            return []
        }
        return (0..<Int(unsafe found.gl_pathc)).compactMap { index in
            unsafe paths[index].map { unsafe String(cString: $0) }
        }
    }

    package func open(_ path: String, _ mode: FileMode) throws(FileSystemError) -> OpenFile {
        let flags =
            switch mode {
            case .read: O_RDONLY | O_NOFOLLOW
            // Nothing is waited for: the other end of a pipe may never be opened.
            case .follow: O_RDONLY | O_NONBLOCK | O_NOCTTY
            case .readWrite: O_RDWR | O_CREAT | O_NOFOLLOW
            case .replace: O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW
            }
        let descriptor = try repeated("open", at: path) { unsafe Glibc.open(path, flags | O_CLOEXEC, 0o600) }
        return OpenFile(descriptor: Int32(descriptor))
    }

    package func close(_ file: OpenFile) {
        // Whatever it answers, the descriptor is gone; what had to be durable was synced before.
        _ = Glibc.close(file.descriptor)
    }

    package func realPath(_ path: String) throws(FileSystemError) -> String {
        guard let real = unsafe realpath(path, nil) else { throw failure("realpath", at: path) }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    package func status(_ path: String) throws(FileSystemError) -> FileStatus {
        var status = stat()
        _ = try repeated("stat", at: path) { unsafe Int(stat(path, &status)) }
        return FileStatus(status)
    }

    package func status(_ file: OpenFile) throws(FileSystemError) -> FileStatus {
        var status = stat()
        _ = try repeated("fstat", at: name(file)) { unsafe Int(fstat(file.descriptor, &status)) }
        return FileStatus(status)
    }

    package func read(
        _ file: OpenFile, at offset: UInt64, into buffer: inout MutableRawSpan
    ) throws(FileSystemError) -> Int {
        let count = unsafe buffer.withUnsafeMutableBytes { target in
            unsafe pread(file.descriptor, target.baseAddress, target.count, off_t(clamping: offset))
        }
        if count < 0 { throw failure("pread", at: name(file)) }
        return count
    }

    package func write(_ file: OpenFile, at offset: UInt64, _ bytes: RawSpan) throws(FileSystemError) -> Int {
        let count = unsafe bytes.withUnsafeBytes { source in
            unsafe pwrite(file.descriptor, source.baseAddress, source.count, off_t(clamping: offset))
        }
        if count < 0 { throw failure("pwrite", at: name(file)) }
        return count
    }

    package func synchronize(_ file: OpenFile) throws(FileSystemError) {
        if fdatasync(file.descriptor) != 0 { throw failure("fdatasync", at: name(file)) }
    }

    package func truncate(_ file: OpenFile, to size: UInt64) throws(FileSystemError) {
        _ = try repeated("ftruncate", at: name(file)) { Int(ftruncate(file.descriptor, off_t(clamping: size))) }
    }

    package func synchronizeDirectory(_ path: String) throws(FileSystemError) {
        let descriptor = try repeated("open", at: path) {
            unsafe Int(Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        }
        defer { _ = Glibc.close(Int32(descriptor)) }
        if fsync(Int32(descriptor)) != 0 { throw failure("fsync", at: path) }
    }

    package func rename(_ from: String, to: String) throws(FileSystemError) {
        if unsafe Glibc.rename(from, to) != 0 { throw failure("rename", at: from) }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        if unsafe unlink(path) != 0 { throw failure("unlink", at: path) }
    }

    package func freeBytes(_ path: String) throws(FileSystemError) -> UInt64 {
        var status = statvfs()
        _ = try repeated("statvfs", at: path) { unsafe Int(statvfs(path, &status)) }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : bytes
    }

    package func lock(_ file: OpenFile) throws(FileSystemError) -> Bool {
        while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            if errno != EINTR { throw failure("flock", at: name(file)) }
        }
        return true
    }

    /// Calls until the call isn't interrupted by a signal.
    private func repeated<Result: FixedWidthInteger>(
        _ call: String, at path: String, body: () -> Result
    ) throws(FileSystemError) -> Int {
        while true {
            let result = body()
            if result >= 0 { return Int(result) }
            if errno != EINTR { throw failure(call, at: path) }
        }
    }

    private func name(_ file: OpenFile) -> String { "descriptor \(file.descriptor)" }

    private func failure(_ call: String, at path: String, code: Int32 = errno) -> FileSystemError {
        FileSystemError(call: call, path: path, errno: code, text: unsafe String(cString: strerror(code)))
    }
}

extension FileStatus {
    fileprivate init(_ status: stat) {
        self.init(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), byteCount: UInt64(max(0, status.st_size)),
            isRegular: status.st_mode & S_IFMT == S_IFREG,
            modifiedNanoseconds: Self.nanoseconds(status.st_mtim),
            changedNanoseconds: Self.nanoseconds(status.st_ctim))
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
