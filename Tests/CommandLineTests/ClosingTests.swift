import Foundation
import Identity
import Scopes
import Subprocess
import Testing

@testable import steelyard

/// A month closed from the command line, by two people, on a real installation.
@Suite(.serialized) struct ClosingTests {
    @Test func `two people close a month and anybody checks it`() async throws {
        try await withScratchDirectory("closing") { scratch in
            let directory = DataDirectory(scratch + "/data")
            try await UpProcess.running(directory) { up async throws in
                try await send(to: up.state)
                let ann = try await token("Ann", directory, scratch)
                let bob = try await token("Bob", directory, scratch)
                func run(_ arguments: String..., as token: String) async throws -> Outcome {
                    try await Program.run(list: arguments + ["--data", directory.path, "--token-file", token])
                }
                // The admin token of `up` makes tokens, and so closes nothing.
                let nobody = try await run("close", "2025-06", "--scope", "all-traffic", as: directory.adminToken)
                #expect(nobody.exitCode == 3 && nobody.errors.contains("role is admin"), "\(nobody.errors)")
                let short = try await run("close", "2025-06", "--scope", "all-traffic", as: ann)
                #expect(short.exitCode == 1 && short.errors.contains("\n  alpha has no usage on "), "\(short.errors)")
                #expect(short.errors.contains("--override-reason TEXT"))
                let chinese = try await run("close", "2025-06", "--scope", "all-traffic", "--zh", as: ann)
                #expect(chinese.errors.contains("不能关账：\n  云厂商有无用量的日期（alpha"), "\(chinese.errors)")
                #expect(chinese.errors.contains("--override-reason 说明"))
                let proposed = try await run(
                    "close", "2025-06", "--scope", "all-traffic", "--override-reason", "one day is all there is",
                    as: ann)
                #expect(proposed.exitCode == 0, "\(proposed.errors)")
                #expect(proposed.output.contains("waits for somebody else to approve it"))
                #expect(proposed.output.contains("closed all the same: one day is all there is"))
                let own = try await run("statement", "approve", "2025-06", "--scope", "all-traffic", as: ann)
                #expect(own.exitCode == 3 && own.errors.contains("somebody else"), "\(own.errors)")
                let approved = try await run("statement", "approve", "2025-06", "--scope", "all-traffic", as: bob)
                #expect(approved.exitCode == 0 && approved.output.contains("approved"), "\(approved.errors)")
                let list = try await run("statement", "list", "--zh", as: bob)
                #expect(list.output.contains("已批准") && list.output.contains("Ann"), "\(list.output)")
                try await send(to: up.state)
                let restated = try await run(
                    "statement", "show", "2025-06", "--scope", "all-traffic", "--restated", as: bob)
                #expect(restated.output.contains("+150"), "\(restated.output)")
                let export = try await run(
                    "export", "monthly-share", "--month", "2025-06", "--scope", "all-traffic", as: bob)
                #expect(export.output.contains(",150,150,100.0,"), "\(export.output)")
                let verified = try await run("statement", "verify", "2025-06", "--scope", "all-traffic", as: bob)
                #expect(verified.exitCode == 0 && verified.output.contains("adds up"), "\(verified.errors)")
                let text = try await run(
                    "statement", "show", "2025-06", "--scope", "all-traffic", "--canonical", as: bob)
                try await checkFile(text.output, scratch)
                func asBob(_ arguments: [String]) async throws -> Outcome {
                    try await Program.run(list: arguments + ["--data", directory.path, "--token-file", bob])
                }
                try await checkDigest(StatementContent.digest(of: text.output), asBob)
                try await checkNothing(scratch, asBob)
                up.signal(.terminate)
                _ = try await up.ended()
            }
        }
    }

