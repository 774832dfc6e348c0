internal import Foundation

/// The right to run `up` on a data folder: a lock that the kernel gives back when the process ends, however it ends.
struct FolderLock: ~Copyable {
    private let descriptor: Int32

    init(_ folder: DataFolder) throws(CommandError) {
        let descriptor = unsafe open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandError(.failure, "can't open \(folder.lock): \(reason)")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            let holder = (try? UpState.read(from: folder)).map { " (process \($0.pid))" } ?? ""
            throw CommandError(
                .failure,
                "another `steelyard up` runs on \(folder.path)\(holder); stop it first, or name another folder with "
                    + "--data")
        }
        self.descriptor = descriptor
    }

    /// Whether some process holds the lock at the moment.
    static func isHeld(_ folder: DataFolder) -> Bool {
        let descriptor = unsafe open(folder.lock, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
        flock(descriptor, LOCK_UN)
        return false
    }

    deinit { close(descriptor) }
}
