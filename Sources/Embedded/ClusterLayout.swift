internal import Foundation
internal import Subprocess
internal import SystemPackage

/// The folders, programs and user of one private cluster.
struct ClusterLayout: Sendable {
    /// Sockets are told apart by their folder, so that the port is only a name.
    static let port = 5432
    /// The database role that owns everything.
    static let role = "steelyard"
    /// The longest path of a Unix socket, in bytes, without its end.
    static let maxSocketPathBytes = 107

    var dataFolder: String
    var clusterFolder: String
    var socketFolder: String
    var logFile: String
    var programs: String
    var user: ServerUser
    var settings: [String: String]

    static func resolve(_ options: EmbeddedOptions) throws -> ClusterLayout {
        let data = URL(fileURLWithPath: options.dataFolder).standardizedFileURL.path
        let user = try ServerUser.resolve()
        return ClusterLayout(
            dataFolder: data, clusterFolder: "\(data)/cluster", socketFolder: socketFolder(data, user),
            logFile: "\(data)/postgres.log", programs: try ServerPrograms.folder(preferring: options.binaryFolder),
            user: user, settings: options.settings)
    }

    /// `socket` in the data folder, or a short folder under /tmp, named by the data folder, where the path would not fit.
    private static func socketFolder(_ data: String, _ user: ServerUser) -> String {
        let near = "\(data)/socket"
        if "\(near)/.s.PGSQL.\(port)".utf8.count <= maxSocketPathBytes { return near }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
        for byte in data.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return "/tmp/steelyard-\(user.userID)-\(String(hash, radix: 36))"
    }

    /// Only a finished `initdb` leaves this: it works in another folder that is renamed at its end.
    var isInitialised: Bool { FileManager.default.fileExists(atPath: "\(clusterFolder)/PG_VERSION") }

    /// Makes the data and socket folders, mode 0700, owned by the server's user, and refuses ones that are not.
    func makeFolders() throws {
        for folder in [dataFolder, socketFolder] {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw EmbeddedError(
                    .folderUnusable, "The folder \(folder) can't be made: \(error.localizedDescription)")
            }
            try take(folder)
        }
    }

    /// Gives a folder to the server's user alone. A link, or a folder of somebody else's, is refused.
    func take(_ folder: String) throws {
        var status = stat()
        guard unsafe lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw EmbeddedError(.folderUnusable, "\(folder) is not a folder.")
        }
        let isOurs = status.st_uid == user.userID || status.st_uid == geteuid()
        guard isOurs, unsafe chmod(folder, 0o700) == 0, unsafe chown(folder, user.userID, user.groupID) == 0 else {
            throw EmbeddedError(
                .folderUnusable, "The folder \(folder) does not belong to this user or to \(user.name), and must.")
        }
    }

    var clientArguments: [String] { ["-h", socketFolder, "-p", String(Self.port), "-U", Self.role] }
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
            // Not by Subprocess's own options: between fork and exec, glibc's setgroups waits for threads that the child
            // doesn't have, now and then for ever.
            command.insert(
                contentsOf: ["setpriv", "--reuid=\(user.userID)", "--regid=\(user.groupID)", "--clear-groups", "--"],
                at: 0)
        }
        var platform = PlatformOptions()
        // A session of its own, so that Ctrl-C in the terminal doesn't reach the server before us.
        platform.createSession = true
        let result = try await Subprocess.run(
            .name(command[0]), arguments: Arguments(Array(command.dropFirst())),
            environment: .custom(["PATH": "\(programs):/usr/bin:/bin", "LC_ALL": "C", "HOME": dataFolder, "TZ": "UTC"]),
            workingDirectory: "/", platformOptions: platform,
            output: .string(limit: Self.maxOutputBytes), error: .combinedWithOutput)
        let text = result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
        return Finished(isSuccess: result.terminationStatus.isSuccess, output: text)
    }
}
