internal import Foundation

/// Real clients from PyPI, in virtual environments that `Tests/Tools/real-senders/environment` makes, and the model
/// server that they talk to.
package enum RealSenders {
    /// What the scripts end with where a test can't be run here.
    private static let unavailable: Int32 = 75

    private static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Tools/real-senders").path

    /// The Python of the environment that `requirements/NAME.txt` describes; `nil`, said loudly, where PyPI isn't
    /// reached.
    package static func python(_ name: String) throws -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(directory)/environment")
        process.arguments = [name]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus == unavailable {
            print("SKIPPED: PyPI isn't reached, or Python lacks venv; \(name) isn't tried with its real packages")
            return nil
        }
        guard process.terminationStatus == 0 else {
            throw NeverHappened(
                what: "the environment \(name) is made (exit \(process.terminationStatus))", limit: .zero)
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Runs `senders/NAME.py` to its end, which must be a good one.
    package static func run(
        _ name: String, python: String, arguments: [String], environment: [String: String] = [:], logDirectory: String
    ) async throws {
        let program = try RunningProgram(
            name: name, executable: python, arguments: ["\(directory)/senders/\(name).py"] + arguments,
            environment: environment, logPath: "\(logDirectory)/\(name).log")
        program.expectEnd()
        let outcome = try await program.waitForEnd(within: .seconds(300))
        guard outcome == .exited(0) else { throw program.ended("ended with \(outcome)") }
    }

    /// The path of the model server's script.
    fileprivate static var stubModel: String { "\(directory)/stub_model.py" }
}

/// A model server that says in a journal what each of its answers truly used.
package final class StubModel: Sendable {
    /// One line of the journal.
    package struct Answer: Sendable, Decodable, Equatable {
        package var model: String
        /// What was asked for: `chat`, `chat, streamed without usage`, …
        package var call: String
        /// Whether the answer said its usage.
        package var said: Bool
        package var input: UInt64
        /// Within the input.
        package var cached: UInt64
        package var output: UInt64
        /// Within the output.
        package var reasoning: UInt64
    }

    package let url: String
    private let program: RunningProgram
    private let journal: String

    /// Starts one that writes into a directory of the test's.
    package init(python: String, directory: String) async throws {
        journal = "\(directory)/stub-model.jsonl"
        let addressFile = "\(directory)/stub-model.json"
        program = try RunningProgram(
            name: "stub-model", executable: python,
            arguments: [RealSenders.stubModel, "--address-file", addressFile, "--journal", journal],
            logPath: "\(directory)/stub-model.log")
        program.expectEnd()
        guard let url = try await program.waitForListeningFile(addressFile)["url"] else {
            throw program.ended("wrote no address")
        }
        self.url = url
    }

    /// Everything that it has answered, in order.
    package func answers() throws -> [Answer] {
        let text = try String(contentsOfFile: journal, encoding: .utf8)
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Answer.self, from: Data($0.utf8)) }
    }

    package func end() async throws { try await program.killHard() }
}
