import CollectorCore
import Foundation
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// Situations of followed files that were reported of collectors of logs, each with real files, named as in
/// `cases/files.md` of the issue that asked for them. How many requests must be counted stands there too.
@Suite struct FileSituationTests {
    /// A directory with a source of it, over any number of processes.
    private final class Situation {
        let directory: String
        let yaml: String
        let clock = HandClock()
        private var rig: Rig?
        private var next = 0

        init(_ directory: String, paths: String = "logs/app.log", _ more: String = "") throws {
            self.directory = directory
            yaml = "sources:\n  app:\n    type: file\n    paths: ['\(paths)']\n\(more)"
            for name in ["logs", "old", "pods/a"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
            }
        }

        var log: String { path("app.log") }

        func path(_ name: String) -> String { "\(directory)/logs/\(name)" }

        /// Lines that nobody has written yet.
        func lines(_ count: Int) -> String {
            defer { next += count }
            return Lines.events(next..<next + count)
        }

        func write(_ count: Int, to path: String? = nil) throws {
            try LogFile.append(lines(count), to: path ?? log)
        }

        /// The collector looks, and reads what it finds.
        func look() async throws {
            let rig = if let rig { rig } else { try await Rig.open(directory, yaml, clock: clock) }
            self.rig = rig
            for _ in 0..<2 { await rig.readAll() }
        }

        /// The collector is killed; with `sealed`, behind a seal.
        func kill(sealed: Bool = true) async {
            if sealed { await rig?.seal() }
            rig = nil
        }

        /// Requests that are counted, once everything was read and by another process after this one.
        func counted() async throws -> UInt64 {
            try await look()
            await kill()
            try await look()
            await rig?.seal()
            let totals = try await rig?.sealedTotals() ?? SealedTotals()
            // Each line has its own number of tokens.
            #expect(totals.counts.requests == Int128(totals.events))
            return totals.events
        }
    }

    private func situation(
        paths: String = "logs/app.log", _ more: String = "", _ body: (Situation) async throws -> Void
    ) async throws {
        try await ScratchDirectory.with("situation") { directory in
            try await body(try Situation(directory, paths: paths, more))
        }
    }

    private func move(_ from: String, _ to: String) throws {
        _ = try? FileManager.default.removeItem(atPath: to)
        try FileManager.default.moveItem(atPath: from, toPath: to)
    }

