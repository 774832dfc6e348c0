internal import Glibc

/// Directories that nobody but this process's user and root can change: where keys are made, and what a process of
/// root's writes into.
///
/// Every directory on the way from `/` is opened in the one before it, without following a link, and looked at: its
/// owner is root or this user, and nobody else may write to it, save with the sticky bit, as in `/tmp`, where names of
/// others stay theirs. A link on the way is followed where only root or this user could have made it; the directory
/// itself may not be one.
package enum TrustedDirectory {
    /// The most links on one way, as Linux has it.
    private static let maxLinks = 40
    /// `O_PATH` of Linux, which Swift's Glibc module leaves out: a directory that may be entered need not be listed.
    private static let lookOnly: Int32 = 0o10_000_000
    /// Mode of directories that are made on the way.
    private static let parentMode: mode_t = 0o755

    /// Makes the directory and those above it where they are missing, and checks all of them.
    ///
    /// - Parameters:
    ///   - mode: of the directory itself, where it is made.
    ///   - isExclusive: whether its own group may not write to it either, whoever that is.
    package static func make(_ path: String, mode: UInt32, isExclusive: Bool = false) throws(IdentityError) {
        close(try walk(path, making: mode_t(mode), isExclusive: isExclusive))
    }

    /// Checks the directory and those above it. One that isn't there has nothing to distrust.
    package static func check(_ path: String) throws(IdentityError) {
        do throws(IdentityError) {
            close(try walk(path, making: nil, isExclusive: false))
        } catch {
            guard error.code == .fileMissing else { throw error }
        }
    }

    /// Checks what is in a directory that ``make(_:mode:isExclusive:)`` made: no link, nothing that belongs to somebody
    /// else or that everybody may write to. It might have been put there while others could.
    package static func checkEntries(of path: String) throws(IdentityError) {
        guard let stream = unsafe opendir(path) else { throw failure(to: "list", at: path) }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            guard let status = FileStatus(named: name, in: unsafe dirfd(stream), isFollowed: false) else {
                // Gone since it was listed.
                if errno == ENOENT { continue }
                throw failure(to: "look at", at: "\(path)/\(name)")
            }
            try checkEntry(Look(path: "\(path)/\(name)", status: status))
        }
    }

    /// As ``checkEntries(of:)`` for one file; one that isn't there is fine.
    package static func checkFile(_ path: String) throws(IdentityError) {
        guard let status = FileStatus(named: path, isFollowed: false) else {
            if errno == ENOENT { return }
            throw failure(to: "look at", at: path)
        }
        try checkEntry(Look(path: path, status: status))
    }

    private static func checkEntry(_ look: Look) throws(IdentityError) {
        if look.isLink { throw look.refusal("is a symbolic link, and none is followed here", remedy: "remove it") }
        guard look.isOurs else {
            throw look.refusal("belongs to somebody else", remedy: "look at it, then chown or remove it")
        }
        if look.mode & 0o002 != 0 {
            throw look.refusal("can be written to by everybody", remedy: "look at it, then chmod o-w or remove it")
        }
    }

    // MARK: The way from the root

    /// What is known of one name.
    private struct Look {
        var path: String
        var status: FileStatus

        var mode: UInt32 { status.permissions }
        var isLink: Bool { status.isLink }
        var isOurs: Bool { status.owner == 0 || status.owner == geteuid() }
        var isSticky: Bool { mode & 0o1000 != 0 }
        /// Whether others than the owner may write to it, the group of this user or of root left aside.
        var isOpen: Bool {
            let isTrustedGroup = status.group == 0 || geteuid() != 0 && status.group == getegid()
            return mode & 0o002 != 0 || mode & 0o020 != 0 && !isTrustedGroup
        }

        func refusal(_ reason: String, remedy: String) -> IdentityError {
            let name = unsafe getpwuid(status.owner).map { unsafe String(cString: $0.pointee.pw_name) }
            let owner = name.map { "\($0), uid \(status.owner)" } ?? "uid \(status.owner)"
            return IdentityError(
                .untrusted, "\(path) (owner \(owner), mode 0\(String(mode, radix: 8))) \(reason); \(remedy)")
        }
    }

    /// - Parameter mode: of the directory where it is to be made; `nil` where nothing is.
    /// - Returns: a descriptor of the directory that is good for looking only.
    private static func walk(
        _ path: String, making mode: mode_t?, isExclusive: Bool
    ) throws(IdentityError) -> Int32 {
        var names = try absolute(path).split(separator: "/").map(String.init)[...]
        var way = Way(descriptor: try open("/", in: AT_FDCWD, named: "/"), path: "")
        defer { way.end() }
        try check(way.look(), isLast: names.isEmpty, isExclusive: isExclusive)
        var links = 0
        while let name = names.popFirst() {
            guard name != "." else { continue }
            if let mode { try make(name, in: way, mode: names.isEmpty ? mode : parentMode) }
            let look = try way.look(at: name)
            if look.isLink {
                links += 1
                let target = try way.target(of: name, look, isLast: names.isEmpty || links > maxLinks)
                if target.hasPrefix("/") { way.go(to: try open("/", in: AT_FDCWD, named: "/"), path: "") }
                names = (target.split(separator: "/").map(String.init) + names)[...]
                continue
            }
            way.go(to: try open(name, in: way.descriptor, named: look.path), path: look.path)
            // The name may have gone over to another directory since.
            try check(way.look(), isLast: names.isEmpty, isExclusive: isExclusive)
        }
        return way.handOver()
    }

    private static func absolute(_ path: String) throws(IdentityError) -> String {
        if path.hasPrefix("/") { return path }
        guard let current = unsafe getcwd(nil, 0) else { throw failure(to: "find the directory of", at: path) }
        defer { unsafe free(current) }
        return unsafe String(cString: current) + "/" + path
    }

    private static func check(_ look: Look, isLast: Bool, isExclusive: Bool) throws(IdentityError) {
        guard look.isOurs else {
            throw look.refusal(
                "belongs to somebody else, who could put other files in their place",
                remedy: "chown it to this user after looking at what is in it, or name another directory")
        }
        let isExclusive = isLast && isExclusive
        guard isExclusive ? look.mode & 0o022 != 0 : look.isOpen else { return }
        // In a directory with the sticky bit, what is ours stays ours; it is no place to keep things in, though.
        if !isLast, look.isSticky { return }
        throw look.refusal(
            "can be written to by others",
            remedy: "chmod go-w it after looking at what is in it, or name another directory")
    }

    private static func make(_ name: String, in way: Way, mode: mode_t) throws(IdentityError) {
        if unsafe mkdirat(way.descriptor, name, mode) == 0 {
            // Whatever the umask takes away: PostgreSQL's user must be able to enter.
            let made = unsafe openat(way.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard made >= 0 else { throw failure(to: "open", at: "\(way.path)/\(name)") }
            defer { close(made) }
            guard fchmod(made, mode) == 0 else { throw failure(to: "set the mode of", at: "\(way.path)/\(name)") }
        } else if errno != EEXIST {
            let code = errno
            // A parent that can't be written to may say so before it says that the name is there.
            guard FileStatus(named: name, in: way.descriptor, isFollowed: false) != nil else {
                throw failure(to: "make", at: "\(way.path)/\(name)", code: code)
            }
        }
    }

    private static func open(_ name: String, in parent: Int32, named path: String) throws(IdentityError) -> Int32 {
        let descriptor = unsafe openat(parent, name, lookOnly | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(to: "open", at: path) }
        return descriptor
    }

    private static func failure(to verb: String, at path: String, code: Int32 = errno) -> IdentityError {
        let reason = unsafe String(cString: strerror(code))
        return IdentityError(code == ENOENT ? .fileMissing : .fileFailed, "can't \(verb) \(path): \(reason)")
    }

    /// The directory that the walk has come to.
    private struct Way {
        private(set) var descriptor: Int32
        private(set) var path: String

        init(descriptor: Int32, path: String) {
            self.descriptor = descriptor
            self.path = path
        }

        mutating func go(to next: Int32, path: String) {
            end()
            descriptor = next
            self.path = path
        }

        /// Gives the descriptor to the caller.
        mutating func handOver() -> Int32 {
            defer { descriptor = -1 }
            return descriptor
        }

        mutating func end() {
            if descriptor >= 0 { close(descriptor) }
            descriptor = -1
        }

        func look() throws(IdentityError) -> Look {
            guard let status = FileStatus(of: descriptor) else { throw failure(to: "look at", at: path) }
            return Look(path: path.isEmpty ? "/" : path, status: status)
        }

        func look(at name: String) throws(IdentityError) -> Look {
            guard let status = FileStatus(named: name, in: descriptor, isFollowed: false) else {
                throw failure(to: "look at", at: "\(path)/\(name)")
            }
            return Look(path: "\(path)/\(name)", status: status)
        }

        /// Where a link leads that only root or this user can have made.
        func target(of name: String, _ link: Look, isLast: Bool) throws(IdentityError) -> String {
            let parent = try look()
            guard !isLast, link.isOurs, !parent.isOpen else {
                throw link.refusal(
                    "is a symbolic link, and is not followed",
                    remedy: "name the directory that it leads to, or remove it")
            }
            var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = unsafe readlinkat(descriptor, name, &bytes, bytes.count)
            guard count > 0, count < bytes.count else { throw failure(to: "read the link", at: link.path) }
            return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
