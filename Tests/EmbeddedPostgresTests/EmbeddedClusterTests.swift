import EmbeddedPostgres
import Foundation
import Logging
import Postgres
import TestSupport
import Testing

@Suite struct EmbeddedClusterTests {
    private func cluster(_ directory: String) -> EmbeddedCluster {
        EmbeddedCluster(
            EmbeddedOptions(dataDirectory: directory, settings: PostgresServer.fastSettings),
            logger: Logger(label: "tests"))
    }

    @Test func `a second start continues with the same data even after a crash`() async throws {
        try await ScratchDirectory.with("embedded") { directory in
            let first = cluster("\(directory)/pg")
            try await first.start()
            let url = try await first.database(named: "steelyard")
            do {
                let connection = try Connection(ConnectionOptions(connectionString: url))
                try connection.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (42)")
            }
            #expect(await first.isAlive())
            try await first.crash()
            #expect(await !first.isAlive())

            let second = cluster("\(directory)/pg")
            try await second.start()
            // A third takes over the server that runs.
            let third = cluster("\(directory)/pg")
            try await third.start()
            #expect(try await third.database(named: "steelyard") == url)
            do {
                let connection = try Connection(ConnectionOptions(connectionString: url))
                #expect(try connection.query("SELECT n FROM t").one().decode(0, as: Int.self) == 42)
                #expect(try connection.query("SHOW listen_addresses").one().decode(0, as: String.self).isEmpty)
            }
            #expect(await first.isAlive(), "told by the server's own file, whoever started it")
            try await third.stop()
            try await second.stop()
            #expect(throws: PostgresError.self) { _ = try Connection(ConnectionOptions(connectionString: url)) }
        }
    }

    @Test func `a path too long for a socket gets a short socket directory`() async throws {
        try await ScratchDirectory.with("embedded") { directory in
            let long = directory + "/" + String(repeating: "long-name-", count: 10)
            let cluster = cluster(long)
            try await cluster.start()
            let url = try await cluster.database(named: "d")
            #expect(!url.contains(long))
            do {
                let connection = try Connection(ConnectionOptions(connectionString: url))
                #expect(try connection.query("SELECT 1").one().decode(0, as: Int.self) == 1)
            }
            try await cluster.stop()
        }
    }

    @Test func `a restart of the server heals the pool`() async throws {
        try await ScratchDirectory.with("embedded") { directory in
            let cluster = cluster(directory)
            try await cluster.start()
            let url = try await cluster.database(named: "d")
            let pool = ConnectionPool(
                ConnectionOptions(connectionString: url), pool: PoolOptions(maxConnections: 2),
                logger: Logger(label: "t"))
            _ = try await pool.withConnection { try $0.query("SELECT 1").count }
            try await cluster.stop()
            let error = await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
            #expect(error?.isRetryable == true)
            try await cluster.start()
            let retry = RetryPolicy(attempts: 20)
            let one: Int = try await pool.withTransaction(retry: retry) { try $0.query("SELECT 1").one().decode(0) }
            #expect(one == 1)
            #expect(pool.usage.leased == 0)
            await pool.close()
            try await cluster.stop()
        }
    }

    @Test func `a bad database name is refused`() async throws {
        let cluster = try await PostgresServer.shared.cluster
        await #expect(throws: EmbeddedError.self) { _ = try await cluster.database(named: "a'; DROP") }
    }

    /// Root writes into directories of the server's user, who could put a link there.
    @Test func `links in the place of its directories and files are not followed`() async throws {
        try await ScratchDirectory.with("embedded") { directory in
            let data = "\(directory)/pg"
            let first = cluster(data)
            try await first.start()
            try await first.stop()
            let target = "\(directory)/target"
            try "untouched".write(toFile: target, atomically: true, encoding: .utf8)
            let before = try FileManager.default.attributesOfItem(atPath: target)
            let settings = "\(data)/cluster/steelyard.conf"
            try FileManager.default.removeItem(atPath: settings)
            try FileManager.default.createSymbolicLink(atPath: settings, withDestinationPath: target)
            let second = cluster(data)
            try await second.start()
            try await second.stop()
            #expect(try String(contentsOfFile: target, encoding: .utf8) == "untouched")
            let after = try FileManager.default.attributesOfItem(atPath: target)
            #expect(before[.ownerAccountID] as? NSNumber == after[.ownerAccountID] as? NSNumber)
            #expect(before[.posixPermissions] as? NSNumber == after[.posixPermissions] as? NSNumber)

            try FileManager.default.moveItem(atPath: "\(data)/socket", toPath: "\(directory)/socket")
            try FileManager.default.createSymbolicLink(
                atPath: "\(data)/socket", withDestinationPath: "\(directory)/socket")
            let third = cluster(data)
            await #expect(throws: EmbeddedError.self) { try await third.start() }
        }
    }
}
