internal import Foundation
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// A child process whose output goes to a log file, and which the test stops, kills and starts again.
package final class RunningProgram: Sendable {
    package struct Ended: Error, CustomStringConvertible {
        package var name: String
        package var what: String
        package var logTail: String
        package var description: String { "\(name) \(what); its log ends with:\n\(logTail)" }
    }

    /// How a process ended.
    package enum Outcome: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    private static let pollInterval = Duration.milliseconds(10)
    private static let logTailBytes = 4_000

    package let name: String
    package let logPath: String
    private let process: Process
    private let endedByTest = Atomic(false)

    /// Starts a program; output is appended to the log.
    package init(
        name: String, executable: String, arguments: [String], environment: [String: String] = [:], logPath: String
    ) throws {
        self.name = name
        self.logPath = logPath
        if !FileManager.default.fileExists(atPath: logPath) {
            _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        }
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: logPath))
        try log.seekToEnd()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        try process.run()
        try log.close()
        self.process = process
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    package var isRunning: Bool { process.isRunning }
    package var processIdentifier: Int32 { process.processIdentifier }

    /// Whether the test stopped or killed it; otherwise an end is a failure.
    package var wasEndedByTest: Bool { endedByTest.load(ordering: .acquiring) }

    /// From now on its end is the test's doing, even where no signal is sent through here.
    package func expectEnd() { endedByTest.store(true, ordering: .releasing) }

    package func send(_ signal: Int32) {
        expectEnd()
        if process.isRunning { kill(process.processIdentifier, signal) }
    }

    /// Waits for the end, however it comes.
    @discardableResult
    package func waitForEnd(within limit: Duration = .seconds(60)) async throws -> Outcome {
        try await eventually("\(name) ends", within: limit, every: Self.pollInterval) { !self.process.isRunning }
        return process.terminationReason == .exit
            ? .exited(process.terminationStatus) : .signalled(process.terminationStatus)
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    package func killHard() async throws {
        send(SIGKILL)
        try await waitForEnd()
    }

    /// SIGTERM, and the exit code that a drained process must have.
    package func stop(within limit: Duration = .seconds(60)) async throws {
        guard process.isRunning else { throw ended("had ended before it was stopped") }
        send(SIGTERM)
        let outcome = try await waitForEnd(within: limit)
        guard outcome == .exited(0) else { throw ended("ended with \(outcome) after SIGTERM") }
    }

    /// Waits until `path` holds a JSON object of strings, or fails early when the process ends.
    package func waitForListeningFile(_ path: String) async throws -> [String: String] {
        var addresses: [String: String] = [:]
        try await eventually("\(name) writes \(path)", every: Self.pollInterval) {
            guard self.process.isRunning else { throw self.ended("ended with \(self.process.terminationStatus)") }
            guard let data = FileManager.default.contents(atPath: path) else { return false }
            addresses = (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
            return !addresses.isEmpty
        }
        return addresses
    }

    package func ended(_ what: String) -> Ended {
        let log = FileManager.default.contents(atPath: logPath) ?? Data()
        return Ended(name: name, what: what, logTail: String(decoding: log.suffix(Self.logTailBytes), as: UTF8.self))
    }
}
