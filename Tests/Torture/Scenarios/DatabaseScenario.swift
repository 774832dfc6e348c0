internal import Foundation
internal import TestHarness
internal import TestSupport

/// F13 and F16: everything a database does to its clients, while they commit and rollup.
struct DatabaseScenario: Scenario {
    let name = "database"
    let abstract =
        "PostgreSQL restarts, crashes, ends sessions in COMMIT, locks, turns read-only, runs out of connections (F13, F16)"
    let defaultRounds = 20

    private static let pause = 20...250

    func run(_ run: ScenarioRun) async throws -> String {
        let settings = ["max_connections": "\(Trouble.connections)", "superuser_reserved_connections": "0"]
        return try await World.with(run, settings: settings) { world in
            let aggregators = [
                try await world.installation.startAggregator("aggregator-1", connections: 4),
                try await world.installation.startAggregator("aggregator-2", connections: 4),
            ]
            let collectors = try (1...2).map { try world.collector("edge-\($0)") }
            for (collector, aggregator) in zip(collectors, aggregators) {
                try await collector.start(aggregatorURL: aggregator.ingestURL)
            }
            var counts: [Trouble: Int] = [:]
            var random = run.random(2)
            // Each in turn, in another order each time round: few rounds meet every one.
            var next: [Trouble] = []
            try await underLoad(world, collectors) {
                for _ in 0..<run.rounds {
                    try await Task.sleep(for: .milliseconds(Int.random(in: Self.pause, using: &random)))
                    try world.installation.checkProcesses()
                    if next.isEmpty { next = Trouble.allCases.shuffled(using: &random) }
                    let trouble = next.removeLast()
                    try await trouble.make(in: world)
                    counts[trouble, default: 0] += 1
                }
            }
            let comparison = try await world.settle(collectors)
            try await Rebuild.check(world, aggregators[0])
            let troubles = Trouble.allCases.map { "\($0.rawValue) \(counts[$0] ?? 0)" }.joined(separator: ", ")
            return "\(run.rounds) troubles (\(troubles)); \(comparison)"
        }
    }
}

/// One thing that goes wrong with a database, and is mended again.
private enum Trouble: String, CaseIterable {
    case restart
    case crash
    case sessionsEnded = "sessions ended"
    case endedInCommit = "ended in COMMIT"
    case locked
    case readOnly = "read-only"
    case noConnections = "no connections"

    /// What the server allows: the aggregators' and the driver's, and a few for hogs.
    static let connections = 16
    private static let duration = Duration.milliseconds(300)
    private static let commitAttempts = 200

    func make(in world: World) async throws {
        switch self {
        case .restart:
            try await world.server.stop()
            try await world.server.restart()
        case .crash:
            try await world.server.crash()
            try await world.server.restart()
        case .sessionsEnded: try await endSessions(in: world, where: "true")
        case .endedInCommit:
            for _ in 0..<Self.commitAttempts { try await endSessions(in: world, where: "query LIKE '%COMMIT'") }
        case .locked:
            try await retrying {
                try await world.database.execute(
                    "BEGIN; LOCK TABLE collector_epoch, rollup_state; SELECT pg_sleep(0.3); COMMIT")
            }
        case .readOnly:
            try await set(world, "ALTER SYSTEM SET default_transaction_read_only = on")
            try await endSessions(in: world, where: "true")
            try await Task.sleep(for: Self.duration)
            try await set(world, "ALTER SYSTEM RESET default_transaction_read_only")
        case .noConnections: try await hog(world)
        }
    }

    private func set(_ world: World, _ command: String) async throws {
        try await retrying {
            try await world.database.execute(command)
            _ = try await world.database.number("SELECT pg_reload_conf()::int")
        }
    }

    private func endSessions(in world: World, where condition: String) async throws {
        try await retrying {
            _ = try await world.database.number(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name <> 'steelyard-tests' AND \(condition)
                """)
        }
    }

    /// Takes every connection that is free, ends the aggregators' and takes those too, for a while.
    private func hog(_ world: World) async throws {
        let hogs = (0..<Self.connections).map { _ in Database(connectionString: world.database.connectionString) }
        for hog in hogs { _ = try? await hog.number("SELECT 1") }
        try? await endSessions(in: world, where: "state = 'idle'")
        for hog in hogs { _ = try? await hog.number("SELECT 1") }
        try await Task.sleep(for: Self.duration)
        for hog in hogs { await hog.close() }
    }

    /// The driver's own connections break with everybody's.
    private func retrying(_ body: () async throws -> Void) async throws {
        try await eventually("the driver reaches the database", within: .seconds(60)) {
            (try? await body()) != nil
        }
    }
}