    private func write(_ bytes: Data, at offset: UInt64, in path: String) throws {
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: bytes)
        try handle.close()
    }

    private func size(_ path: String) throws -> UInt64 {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64)
    }

    @Test func `f01: copied and emptied under a program that appends`() async throws {
        try await situation { log in
            try log.write(30)
            try await log.look()
            try log.write(20)
            try FileManager.default.copyItem(atPath: log.log, toPath: log.path("app.log.1"))
            try LogFile.truncate(log.log)
            try log.write(7)
            #expect(try await log.counted() == 57)
        }
    }

    @Test func `f02: emptied under a writer that keeps its own offset`() async throws {
        try await situation { log in
            var offset: UInt64 = 0
            _ = FileManager.default.createFile(atPath: log.log, contents: nil)
            for rotation in 1...5 {
                for count in [20, 21] {
                    let bytes = Data(log.lines(count).utf8)
                    try write(bytes, at: offset, in: log.log)
                    offset += UInt64(bytes.count)
                    try await log.look()
                }
                try FileManager.default.copyItem(atPath: log.log, toPath: log.path("app.log.\(rotation)"))
                try LogFile.truncate(log.log)
            }
            #expect(try await log.counted() == 205)
        }
    }

    @Test func `f04: zeros at the end after a power failure, and the writer goes on behind them`() async throws {
        try await situation { log in
            try log.write(2)
            try await log.look()
            try write(Data(repeating: 0, count: 700), at: try size(log.log), in: log.log)
            try await log.look()
            try log.write(2)
            #expect(try await log.counted() == 4)
        }
    }

    @Test func `f05: the next start of the writer appends to a torn last line`() async throws {
        try await situation { log in
            try log.write(2)
            try LogFile.append(String(log.lines(1).prefix(40)), to: log.log)
            try await log.look()
            try log.write(1)
            #expect(try await log.counted() == 3)
        }
    }

    @Test(arguments: [false, true])
    func `f06: each run writes a new file and renames it over the old one`(isDown: Bool) async throws {
        try await situation { log in
            var all = ""
            for count in [10, 30, 60, 30] {
                all += log.lines(count)
                let new = log.path("app.log.new")
                try LogFile.append(all, to: new)
                try await log.look()
                if isDown { await log.kill() }
                try move(new, log.log)
                try await log.look()
            }
            #expect(try await log.counted() == 130)
        }
    }

    @Test(
        .enabled(if: RotationTests.rsync != nil, "rsync isn't here: deploy/install-packages rsync:rsync"),
        arguments: [false, true])
    func `f06b: rsync brings all of it again and again`(isDown: Bool) async throws {
        try await situation { log in
            let from = "\(log.directory)/old/app.log"
            for count in [10, 30, 60, 30] {
                try log.write(count, to: from)
                if isDown { await log.kill() }
                let rsync = Process()
                rsync.executableURL = URL(fileURLWithPath: try #require(RotationTests.rsync))
                rsync.arguments = ["-a", from, log.log]
                try rsync.run()
                rsync.waitUntilExit()
                try #require(rsync.terminationStatus == 0)
                try await log.look()
            }
            #expect(try await log.counted() == 130)
        }
    }

    @Test(arguments: [false, true])
    func `f08: Kubernetes' links of two levels, a rename, and gzip beside it`(isDown: Bool) async throws {
        try await situation(paths: "logs/*.log") { log in
            let real = "\(log.directory)/pods/a/0.log"
            try log.write(10, to: real)
            try FileManager.default.createSymbolicLink(
                atPath: "\(log.directory)/old/b.log", withDestinationPath: real)
            try FileManager.default.createSymbolicLink(
                atPath: log.path("c.log"), withDestinationPath: "\(log.directory)/old/b.log")
            try await log.look()
            if isDown { await log.kill() }
            try log.write(8, to: real)
            let rotated = real + ".20260101-000000"
            try move(real, rotated)
            try log.write(5, to: real)
            if !isDown { try await log.look() }
            try LogFile.compress(
                Data(contentsOf: URL(fileURLWithPath: rotated)), with: ["gzip", "-c"], to: rotated + ".gz")
            if !isDown { try FileManager.default.removeItem(atPath: rotated) }
            #expect(try await log.counted() == 23)
        }
    }

    @Test func `f11: moved to another directory while the collector was down, with unread lines`() async throws {
        try await situation("    olddir: ['../old']\n") { log in
            try log.write(21)
            try await log.look()
            await log.kill()
            try log.write(6)
            try move(log.log, "\(log.directory)/old/app.log.1")
            try log.write(4)
            #expect(try await log.counted() == 31)
        }
    }

    @Test func `f12: writes that cut a character`() async throws {
        try await situation { log in
            _ = FileManager.default.createFile(atPath: log.log, contents: nil)
            for name in ["北京", "上海", "深圳"] {
                let line = Data(Lines.event(tenant: name).utf8)
                let cut = try #require(line.firstIndex { $0 >= 0x80 }) + 1
                try write(line[..<cut], at: try size(log.log), in: log.log)
                try await log.look()
                try write(line[cut...], at: try size(log.log), in: log.log)
                try await log.look()
            }
            #expect(try await log.counted() == 3)
        }
    }

    @Test(arguments: [false, true], [false, true])
    func `f13: the glob takes the log and its gz`(isDown: Bool, staysPlain: Bool) async throws {
        try await situation(paths: "logs/app.log*") { log in
            try log.write(21)
            try await log.look()
            if isDown { await log.kill() }
            let rotated = log.path("app.log.1")
            try move(log.log, rotated)
            if !isDown { try await log.look() }
            try LogFile.compress(
                Data(contentsOf: URL(fileURLWithPath: rotated)), with: ["gzip", "-c"], to: rotated + ".gz")
            if !isDown { try await log.look() }
            if !staysPlain { try FileManager.default.removeItem(atPath: rotated) }
            #expect(try await log.counted() == 21)
        }
    }

    @Test func `f15: emptied and refilled to the same size between two looks, four times`() async throws {
        try await situation { log in
            for refill in 0..<4 {
                if refill > 0 { try LogFile.truncate(log.log) }
                // Tokens of two digits each, so that every filling has the same size.
                let lines = (0..<25).map { Lines.event(tenant: "t-\(refill)", input: 10 + $0) }.joined()
                try LogFile.append(lines, to: log.log)
                try await log.look()
            }
            #expect(try await log.counted() == 100)
        }
    }

    @Test func `f16: a file that grows though the source says that files are whole`() async throws {
        try await situation("    whole: true\n") { log in
            try log.write(1)
            try await log.look()
            let line = log.lines(1)
            try LogFile.append(String(line.prefix(30)), to: log.log)
            try await log.look()
            try LogFile.append(String(line.dropFirst(30)) + log.lines(1).dropLast(), to: log.log)
            #expect(try await log.counted() == 3)
        }
    }

    @Test func `f17: a writer that pauses in a line for longer than complete-last-line-after`() async throws {
        try await situation("    complete-last-line-after: 1s\n") { log in
            try log.write(1)
            let line = log.lines(1)
            try LogFile.append(String(line.prefix(50)), to: log.log)
            try await log.look()
            log.clock.advance(by: .seconds(5))
            try await log.look()
            try LogFile.append(String(line.dropFirst(50)), to: log.log)
            #expect(try await log.counted() == 2)
        }
    }

    @Test func `f20: removed with much that is unread`() async throws {
        try await situation { log in
            try log.write(10)
            try await log.look()
            try log.write(2_000)
            try FileManager.default.removeItem(atPath: log.log)
            #expect(try await log.counted() == 2_010)
        }
    }

    @Test func `f22: one line that is overwritten by others of its length`() async throws {
        try await situation { log in
            _ = FileManager.default.createFile(atPath: log.log, contents: nil)
            for count in 0..<6 {
                try write(Data(Lines.event(tenant: "t-\(count)").utf8), at: 0, in: log.log)
                try await log.look()
            }
            #expect(try await log.counted() == 6)
        }
    }

    @Test(arguments: [false, true])
    func `f23: killed in the middle of a rotation, twice`(isSealed: Bool) async throws {
        // Of a file that no batch tells of, only a glob knows where it went.
        try await situation(paths: isSealed ? "logs/app.log" : "logs/app.log*") { log in
            try log.write(9)
            for rotation in 1...2 {
                try await log.look()
                await log.kill(sealed: isSealed)
                try log.write(4)
                if rotation == 2 { try move(log.path("app.log.1"), log.path("app.log.2")) }
                try move(log.log, log.path("app.log.1"))
                if rotation == 1 {
                    try await log.look()
                    await log.kill()
                }
                try log.write(5)
            }
            #expect(try await log.counted() == 27)
        }
    }

    @Test(.enabled(if: RotationTests.mayMount, "needs root and loop devices"))
    func `f24: the same file system under another device`() async throws {
        try await RotationTests.countAcrossDevices(lines: 15, later: 5, expecting: 20)
    }
}
