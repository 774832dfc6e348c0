import APIModel
import Foundation
import Identity
import Subprocess
import SystemPackage
import Testing

@testable import steelyard

/// `up` as a real process, with the real daemons and a real PostgreSQL.
@Suite(.serialized) struct UpTests {
    @Test func `starts, stops and continues with the same data`() async throws {
        try await withScratchDirectory("up") { scratch in
            let directory = DataDirectory(scratch + "/data")
            try await isRefusedForItsPorts(directory)

            try await UpProcess.running(directory) { up in
                try await send(2, to: up.state, in: directory)
                #expect(try await totalTokens(directory) == "300")

                let second = try await Program.run("up", "--data", directory.path, "--port-base", "0")
                #expect(second.exitCode == 1)
                #expect(second.errors.contains("another `steelyard up` runs on \(directory.path)"))

                let mode = try FileManager.default.attributesOfItem(atPath: directory.adminToken)[.posixPermissions]
                #expect((mode as? NSNumber)?.intValue == 0o600)
                try await refusesStrangers(up.state, scratch)
                let server = try #require(self.postmaster(of: directory))
                for process in [up.state.pid, server] + up.state.children.map(\.pid) {
                    #expect(try coreLimits(of: process) == ["0", "0"], "no core dump of \(process)")
                }
                up.signal(.terminate)
                let status = try await up.ended()
                #expect(status == .exited(0))
                #expect(up.state.children.allSatisfy { !OrphanCleanup.isOurs($0) })
                let postmaster = directory.postgres + "/cluster/postmaster.pid"
                #expect(!FileManager.default.fileExists(atPath: postmaster))
            }

            try await UpProcess.running(directory) { up in
                #expect(try await totalTokens(directory) == "300", "the data of the first run")
                try await send(1, to: up.state, in: directory)
                #expect(try await totalTokens(directory) == "450")
                up.signal(.interrupt)
                #expect(try await up.ended() == .exited(0))
            }
        }
    }

    @Test func `a child that dies is started again and orphans of a killed up are stopped`() async throws {
        try await withScratchDirectory("up-killed") { scratch in
            let directory = DataDirectory(scratch)
            let orphans = try await UpProcess.running(directory) { up in
                let collector = try #require(up.state.children.first { $0.name == "collector-alpha" })
                kill(collector.pid, SIGKILL)
                try await eventually("the collector to be started again") {
                    let now = try UpState.read(from: directory).children.first { $0.name == "collector-alpha" }
                    return now.map { $0.pid != collector.pid && OrphanCleanup.isOurs($0) } ?? false
                }
                let server = try #require(postmaster(of: directory))
                kill(server, SIGKILL)
                try await eventually("PostgreSQL to be started again") {
                    postmaster(of: directory).map { $0 != server && kill($0, 0) == 0 } ?? false
                }
                try await send(2, to: up.state, in: directory)
                let children = try UpState.read(from: directory).children
                up.signal(.kill)
                _ = try await up.ended()
                return children
            }
            #expect(orphans.count == 2)
            #expect(orphans.allSatisfy { OrphanCleanup.isOurs($0) }, "children outlive an up that is killed")

            try await UpProcess.running(directory) { up async throws in
                #expect(orphans.allSatisfy { !OrphanCleanup.isOurs($0) }, "the next up has stopped them")
                #expect(try await totalTokens(directory) == "300")
                up.signal(.terminate)
                #expect(try await up.ended() == .exited(0))
            }
        }
    }

    /// What a refused first start leaves behind must not stand in the way of the next.
    private func isRefusedForItsPorts(_ directory: DataDirectory) async throws {
        let never = try await Program.run("up", "--data", directory.path, "--port-base", "80")
        #expect(never.exitCode == 2)
        #expect(!FileManager.default.fileExists(atPath: directory.path))

        guard let socket = ListeningSocket(port: 0) else { throw CommandError(.failure, "no free port") }
        let port = socket.port
        let held = socket.release()
        defer { close(held) }
        let taken = try await Program.run("up", "--data", directory.path, "--port-base", "\(port)")
        #expect(taken.exitCode == 1)
        #expect(taken.errors.contains("is taken by another program"))
    }

