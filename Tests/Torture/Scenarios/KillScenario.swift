internal import Foundation
internal import TestHarness
internal import TestSupport

/// F1: SIGKILL at random moments, in bursts, and during starts and recoveries.
struct KillScenario: Scenario {
    let name = "kill"
    let abstract = "random SIGKILLs of collectors, aggregators, PostgreSQL's backends and postmaster (F1)"
    let defaultRounds = 100

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            // A small pool, so that a slot that leaks is missed at once.
            let first = try await world.installation.startAggregator("aggregator-1", connections: 4)
            let second = try await world.installation.startAggregator("aggregator-2", connections: 4)
            let collectors = try (1...2).map { try world.collector("edge-\($0)") }
            try await collectors[0].start(aggregatorURL: first.ingestURL)
            try await collectors[1].start(aggregatorURL: second.ingestURL)
            var killer = Killer(world: world, collectors: collectors, aggregators: [first, second])
            try await underLoad(world, collectors) { try await killer.run() }
            let comparison = try await world.settle(collectors)
            try await Rebuild.check(world, first)
            return "\(killer); \(comparison)"
        }
    }
}

/// Runs `body` while every collector has traffic.
func underLoad(
    _ world: World, _ collectors: [CollectorProcess], _ body: () async throws -> Void
) async throws {
    let stop = StopFlag()
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, collector) in collectors.enumerated() {
            let seed = world.run.random(UInt64(100 + index)).seed
            group.addTask { try await Load(world: world, collector: collector).run(until: stop, seed: seed) }
        }
        do {
            try await body()
        } catch {
            stop.raise()
            throw error
        }
        stop.raise()
        try await group.waitForAll()
    }
}

/// Draws a victim and a moment, kills, and starts what was killed again.
private struct Killer: CustomStringConvertible {
    private enum Victim: String, CaseIterable {
        case collector, aggregator, backend, postmaster
    }

    /// Milliseconds between a victim's return and the next kill; every fifth comes at once.
    private static let maxPause = 120
    /// Milliseconds after its start at which a process may be killed again.
    private static let maxStartup = 250

    private let world: World
    private let collectors: [CollectorProcess]
    private let aggregators: [AggregatorProcess]
    private var random: SeededGenerator
    private var kills: [Victim: Int] = [:]
    private var duringStart = 0

    init(world: World, collectors: [CollectorProcess], aggregators: [AggregatorProcess]) {
        self.world = world
        self.collectors = collectors
        self.aggregators = aggregators
        random = world.run.random(2)
    }

    private var total: Int { kills.values.reduce(0, +) }

    var description: String {
        let parts = Victim.allCases.map { "\($0.rawValue) \(kills[$0] ?? 0)" }.joined(separator: ", ")
        return "\(total) kills (\(parts); \(duringStart) during a start)"
    }

    mutating func run() async throws {
        while total < world.run.rounds {
            try world.installation.checkProcesses()
            try await strike()
            if Int.random(in: 0..<5, using: &random) > 0 { try await pause(Self.maxPause) }
        }
    }

    private mutating func pause(_ most: Int) async throws {
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...most, using: &random)))
    }

    private mutating func strike() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case ..<55:
            let collector = collectors[Int.random(in: 0..<collectors.count, using: &random)]
            kills[.collector, default: 0] += 1
            try await collector.killHard()
            try await killWhileStarting(.collector) { try collector.launch() }
            try await collector.start()
        case ..<80:
            let aggregator = aggregators[Int.random(in: 0..<aggregators.count, using: &random)]
            kills[.aggregator, default: 0] += 1
            try await aggregator.killHard()
            try await killWhileStarting(.aggregator) { try aggregator.launch() }
            try await aggregator.start()
        case ..<92:
            guard (try? await world.server.killBackend(world.database, using: &random)) == true else { return }
            kills[.backend, default: 0] += 1
        default:
            kills[.postmaster, default: 0] += 1
            try await world.server.killPostmaster()
            try await world.server.restart()
        }
    }

    /// Every fourth time, kills once more while it starts or recovers.
    private mutating func killWhileStarting(_ victim: Victim, _ launch: () throws -> RunningProgram) async throws {
        guard total < world.run.rounds, Int.random(in: 0..<4, using: &random) == 0 else { return }
        let program = try launch()
        try await pause(Self.maxStartup)
        try await program.killHard()
        kills[victim, default: 0] += 1
        duringStart += 1
    }
}

/// I3: the sums are what replaying the ledger gives.
enum Rebuild {
    static func check(_ world: World, _ aggregator: AggregatorProcess) async throws {
        let program = try RunningProgram(
            name: "rebuild", executable: try Executables.path(Executables.aggregator),
            arguments: [
                "rebuild", "--config", aggregator.configurationFile, "--from", EmittedEvent.day, "--to", "2025-06-03",
            ], logPath: "\(world.run.scratch)/rebuild.log")
        let outcome = try await program.waitForEnd(within: .seconds(600))
        guard outcome == .exited(0) else {
            throw BrokenInvariant("a rebuild changes nothing", program.ended("ended with \(outcome)").description)
        }
    }
}
