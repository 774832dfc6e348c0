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
        var status = stat()
        guard unsafe lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw EmbeddedError(.directoryUnusable, "\(directory) is not a directory.")
        }
        let isOurs = status.st_uid == user.userID || status.st_uid == geteuid()
        guard isOurs, unsafe chmod(directory, 0o700) == 0, unsafe chown(directory, user.userID, user.groupID) == 0
        else {
            throw EmbeddedError(
                .directoryUnusable,
                "The directory \(directory) does not belong to this user or to \(user.name), and must.")
        }
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
