internal import Foundation
internal import Synchronization

/// Directories of test servers under one base, each locked by the process that it belongs to.
enum TestServerDirectory {
    /// Making a database makes hundreds of files; in memory that takes a quarter of the time.
    private static let memory = "/dev/shm"
    /// What must be free there, in bytes: some forty databases beside each other, with what tests write.
    private static let memoryNeeded = 4 << 30
    private static let held = Mutex<[String]>([])

    private static func base(in parent: String) -> String { "\(parent)/steelyard-test-servers-\(geteuid())" }

    /// Removes what dead processes left, and makes and locks a new directory.
    static func claim() throws -> String {
        let parents = hasRoom(memory) ? [memory, "/tmp"] : ["/tmp"]
        let base = base(in: parents[0])
        try FileManager.default.createDirectory(
            atPath: base, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        for old in parents.map(base(in:)) {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: old)) ?? [] {
                removeIfAbandoned("\(old)/\(name)")
            }
        }
        let directory = "\(base)/\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        guard lock(directory) else { throw CocoaError(.fileLocking) }
        return directory
    }

    private static func hasRoom(_ directory: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: directory)
        return (attributes?[.systemFreeSize] as? NSNumber)?.intValue ?? 0 >= memoryNeeded
    }

    /// The lock is held until the process ends, however it ends; its descriptor is not inherited.
    private static func lock(_ directory: String) -> Bool {
        let descriptor = unsafe open("\(directory)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        close(descriptor)
        return false
    }

    private static func removeIfAbandoned(_ directory: String) {
        guard lock(directory) else { return }
        end(directory)
    }

    /// Ends the server of a directory at once and removes the directory.
    private static func end(_ directory: String) {
        let file = "\(directory)/pg/cluster/postmaster.pid"
        if let text = try? String(contentsOfFile: file, encoding: .utf8),
            let process = text.split(separator: "\n").first.flatMap({ Int32($0) }), process > 1, isPostgres(process)
        {
            kill(process, SIGQUIT)
            // Its children end within moments; the directory can only be removed whole once they have.
            for _ in 0..<500 where kill(process, 0) == 0 { usleep(10_000) }
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// A process id in a stale file may be somebody else's by now.
    private static func isPostgres(_ process: Int32) -> Bool {
        let name = try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)
        return name?.hasPrefix("postgres") ?? false
    }

    static func removeAtExit(_ directory: String) {
        held.withLock { $0.append(directory) }
        atexit { TestServerDirectory.endAll() }
    }

    private static func endAll() {
        for directory in held.withLock({ $0 }) { end(directory) }
    }
}
