import Foundation
import Subprocess
import SystemPackage

@testable import steelyard

/// The programs that were built beside the tests.
enum Built {
    static let directory: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (own as NSString).deletingLastPathComponent
    }()

    static var steelyard: String { program("steelyard") }

    static func program(_ name: String) -> String { "\(directory)/\(name)" }
}

/// What a run of `steelyard` came to.
struct Outcome: Sendable {
    var exitCode: Int32?
    var output: String
    var errors: String
}

enum Program {
    static func run(_ arguments: String...) async throws -> Outcome { try await run(list: arguments) }

    /// - Parameters:
    ///   - name: the program, one of those built beside the tests.
    ///   - variables: what is added to the environment.
    static func run(
        _ name: String = "steelyard", list arguments: [String], variables: [String: String] = [:]
    ) async throws -> Outcome {
        try await run(path: Built.program(name), list: arguments, variables: variables)
    }

    /// As ``run(_:list:variables:)``, of any program.
    static func run(
        path: String, list arguments: [String], variables: [String: String] = [:]
    ) async throws -> Outcome {
        var added: [Environment.Key: String?] = [:]
        for (name, value) in variables { added[Environment.Key(stringLiteral: name)] = value }
        let result = try await Subprocess.run(
            .path(FilePath(path)), arguments: Arguments(arguments),
            environment: .inherit.updating(added),
            output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        var code: Int32?
        if case .exited(let status) = result.terminationStatus { code = status }
        return Outcome(exitCode: code, output: result.standardOutput, errors: result.standardError)
    }
}

/// Runs `body` with a directory of its own, which is gone when the test is over.
func withScratchDirectory(_ name: String, _ body: (String) async throws -> Void) async throws {
    let path = NSTemporaryDirectory() + "steelyard-\(name)-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
}

/// Waits until a condition holds.
func eventually(
    within limit: Duration = .seconds(180), _ what: String, _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw CommandError(.failure, "waited in vain for: \(what)") }
        try await Task.sleep(for: .milliseconds(50))
    }
}
