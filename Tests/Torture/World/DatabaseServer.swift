internal import EmbeddedPostgres
internal import Foundation
internal import Logging
internal import TestHarness
internal import TestSupport

/// A PostgreSQL of the scenario's own, which it may kill, crash and restart.
final class DatabaseServer: Sendable {
    private static let memory = "/dev/shm"
    /// What must be free there, in bytes, for a cluster to live in memory.
    private static let memoryNeeded: Int64 = 4 << 30
    /// Killed children of a killed postmaster may take a while to let go of its memory.
    private static let restartLimit = Duration.seconds(60)

    let directory: String
    private let cluster: EmbeddedCluster

    /// It doesn't sync to disk: killed processes don't show the difference, and its disk's power is never cut.
    init(run: ScenarioRun, settings: [String: String] = [:]) {
        directory = "\(Self.parent(run))/steelyard-torture-\(UInt32.random(in: 1...UInt32.max))"
        var logger = Logger(label: "torture-postgres")
        logger.logLevel = .warning
        cluster = EmbeddedCluster(
            EmbeddedOptions(dataDirectory: directory, settings: PostgresServer.fastSettings.merging(settings) { $1 }),
            logger: logger)
    }

    private static func parent(_ run: ScenarioRun) -> String {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: memory)
        let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
        return free >= memoryNeeded ? memory : run.scratch
    }

    /// Starts it and makes the database; returns its connection string.
    func start() async throws -> String {
        try await cluster.start()
        return try await cluster.database(named: "steelyard")
    }

    /// In order: what runs is rolled back, everything committed is on disk.
    func stop() async throws { try await cluster.stop() }

    /// At once, postmaster and all.
    func crash() async throws { try await cluster.crash() }

    /// Starts it again after a crash, as often as it takes.
    func restart() async throws {
        var last = ""
        try await eventually("PostgreSQL starts again", within: Self.restartLimit, last: { last }) {
            do {
                try await cluster.start()
                return true
            } catch {
                last = "\(error)"
                return false
            }
        }
    }

    /// The postmaster's process id, from its own file.
    var postmaster: Int32? {
        let text = try? String(contentsOfFile: "\(directory)/cluster/postmaster.pid", encoding: .utf8)
        return text?.split(separator: "\n").first.flatMap { Int32($0) }
    }

    /// SIGKILL to the postmaster alone: its children notice and end by themselves.
    func killPostmaster() async throws {
        guard let postmaster, postmaster > 1 else { return }
        kill(postmaster, SIGKILL)
        try await eventually("the postmaster is gone") { kill(postmaster, 0) != 0 }
    }

    /// SIGKILL to one backend: the postmaster ends all others and recovers.
    ///
    /// - Returns: whether there was one to kill.
    func killBackend(_ database: Database, using random: inout SeededGenerator) async throws -> Bool {
        let backends = try await database.backends()
        guard let victim = backends.randomElement(using: &random) else { return false }
        kill(victim, SIGKILL)
        return true
    }

    /// Stops it for good and removes it.
    func end() async {
        try? await cluster.crash()
        try? FileManager.default.removeItem(atPath: directory)
    }
}

extension Database {
    /// Process ids of the aggregators' backends.
    func backends() async throws -> [Int32] {
        let table = try await counts(
            """
            SELECT pid::text, pid, 0, 0 FROM pg_stat_activity
             WHERE datname = current_database() AND backend_type = 'client backend'
               AND application_name <> 'steelyard-tests'
            """)
        return table.keys.compactMap { Int32($0) }.sorted()
    }
}
