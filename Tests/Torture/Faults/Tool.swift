internal import Foundation
internal import TestHarness

/// Executables of the system that faults are made with.
enum Tool {
    /// Where such programs lie; `sbin` isn't on everybody's PATH.
    private static let directories = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"]

    static func path(_ name: String) -> String? {
        directories.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// The program's path, or ``Skipped`` that says which package has it.
    static func require(_ name: String, package: String) throws -> String {
        guard let path = path(name) else { throw Skipped(reason: "\(name) is not installed (package \(package))") }
        return path
    }

    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a program to its end; its output is what a failure shows.
    static func run(_ executable: String, _ arguments: [String], log: String) async throws {
        let program = try RunningProgram(
            name: executable, executable: executable, arguments: arguments, logPath: log)
        let outcome = try await program.waitForEnd()
        guard outcome == .exited(0) else {
            throw Failed(description: program.ended("\(arguments) ended with \(outcome)").description)
        }
    }
}
