import Foundation

/// A real HTTP client, with the TLS of another library than ours.
enum Curl {
    struct Answer: Sendable {
        /// 0 where there was no answer, as after a failed handshake.
        var status: Int
        var body: String
        /// `1.1` or `2`.
        var version: String
    }

    /// Sends a request and waits for its answer.
    static func run(_ arguments: [String]) throws -> Answer {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["curl", "--silent", "--max-time", "60", "--write-out", "\n%{http_code} %{http_version}"] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let lines = said.split(separator: "\n", omittingEmptySubsequences: false)
        let last = lines.last?.split(separator: " ") ?? []
        return Answer(
            status: last.first.flatMap { Int($0) } ?? 0, body: lines.dropLast().joined(separator: "\n"),
            version: last.count > 1 ? String(last[1]) : "")
    }
}
