internal import Foundation
internal import TestHarness
internal import TestSupport

/// F7: the collector's disk is full, or has no inode left, and gets room again.
struct DiskFullScenario: Scenario {
    let name = "disk-full"
    let abstract = "the collector's disk runs out of bytes and of inodes, and gets room again (F7; needs root)"
    let defaultRounds = 6

    private static let diskBytes: UInt64 = 48 << 20
    private static let inodes = 256

    func run(_ run: ScenarioRun) async throws -> String {
        let disk = try await LoopDisk(directory: run.scratch, bytes: Self.diskBytes, inodes: Self.inodes)
        do {
            let figures = try await World.with(run) { try await filling(disk, in: $0) }
            try await disk.detach()
            return figures
        } catch {
            try? await disk.detach()
            throw error
        }
    }

    private func filling(_ disk: LoopDisk, in world: World) async throws -> String {
        let aggregator = try await world.installation.startAggregator()
        let collector = try world.collector("edge-1") { setup in
            setup.dataDirectory = "\(disk.mountPoint)/collector"
            setup.extra = "spool:\n  free-bytes: 4MiB\narchive:\n  bytes: 8MiB"
        }
        try await collector.start(aggregatorURL: aggregator.ingestURL)
        let ballast = Ballast(directory: "\(disk.mountPoint)/ballast")
        try await underLoad(world, [collector]) {
            for round in 0..<world.run.rounds {
                try await Task.sleep(for: .milliseconds(300))
                if round % 2 == 0 { try ballast.fillBytes() } else { try ballast.fillInodes() }
                if round % 2 == 0 { try await waitUntilRefused(collector) }
                try await Task.sleep(for: .milliseconds(300))
                // A start with a full disk must not need a byte that isn't there.
                let started = round % 3 == 2 ? try await startWithoutRoom(collector) : nil
                try ballast.free()
                if let started { try await collector.waitUntilListening(started) }
                try await waitUntilReady(collector)
            }
        }
        return "filled \(world.run.rounds) times; \(try await world.settle([collector]))"
    }

    /// Starts it while the disk is full and sees that it stays up. It writes down where it listens once there is room.
    private func startWithoutRoom(_ collector: CollectorProcess) async throws -> RunningProgram {
        try await collector.killHard()
        let program = try collector.launch()
        try await Task.sleep(for: .seconds(3))
        guard program.isRunning else {
            throw BrokenInvariant("a collector starts on a full disk", "it ended; its log is \(collector.logFile)")
        }
        return program
    }

    /// The sender is told, and told when to come again.
    private func waitUntilRefused(_ collector: CollectorProcess) async throws {
        try await eventually("a full disk is answered with 503", within: .seconds(60)) {
            let answer = try await HTTPCaller.impatient.post(
                "\(collector.url)/v1/events", headers: [("Content-Type", "application/x-ndjson")],
                body: Array("{\"time\":\"never\"}\n".utf8))
            guard answer.status == 503 else { return false }
            guard answer.headers["retry-after"] != nil else {
                throw BrokenInvariant("503 says when to come again", "it has no Retry-After: \(answer.text)")
            }
            return true
        }
    }

    private func waitUntilReady(_ collector: CollectorProcess) async throws {
        try await eventually("input is taken again", within: .seconds(60)) {
            try await HTTPCaller.impatient.get("\(collector.url)/readyz").status == 200
        }
    }
}

/// Files that take the room away.
private struct Ballast {
    private static let portion = 1 << 20
    private static let maxFiles = 100_000

    let directory: String

    func fillBytes() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: "\(directory)/bytes", contents: nil)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(directory)/bytes"))
        var portion = Self.portion
        while portion > 0 {
            do {
                try file.write(contentsOf: Data(count: portion))
            } catch {
                portion /= 2
            }
        }
        try file.close()
    }

    func fillInodes() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for number in 0..<Self.maxFiles {
            guard FileManager.default.createFile(atPath: "\(directory)/\(number)", contents: nil) else { return }
        }
    }

    func free() throws { try FileManager.default.removeItem(atPath: directory) }
}
