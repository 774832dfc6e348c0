internal import Glibc

/// The few file calls that following files takes.
enum LocalFiles {
    struct Status: Sendable, Equatable {
        var device: UInt64
        var inode: UInt64
        var size: UInt64
        var isRegular: Bool

        fileprivate init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = UInt64(max(0, status.st_size))
            isRegular = status.st_mode & S_IFMT == S_IFREG
        }
    }

    /// Follows symbolic links; `nil` where there is nothing.
    static func status(_ path: String) -> Status? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Status(status) : nil
    }

    static func status(_ descriptor: Int32) -> Status? {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? Status(status) : nil
    }

    /// Opens for reading without ever blocking on a pipe; a negative number is the negated `errno`.
    static func open(_ path: String) -> Int32 {
        while true {
            let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { return -errno }
        }
    }

    static func close(_ descriptor: Int32) {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    /// Paths that a glob matches, sorted by name; a path without wildcards matches itself if it is there.
    static func matches(_ pattern: String) -> [String] {
        var found = unsafe glob_t()
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, GLOB_BRACE | GLOB_TILDE, nil, &found) == 0, let paths = unsafe found.gl_pathv else {
            return []
        }
        var names: [String] = []
        for index in 0..<Int(unsafe found.gl_pathc) {
            if let path = unsafe paths[index] { names.append(unsafe String(cString: path)) }
        }
        return names
    }

    /// The path in `directory` that has this inode: finds a file that was renamed while nobody looked.
    static func path(ofInode inode: UInt64, in directory: String) -> String? {
        guard let stream = unsafe opendir(directory) else { return nil }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            guard UInt64(unsafe entry.pointee.d_ino) == inode else { continue }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            return "\(directory)/\(name)"
        }
        return nil
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func errorText(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }

    /// Lets this process open as many files as the system allows it to.
    static func raiseOpenFileLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

extension LocalFiles {
    /// When a file was last changed, in nanoseconds since 1970; 0 where there is none.
    static func modifiedAt(_ path: String) -> Int64 {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return 0 }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}
