internal import Foundation
internal import TestHarness

/// A primary and a standby that every commit waits for; either may become the other.
final class StandbyPair: Sendable {
    private static let patience = Duration.seconds(60)

    private let nodes: [DatabaseServer]
    private let log: String

    init(first: DatabaseServer, run: ScenarioRun) {
        nodes = [first, DatabaseServer(run: run)]
        log = "\(run.scratch)/standby.log"
    }

    /// Starts both; returns the connection string that finds whichever takes writes.
    func start() async throws -> String {
        _ = try await nodes[0].start()
        try await follow(1, 0)
        let addresses = try await [address(0), address(1)]
        return "host='\(addresses[0]),\(addresses[1])' port=5432,5432 user=steelyard dbname=steelyard "
            + "target_session_attrs=read-write"
    }

    /// Kills the primary, promotes the standby, and makes the dead one follow it.
    ///
    /// - Parameter primary: 0 or 1. Returns the other, which is the primary from now on.
    func failOver(from primary: Int) async throws -> Int {
        let standby = 1 - primary
        try await nodes[primary].killPostmaster()
        try await command("SELECT pg_promote()::int", on: standby)
        // Nobody follows it yet: commits would wait for ever.
        try await set("ALTER SYSTEM RESET synchronous_standby_names", on: standby)
        return standby
    }

    /// Makes `standby` a copy of `primary` that every commit of it waits for.
    func follow(_ standby: Int, _ primary: Int) async throws {
        guard let postmaster = nodes[primary].postmaster else { throw Tool.Failed(description: "no primary runs") }
        let server = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(postmaster)/exe")
        let programs = URL(fileURLWithPath: server).deletingLastPathComponent().path
        let owner = try FileManager.default.attributesOfItem(atPath: nodes[primary].directory)
        let (user, group) = (owner[.ownerAccountID] ?? 0, owner[.groupOwnerAccountID] ?? 0)
        let directory = nodes[standby].directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try? FileManager.default.removeItem(atPath: "\(directory)/cluster")
        guard
            unsafe chown(directory, (user as? NSNumber)?.uint32Value ?? 0, (group as? NSNumber)?.uint32Value ?? 0) == 0
        else { throw Tool.Failed(description: "\(directory) can't be given to PostgreSQL's user") }
        try await Tool.run(
            try Tool.require("setpriv", package: "util-linux"),
            [
                "--reuid=\(user)", "--regid=\(group)", "--clear-groups", "\(programs)/pg_basebackup", "-D",
                "\(directory)/cluster", "-h", try await address(primary), "-U", "steelyard", "-R", "-X", "stream",
                "--checkpoint=fast", "--no-sync",
            ], log: log)
        try await nodes[standby].restart()
        try await set("ALTER SYSTEM SET synchronous_standby_names = '*'", on: primary)
        try await eventually("the standby is synchronous", within: Self.patience) {
            try await self.command("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", on: primary)
                == 1
        }
    }

    func end() async { await nodes[1].end() }

    /// The directory of a node's socket.
    private func address(_ node: Int) async throws -> String {
        // No more than a file of its own says where it listens.
        let text = try String(contentsOfFile: "\(nodes[node].directory)/cluster/postmaster.pid", encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 4 else { throw Tool.Failed(description: "node \(node) doesn't say where it listens") }
        return String(lines[4])
    }

    /// That very node, whether it takes writes or not.
    private func database(on node: Int) async throws -> Database {
        Database(
            connectionString: "host='\(try await address(node))' user=steelyard dbname=steelyard "
                + "target_session_attrs=any")
    }

    @discardableResult
    private func command(_ sql: String, on node: Int) async throws -> UInt64 {
        let database = try await self.database(on: node)
        let result: Result<UInt64, any Error>
        do { result = .success(try await database.number(sql)) } catch { result = .failure(error) }
        await database.close()
        return try result.get()
    }

    private func set(_ sql: String, on node: Int) async throws {
        let database = try await self.database(on: node)
        do {
            try await database.execute(sql)
            _ = try await database.number("SELECT pg_reload_conf()::int")
        } catch {
            await database.close()
            throw error
        }
        await database.close()
    }
}
