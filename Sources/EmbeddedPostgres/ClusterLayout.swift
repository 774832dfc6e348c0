internal import CFileStatus
internal import Foundation
internal import Subprocess
internal import SystemPackage

/// The directories, programs and user of one private cluster.
struct ClusterLayout: Sendable {
    /// Sockets are told apart by their directory, so that the port is only a name.
    static let port = 5432
    /// The database role that owns everything.
    static let role = "steelyard"
    /// The longest path of a Unix socket, in bytes, without its end.
    static let maxSocketPathBytes = 107

    var dataDirectory: String
    var clusterDirectory: String
    var socketDirectory: String
    var logFile: String
    var programs: String
    var user: ServerUser
    var settings: [String: String]

    static func resolve(_ options: EmbeddedOptions) throws -> ClusterLayout {
        let data = URL(fileURLWithPath: options.dataDirectory).standardizedFileURL.path
        let user = try ServerUser.resolve()
        return ClusterLayout(
            dataDirectory: data, clusterDirectory: "\(data)/cluster", socketDirectory: socketDirectory(data, user),
            logFile: "\(data)/postgres.log",
            programs: try PostgresExecutables.directory(preferring: options.binaryDirectory),
            user: user, settings: options.settings)
    }

    /// `socket` in the data directory, or a short directory under /tmp, named by the data directory, where the path
    /// would not fit.
    private static func socketDirectory(_ data: String, _ user: ServerUser) -> String {
        let near = "\(data)/socket"
        if "\(near)/.s.PGSQL.\(port)".utf8.count <= maxSocketPathBytes { return near }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
        for byte in data.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return "/tmp/steelyard-\(user.userID)-\(String(hash, radix: 36))"
    }

    /// Only a finished `initdb` leaves this: it works in another directory that is renamed at its end.
    var isInitialised: Bool { FileManager.default.fileExists(atPath: "\(clusterDirectory)/PG_VERSION") }

    /// Makes the data and socket directories, mode 0700, owned by the server's user, and refuses ones that are not.
    func makeDirectories() throws {
        for directory in [dataDirectory, socketDirectory] {
            do {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            } catch {
                throw EmbeddedError(
                    .directoryUnusable, "The directory \(directory) can't be made: \(error.localizedDescription)")
            }
            try take(directory)
        }
    }

    /// Gives a directory to the server's user alone. A link, or a directory of somebody else's, is refused.
    func take(_ directory: String) throws {
        let descriptor = try openOwn(directory)
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o700) == 0, fchown(descriptor, user.userID, user.groupID) == 0 else {
            throw EmbeddedError(.directoryUnusable, "The directory \(directory) can't be given to \(user.name).")
        }
    }

    /// Opens a directory that belongs to this user or to the server's; not through a link.
    ///
    /// What root does in a directory of the server's user goes through this descriptor, and follows no link: that user
    /// could otherwise have root write, read or give away files of its choice.
    func openOwn(_ directory: String) throws -> Int32 {
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw EmbeddedError(
                .directoryUnusable, "\(directory) is not a directory, or can't be opened; links are not followed.")
        }
        var status = steelyard_file_status()
        let isKnown = unsafe steelyard_status_of_open_file(descriptor, &status) == 0
        guard isKnown, [user.userID, geteuid()].contains(status.owner) else {
            close(descriptor)
            let mode = String(status.permissions, radix: 8)
            throw EmbeddedError(
                .directoryUnusable,
                "The directory \(directory) (owner uid \(status.owner), mode 0\(mode)) does not belong to this user or to "
                    + "\(user.name), and must; chown it after looking at what is in it, or name another directory.")
        }
        return descriptor
    }

    /// The text of a file in one of the server's directories; `nil` where there is no such file, or a link.
    static func ownText(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = steelyard_file_status()
        guard unsafe steelyard_status_of_open_file(descriptor, &status) == 0, status.is_regular != 0 else { return nil }
        return (try? handle.readToEnd()).flatMap { String(data: $0, encoding: .utf8) }
    }

    var clientArguments: [String] { ["-h", socketDirectory, "-p", String(Self.port), "-U", Self.role] }
    var psqlArguments: [String] { ["-X", "-q"] + clientArguments }

    struct Finished {
        var isSuccess: Bool
        /// Standard output and error, trimmed.
        var output: String
    }

    /// The most output of a program that is kept, in bytes.
    private static let maxOutputBytes = 1 << 20

    /// Runs one of PostgreSQL's programs as the server's user.
    func run(_ program: String, _ arguments: [String]) async throws -> Finished {
        var command = [program] + arguments
        if user.isOther {
            // Not by Subprocess's own options: between fork and exec, glibc's setgroups waits for threads that the
            // child doesn't have, now and then for ever.
            command.insert(
                contentsOf: ["setpriv", "--reuid=\(user.userID)", "--regid=\(user.groupID)", "--clear-groups", "--"],
                at: 0)
        }
        var platform = PlatformOptions()
        // A session of its own, so that Ctrl-C in the terminal doesn't reach the server before us.
        platform.createSession = true
        let result = try await Subprocess.run(
            .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
            environment: .custom([
                "PATH": "\(programs):/usr/bin:/bin", "LC_ALL": "C", "HOME": dataDirectory, "TZ": "UTC",
            ]),
            workingDirectory: "/", platformOptions: platform,
            output: .string(limit: Self.maxOutputBytes), error: .combinedWithOutput)
        let text = result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
        return Finished(isSuccess: result.terminationStatus.isSuccess, output: text)
    }
}
