internal import Foundation
internal import Glibc
internal import Subprocess
internal import SystemPackage
internal import TableReading

/// The process that reads a table for a source: the only one that knows PostgreSQL, and that holds nothing that would
/// be lost with it.
struct TableReaderProcess: Sendable {
    static let programName = "steelyard-table-reader"

    /// Where the program lies.
    let executable: String

    /// The program beside the running one.
    static var besideThis: TableReaderProcess {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return TableReaderProcess(executable: "\((own as NSString).deletingLastPathComponent)/\(programName)")
    }

    /// Runs the process while `body` talks to it over a socket, and ends it with SIGKILL when `body` is done.
    ///
    /// - Parameter body: takes the descriptor of a ``TableChannel``.
    /// - Returns: how it ended.
    func run(_ body: (Int32) async throws -> Void) async throws -> String {
        let (ours, theirs) = try TableChannel.makePair()
        defer { close(ours) }
        let end = FileDescriptor(rawValue: theirs)
        var isEndOpen = true
        defer { if isEndOpen { try? end.close() } }
        var options = PlatformOptions()
        // A process group of its own: Ctrl-C in a terminal reaches the collector alone.
        options.processGroupID = 0
        let result = try await Subprocess.run(
            .path(FilePath(executable)), platformOptions: options,
            input: .fileDescriptor(end, closeAfterSpawningProcess: false),
            output: .fileDescriptor(end, closeAfterSpawningProcess: false),
            error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
        ) { execution in
            // The other end is the child's alone from now on, so that its death is seen here.
            try? end.close()
            isEndOpen = false
            defer { try? execution.send(signal: .kill) }
            try await body(ours)
        }
        return "\(result.terminationStatus)"
    }
}
