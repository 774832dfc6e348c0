internal import Glibc

/// Tells by inotify whether anything has changed in directories: one watch for each, whatever the number of files.
///
/// It only says that there is something to look at, never what: polling is the truth, and what inotify doesn't see (a
/// network's file system, a link that leads elsewhere by now) is found by the next poll. One owner at a time.
final class DirectoryWatch {
    /// The most directories that are watched, of the few thousand that a user may have; beyond it polling is all there
    /// is.
    static let maxDirectories = 4_096
    /// Bytes of events that are read at a time.
    private static let eventBytes = 16 << 10
    private static let changes = UInt32(
        IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF
            | IN_MOVE_SELF | IN_ONLYDIR)

    /// -1 where the system has no inotify, or no room for another one.
    private let descriptor: Int32
    private var watched: [String: Int32] = [:]

    init() {
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Watches these directories and no others.
    ///
    /// - Returns: whether all of them are watched, and the same ones were before: a directory that was removed and made
    ///   again is another one.
    func watch(_ directories: Set<String>) -> Bool {
        guard descriptor >= 0, directories.count <= Self.maxDirectories else { return false }
        var now: [String: Int32] = [:]
        for directory in directories {
            let number = unsafe inotify_add_watch(descriptor, directory, Self.changes)
            if number >= 0 { now[directory] = number }
        }
        let needed = Set(now.values)
        for number in Set(watched.values) where !needed.contains(number) { _ = inotify_rm_watch(descriptor, number) }
        defer { watched = now }
        return now == watched && now.count == directories.count
    }

    /// Whether anything has changed since this was last asked.
    func takeChanges() -> Bool {
        guard descriptor >= 0 else { return true }
        var hasChanges = false
        while true {
            let count = unsafe withUnsafeTemporaryAllocation(byteCount: Self.eventBytes, alignment: 8) { buffer in
                unsafe read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count > 0 { hasChanges = true } else if count == 0 || errno != EINTR { break }
        }
        return hasChanges
    }
}
