internal import Foundation
internal import TestHarness
internal import TestSupport

/// F14: the primary dies, its synchronous standby is promoted, and the dead one comes back as a standby.
struct FailoverScenario: Scenario {
    let name = "failover"
    let abstract = "the primary dies and its synchronous standby is promoted, back and forth (F14)"
    let defaultRounds = 3

    private static let traffic = 300...1_200

    func run(_ run: ScenarioRun) async throws -> String {
        let pair = Pair()
        do {
            let figures = try await World.with(run, start: { try await pair.start($0, run) }) { world in
                let aggregator = try await world.installation.startAggregator()
                let collectors = try (1...2).map { try world.collector("edge-\($0)") }
                for collector in collectors { try await collector.start(aggregatorURL: aggregator.ingestURL) }
                try await failOver(world, collectors, pair)
                let comparison = try await world.settle(collectors)
                try await Rebuild.check(world, aggregator)
                return "\(run.rounds) failovers; \(comparison)"
            }
            await pair.end()
            return figures
        } catch {
            await pair.end()
            throw error
        }
    }

    private func failOver(_ world: World, _ collectors: [CollectorProcess], _ pair: Pair) async throws {
        var random = world.run.random(2)
        var primary = 0
        try await underLoad(world, collectors) {
            for _ in 0..<world.run.rounds {
                try await Task.sleep(for: .milliseconds(Int.random(in: Self.traffic, using: &random)))
                try world.installation.checkProcesses()
                let dead = primary
                primary = try await pair.made().failOver(from: dead)
                try await Task.sleep(for: .milliseconds(Int.random(in: Self.traffic, using: &random)))
                try await pair.made().follow(dead, primary)
            }
        }
    }

    /// The pair once the world has made its first node.
    private actor Pair {
        private var pair: StandbyPair?

        func start(_ first: DatabaseServer, _ run: ScenarioRun) async throws -> String {
            let pair = StandbyPair(first: first, run: run)
            self.pair = pair
            return try await pair.start()
        }

        func made() throws -> StandbyPair {
            guard let pair else { throw Tool.Failed(description: "the databases were not started") }
            return pair
        }

        func end() async { await pair?.end() }
    }
}