    /// A digest that somebody noted holds the server to it.
    private func checkDigest(_ digest: String, _ run: ([String]) async throws -> Outcome) async throws {
        let verify = ["statement", "verify", "2025-06", "--scope", "all-traffic", "--sha256"]
        let right = try await run(verify + [digest.uppercased()])
        #expect(right.exitCode == 0 && right.output.contains("adds up"), "\(right.errors)")
        let other = try await run(verify + [String(repeating: "0", count: 64)])
        #expect(other.exitCode == 5 && other.errors.contains("its SHA-256 is \(digest)"), "\(other.errors)")
        #expect(other.output.isEmpty)
    }

    /// An export or a question without a row has an exit code of its own, in every format, and writes no file.
    private func checkNothing(_ scratch: String, _ run: ([String]) async throws -> Outcome) async throws {
        for format in ["csv", "json", "table"] {
            for arguments in [
                ["export", "monthly-share", "--month", "2024-01", "--scope", "all-traffic"],
                ["share", "--period", "2024-01", "--scope", "all-traffic"],
                ["growth", "2024-01", "2024-02", "--scope", "all-traffic"],
            ] {
                let outcome = try await run(arguments + ["--format", format])
                #expect(outcome.exitCode == 6, "\(arguments) \(format): \(outcome)")
                #expect(outcome.errors.contains("the answer holds nothing"))
                if format == "csv" {
                    #expect(outcome.output.split(separator: "\r\n").count == 1, "\(outcome.output)")
                }
            }
        }
        let file = scratch + "/nothing.csv"
        let export = try await run(["export", "monthly-share", "--month", "2024-01", "--out", file])
        #expect(export.exitCode == 6 && !FileManager.default.fileExists(atPath: file))
        let shown = try await run([
            "statement", "show", "2025-06", "--scope", "all-traffic", "--wait-for", "latest", "--restated",
        ])
        #expect(shown.exitCode == 0, "\(shown.errors)")
    }

    /// What was printed is checked without a server, and what was touched is found out.
    private func checkFile(_ text: String, _ scratch: String) async throws {
        let file = scratch + "/june.json"
        try PrivateFile.write(text, to: file, for: .everybody, overwriting: false)
        let digest = StatementContent.digest(of: text)
        #expect(try await Program.run("statement", "verify", file, "--sha256", digest).exitCode == 0)
        let other = try await Program.run("statement", "verify", file, "--sha256", String(digest.reversed()))
        #expect(other.exitCode == 5 && other.errors.contains(digest))
        let forged = text.replacing(#""numerator":"150""#, with: #""numerator":"151""#)
        #expect(forged != text)
        try PrivateFile.write(forged, to: file, for: .everybody, overwriting: true)
        let refused = try await Program.run("statement", "verify", file)
        #expect(refused.exitCode == 5 && refused.errors.contains("denominator"), "\(refused.errors)")
        let cut = scratch + "/cut.json"
        try PrivateFile.write(String(text.dropLast(9)), to: cut, for: .everybody, overwriting: false)
        #expect(try await Program.run("statement", "verify", cut).exitCode == 5)
    }

    private func send(to state: UpState) async throws {
        let url = try #require(state.collectors.first).url
        let line = #"{"time":"2025-06-15T08:00:00Z","tenant":"a","model":"m","input_tokens":100,"output_tokens":50}"#
        try await Readiness.wait(for: url, timeout: .seconds(60), name: "collector", log: "its log")
        let answer = try await HTTPClients.with {
            try await EventsClient(url: url, http: $0).send(Array((line + "\n").utf8))
        }
        #expect(answer.accepted == 1)
        try await Backlog.waitUntilShipped([url])
    }

    private func token(_ holder: String, _ directory: DataDirectory, _ scratch: String) async throws -> String {
        let file = "\(scratch)/\(holder).token"
        let made = try await Program.run(
            "token", "create", "--role", "finance", "--holder", holder, "--out", file, "--data", directory.path)
        #expect(made.exitCode == 0, "\(made.errors)")
        return file
    }
}