    /// Soft and hard limit of a process's core dumps.
    private func coreLimits(of process: Int32) throws -> [String] {
        let limits = try String(contentsOfFile: "/proc/\(process)/limits", encoding: .utf8)
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
        return line.map { $0.split(separator: " ").dropFirst(4).prefix(2).map(String.init) } ?? []
    }

    /// PostgreSQL's process id, from its own file.
    private func postmaster(of directory: DataDirectory) -> Int32? {
        let text = try? String(contentsOfFile: directory.postgres + "/cluster/postmaster.pid", encoding: .utf8)
        return text?.split(separator: "\n").first.flatMap { Int32($0) }
    }

    /// Sends events of 150 tokens and waits until they are shipped.
    private func send(_ count: Int, to state: UpState, in directory: DataDirectory) async throws {
        let url = try #require(state.collectors.first).url
        let line = #"{"time":"2025-06-15T08:00:00Z","tenant":"a","model":"m","input_tokens":100,"output_tokens":50}"#
        let lines = Array(String(repeating: line + "\n", count: count).utf8)
        let answer = try await eventualAnswer(url, lines)
        #expect(answer.accepted == count)
        try await Backlog.waitUntilShipped([url])
    }

    /// A collector that has just been started again may not listen yet.
    private func eventualAnswer(_ url: String, _ lines: [UInt8]) async throws -> EventsAnswer {
        try await Readiness.wait(for: url, timeout: .seconds(60), name: "collector", log: "its log")
        return try await HTTPClients.with { try await EventsClient(url: url, http: $0).send(lines) }
    }

    private func totalTokens(_ directory: DataDirectory) async throws -> String? {
        let outcome = try await Program.run(
            "usage", "--data", directory.path, "--period", "2025-06", "--wait-for", "latest", "--format", "json")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let answer = try JSONDecoder().decode(UsageResponse.self, from: Data(outcome.output.utf8))
        return answer.rows.first?.counts.totalTokens.text
    }

    private func refusesStrangers(_ state: UpState, _ scratch: String) async throws {
        let file = scratch + "/stranger.token"
        let token = "sy_" + String(repeating: "0", count: 16) + "_" + String(repeating: "0", count: 64)
        try PrivateFile.write(token, to: file, for: .ownerOnly, overwriting: false)
        let outcome = try await Program.run("scope", "list", "--url", state.queryURL, "--token-file", file)
        #expect(outcome.exitCode == 3)
        #expect(outcome.output.isEmpty)
    }
}

/// A `steelyard up` under test.
struct UpProcess: Sendable {
    let state: UpState
    let signal: @Sendable (Signal) -> Void
    let ended: @Sendable () async throws -> TerminationStatus

    /// Starts `up` on free ports with one provider, waits until it is ready, and runs `body`, which ends it.
    static func running<Value: Sendable>(
        _ directory: DataDirectory, _ body: @Sendable (UpProcess) async throws -> Value
    ) async throws -> Value {
        let (statuses, continuation) = AsyncStream<TerminationStatus>.makeStream()
        let arguments: Arguments = [
            "up", "--data", directory.path, "--port-base", "0", "--provider", "alpha", "--window-back", "3650d",
        ]
        let (pids, pidContinuation) = AsyncStream<Int32>.makeStream()
        async let process: Void = {
            defer {
                pidContinuation.finish()
                continuation.finish()
            }
            var options = PlatformOptions()
            options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(60))]
            let result = try await Subprocess.run(
                .path(FilePath(Built.steelyard)), arguments: arguments, platformOptions: options,
                input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
            ) { execution in
                pidContinuation.yield(execution.processIdentifier.value)
            }
            continuation.yield(result.terminationStatus)
        }()
        var iterator = pids.makeAsyncIterator()
        guard let pid = await iterator.next() else { throw CommandError(.failure, "up didn't start") }
        try await eventually("up to be ready") {
            guard let state = try? UpState.read(from: directory) else { return false }
            return state.pid == pid && state.isReady
        }
        let value = try await body(
            UpProcess(
                state: UpState.read(from: directory),
                signal: { _ = kill(pid, $0.rawValue) },
                ended: {
                    for await status in statuses { return status }
                    throw CommandError(.failure, "up's end was not seen")
                }))
        try await process
        return value
    }
}
