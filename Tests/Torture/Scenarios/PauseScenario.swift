internal import Foundation
internal import TestHarness
internal import TestSupport

/// F9: processes that stand still and go on, as if nothing had been.
struct PauseScenario: Scenario {
    let name = "pause"
    let abstract = "SIGSTOP and SIGCONT of collectors and aggregators; a stopped one whose work another takes over (F9)"
    let defaultRounds = 12

    private static let pause = 100...1_500

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            let aggregators = [
                try await world.installation.startAggregator("aggregator-1"),
                try await world.installation.startAggregator("aggregator-2"),
            ]
            let collectors = try (1...2).map { index in
                try world.collector("edge-\(index)") { $0.timeout = "1s" }
            }
            for (collector, aggregator) in zip(collectors, aggregators) {
                try await collector.start(aggregatorURL: aggregator.ingestURL)
            }
            var random = run.random(2)
            try await underLoad(world, collectors) {
                for round in 0..<run.rounds {
                    let programs = collectors.compactMap(\.program) + aggregators.compactMap(\.program)
                    let victim = programs[Int.random(in: 0..<programs.count, using: &random)]
                    kill(victim.processIdentifier, SIGSTOP)
                    try await Task.sleep(for: .milliseconds(Int.random(in: Self.pause, using: &random)))
                    // Every third time another process of the same identity has started meanwhile.
                    if round % 3 == 0 { try await overtake(collectors[0], world) }
                    kill(victim.processIdentifier, SIGCONT)
                    try await Task.sleep(for: .milliseconds(Int.random(in: Self.pause, using: &random)))
                    try world.installation.checkProcesses()
                }
            }
            return "\(run.rounds) pauses; \(try await world.settle(collectors))"
        }
    }

    /// A stopped collector dies for good and its successor works on its directory.
    private func overtake(_ collector: CollectorProcess, _ world: World) async throws {
        try await collector.killHard()
        try await collector.start()
    }
}
