internal import Foundation
internal import TestHarness
internal import TestSupport

/// F3: the power of the collector's disk fails at random moments.
struct PowerCutScenario: Scenario {
    let name = "power-cut"
    let abstract = "the collector's disk loses power: ext4 shutdown on a loop device (F3; needs root)"
    let defaultRounds = 20

    private static let diskBytes: UInt64 = 256 << 20
    /// Milliseconds from a start to the next cut.
    private static let timeOn = 20...600

    func run(_ run: ScenarioRun) async throws -> String {
        let disk = try await LoopDisk(directory: run.scratch, bytes: Self.diskBytes)
        do {
            let figures = try await World.with(run) { try await cutting(disk, in: $0) }
            try await disk.detach()
            return figures
        } catch {
            try? await disk.detach()
            throw error
        }
    }

    private func cutting(_ disk: LoopDisk, in world: World) async throws -> String {
        let aggregator = try await world.installation.startAggregator()
        let collector = try world.collector("edge-1") { setup in
            setup.dataDirectory = "\(disk.mountPoint)/collector"
            setup.extra = "spool:\n  free-bytes: 8MiB"
        }
        try await collector.start(aggregatorURL: aggregator.ingestURL)
        var random = world.run.random(2)
        try await underLoad(world, [collector]) {
            for _ in 0..<world.run.rounds {
                try await Task.sleep(for: .milliseconds(Int.random(in: Self.timeOn, using: &random)))
                try world.installation.checkProcesses()
                world.power.cut()
                try disk.cutPower()
                // A machine without power computes nothing; a moment with a dead disk must do no harm either.
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...20, using: &random)))
                try await collector.killHard()
                world.power.restore()
                try await disk.detach()
                try await disk.attach()
                try await collector.start()
            }
        }
        return "\(world.run.rounds) cuts; \(try await world.settle([collector]))"
    }
}
