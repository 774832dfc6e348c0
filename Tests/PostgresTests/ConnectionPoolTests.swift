import Foundation
import TestSupport
import Testing

@testable import Postgres

@Suite struct ConnectionPoolTests {
    struct Stop: Error {}

    @Test func `slots return whatever happens to them`() async throws {
        try await withPool(maxConnections: 3) { pool in
            try await pool.withConnection {
                try $0.execute("CREATE TABLE t (n int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
            }
            var generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
            print("seed \(generator.seed)")
            let choices = (0..<60).map { _ in Int.random(in: 0..<6, using: &generator) }
            await withTaskGroup(of: Void.self) { group in
                for choice in choices { group.addTask { await Self.misbehave(choice, pool) } }
            }
            #expect(pool.usage == ConnectionPool.Usage(leased: 0, waiting: 0, maxConnections: 3))
            // All three still work, at once.
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 {
                    group.addTask { try await pool.withConnection { try $0.query("SELECT 1").one().decode(0) } }
                }
                for try await value in group { #expect(value == 1) }
            }
        }
    }

    private static func misbehave(_ choice: Int, _ pool: ConnectionPool) async {
        switch choice {
        case 0: _ = try? await pool.withConnection { _ in throw Stop() }
        case 1: _ = try? await pool.withTransaction { _ = try $0.query("SELECT 1 / 0") }
        case 2:  // fails in COMMIT
            _ = try? await pool.withTransaction { try $0.execute("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)") }
        case 3:  // leaves a transaction open
            _ = try? await pool.withConnection { try $0.execute("BEGIN") }
        case 4:  // kills its own connection
            _ = try? await pool.withConnection { _ = try $0.query("SELECT pg_terminate_backend(pg_backend_pid())") }
        default:
            let task = Task { try await pool.withConnection { _ = try $0.query("SELECT pg_sleep(0.01)") } }
            task.cancel()
            _ = try? await task.value
        }
    }

    @Test func `one that waits too long is turned away and the slot stays usable`() async throws {
        try await withPool(maxConnections: 1, waitTimeout: .milliseconds(30)) { pool in
            let holder = Task { try await pool.withConnection { _ = try $0.query("SELECT pg_sleep(1)") } }
            try await waitUntil("the slot is taken") { pool.usage.leased == 1 }
            let error = await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
            #expect(error?.code == .poolTimeout)
            try await holder.value
            try await pool.withConnection { _ = try $0.query("SELECT 1") }
            #expect(pool.usage.waiting == 0)
        }
    }

    @Test func `more waiters than allowed are refused at once`() async throws {
        try await withPool(maxConnections: 1, maxWaiters: 1) { pool in
            let holder = Task { try await pool.withConnection { _ = try $0.query("SELECT pg_sleep(0.5)") } }
            try await waitUntil("the slot is taken") { pool.usage.leased == 1 }
            let waiter = Task { try await pool.withConnection { _ = try $0.query("SELECT 1") } }
            try await waitUntil("one waits") { pool.usage.waiting == 1 }
            let error = await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
            #expect(error?.code == .poolFull)
            try await holder.value
            try await waiter.value
        }
    }

    @Test func `a cancelled waiter leaves the queue`() async throws {
        try await withPool(maxConnections: 1) { pool in
            let holder = Task { try await pool.withConnection { _ = try $0.query("SELECT pg_sleep(0.5)") } }
            try await waitUntil("the slot is taken") { pool.usage.leased == 1 }
            let waiter = Task { try await pool.withConnection { _ in } }
            try await waitUntil("one waits") { pool.usage.waiting == 1 }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            #expect(pool.usage.waiting == 0)
            try await holder.value
        }
    }

    @Test func `a connection that the server closed is replaced unseen`() async throws {
        try await withPool(maxConnections: 1) { pool in
            let first = try await pool.withConnection { $0.backendProcessID }
            try await TestDatabase.withDatabase { other in
                let killer = try Connection(ConnectionOptions(connectionString: other.connectionString))
                try killer.query("SELECT pg_terminate_backend($1)", [.int32(first)])
                try await waitUntil("the backend is gone") {
                    let stat = try? String(contentsOfFile: "/proc/\(first)/stat", encoding: .utf8)
                    return stat?.contains(") Z") ?? true
                }
            }
            let second = try await pool.withConnection { connection in
                try connection.query("SELECT 1")
                return connection.backendProcessID
            }
            #expect(first != second)
        }
    }

    @Test func `a read-only server makes every connection be replaced`() async throws {
        try await withPool(maxConnections: 1) { pool in
            let first = try await pool.withConnection { $0.backendProcessID }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withConnection { try $0.execute("SET transaction_read_only = on; CREATE TABLE x ()") }
            }
            #expect(error?.code == .readOnlyTransaction)
            let second = try await pool.withConnection { $0.backendProcessID }
            #expect(first != second)
        }
    }

    @Test func `transactions commit, roll back and keep their snapshot`() async throws {
        try await withPool { pool in
            try await pool.withTransaction { try $0.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)") }
            _ = try? await pool.withTransaction { connection in
                try connection.execute("INSERT INTO t VALUES (2)")
                throw Stop()
            }
            #expect(try await pool.withConnection { try $0.query("SELECT count(*) FROM t").one().decode(0) } == 1)
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withTransaction(.snapshot) { try $0.execute("INSERT INTO t VALUES (3)") }
            }
            #expect(error?.code == .readOnlyTransaction)
        }
    }

    @Test func `a connection lost in commit is an unknown commit`() async throws {
        try await withPool { pool in
            // A deferred trigger runs inside COMMIT and kills its own backend there.
            try await pool.withConnection { connection in
                try connection.execute(
                    """
                    CREATE TABLE t (n int);
                    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END';
                    CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION die();
                    """)
            }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withTransaction { try $0.execute("INSERT INTO t VALUES (1)") }
            }
            #expect(error?.isUnknownCommit == true)
            #expect(pool.usage.leased == 0)
            #expect(try await pool.withConnection { try $0.query("SELECT count(*) FROM t").one().decode(0) } == 0)
        }
    }

    @Test func `a closed pool refuses`() async throws {
        try await withPool { pool in
            await pool.close()
            let error = await #expect(throws: PostgresError.self) { try await pool.withConnection { _ in } }
            #expect(error?.code == .poolClosed)
        }
    }
}
