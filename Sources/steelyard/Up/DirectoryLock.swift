internal import Foundation

/// The right to run `up` on a data directory: a lock that the kernel gives back when the process ends, however it ends.
struct DirectoryLock: ~Copyable {
    private let descriptor: Int32

    init(_ directory: DataDirectory) throws(CommandError) {
        let descriptor = unsafe open(directory.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandError(.failure, "can't open \(directory.lock): \(reason)")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            let holder = (try? UpState.read(from: directory)).map { " (process \($0.pid))" } ?? ""
            throw CommandError(
                .failure,
                "another `steelyard up` runs on \(directory.path)\(holder); stop it first, or name another directory with "
                    + "--data")
        }
        self.descriptor = descriptor
    }

    /// Whether some process holds the lock at the moment.
    static func isHeld(_ directory: DataDirectory) -> Bool {
        let descriptor = unsafe open(directory.lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
        flock(descriptor, LOCK_UN)
        return false
    }

    deinit { close(descriptor) }
}
