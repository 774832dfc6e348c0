internal import Foundation
internal import TestHarness
internal import TestSupport

/// F17: the database goes back in time, and the collectors send again what it has forgotten.
struct RestoreScenario: Scenario {
    let name = "restore"
    let abstract = "PostgreSQL restored from an older copy: collectors send their archive again (F17)"
    let defaultRounds = 3

    private static let traffic = Duration.milliseconds(1_200)

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator()
            let collectors = try (1...2).map { try world.collector("edge-\($0)") }
            for collector in collectors { try await collector.start(aggregatorURL: aggregator.ingestURL) }
            for _ in 0..<run.rounds {
                try await underLoad(world, collectors) { try await Task.sleep(for: Self.traffic) }
                let backup = "\(world.server.directory).backup"
                try await world.server.stop()
                try Self.copy("\(world.server.directory)/cluster", to: backup)
                try await world.server.restart()
                try await underLoad(world, collectors) { try await Task.sleep(for: Self.traffic) }
                try await world.waitUntilAcknowledgedIsCounted()
                try await world.server.crash()
                try FileManager.default.removeItem(atPath: "\(world.server.directory)/cluster")
                try FileManager.default.moveItem(atPath: backup, toPath: "\(world.server.directory)/cluster")
                try await world.server.restart()
                // More traffic: a collector notices at its next request.
                try await underLoad(world, collectors) { try await Task.sleep(for: Self.traffic) }
                try await world.waitUntilAcknowledgedIsCounted()
            }
            let comparison = try await world.settle(collectors)
            try await Rebuild.check(world, aggregator)
            return "\(run.rounds) restores of an older database; \(comparison)"
        }
    }

    /// With owners and modes: the server refuses a directory of somebody else's.
    private static func copy(_ source: String, to target: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Tool.require("cp", package: "coreutils"))
        process.arguments = ["-a", source, target]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Tool.Failed(description: "cp -a \(source) \(target) failed") }
    }
}
