internal import Foundation
internal import TestHarness
internal import Testing

/// Asks a running installation, by its API and by the command line.
struct MarketAsker: Sendable {
    let url: String
    let token: String
    let directory: String

    func shares(_ scope: String, _ period: String, asKnownAt: String? = nil) async throws -> MarketAnswers.Shares {
        let moment = asKnownAt.map { "&as-known-at=\($0.replacing("+", with: "%2B"))" } ?? ""
        return try await get("/v1/shares?scope=\(scope)&period=\(period)\(moment)")
    }

    func get<Answer: Decodable>(_ path: String) async throws -> Answer {
        let answer = try await HTTPCaller().get(url + path, token: token)
        guard answer.status == 200 else {
            throw MarketAnswers.Missing(what: "an answer to \(path): \(answer.status) \(answer.text.prefix(500))")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Answer.self, from: Data(answer.body))
    }

    /// The records of a kind of facts, by their columns; fields with commas come last in every kind.
    func facts(_ kind: String) async throws -> [[String: String]] {
        let answer = try await HTTPCaller().get(url + "/v1/facts/\(kind)", token: token, accept: "text/csv")
        #expect(answer.status == 200, "\(kind): \(answer.text.prefix(500))")
        let lines = answer.text.components(separatedBy: "\r\n").filter { !$0.isEmpty }
        let header = try #require(lines.first).components(separatedBy: ",")
        return lines.dropFirst().map {
            Dictionary(zip(header, $0.components(separatedBy: ","))) { first, _ in first }
        }
    }

    func importTenants(_ path: String) async throws {
        try await commandLine(["tenants", "import", path] + connection)
    }

    func importFacts(_ kind: String, _ path: String) async throws {
        try await commandLine(["facts", "import", kind, path] + connection)
    }

    private var connection: [String] { ["--url", url, "--token-file", "\(directory)/token"] }

    /// Writes the token where the command line reads it.
    func keepToken() throws {
        let file = "\(directory)/token"
        try token.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    }

    /// Runs `steelyard` to its end, which must be a success.
    func commandLine(_ arguments: [String]) async throws {
        let program = try RunningProgram(
            name: "steelyard \(arguments[0])", executable: try Executables.path(Executables.commandLine),
            arguments: arguments, logPath: "\(directory)/command-line.log")
        let outcome = try await program.waitForEnd(within: .seconds(300))
        guard outcome == .exited(0) else { throw program.ended("ended with \(outcome)") }
    }
}
