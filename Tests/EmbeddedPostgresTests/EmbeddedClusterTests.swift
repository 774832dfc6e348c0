import EmbeddedPostgres
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
}
