import TestSupport
import Testing

@testable import Postgres

@Suite struct MigrationsTests {
    private let steps = [
        Migration(number: 1, name: "one", sql: "CREATE TABLE one (n int)"),
        Migration(number: 2, name: "two", sql: "CREATE TABLE two (n int); INSERT INTO two VALUES (1)"),
    ]

    @Test func `migrating twice is harmless, and later steps are added`() async throws {
        try await withPool { pool async throws in
            let migrator = Migrator(steps)
            #expect(
                try await pool.withConnection { try Migrator(Array(migrator.migrations.prefix(1))).run(on: $0) }.applied
                    == [1])
            #expect(
                try await pool.withConnection { try migrator.run(on: $0) } == Migrator.Outcome(applied: [2], version: 2)
            )
            #expect(
                try await pool.withConnection { try migrator.run(on: $0) } == Migrator.Outcome(applied: [], version: 2))
            #expect(try await pool.withConnection { try Migrator.version(on: $0) } == 2)
        }
    }

    @Test(
        arguments: [
            ([], "schema version 8, nothing to do"), ([8], "schema version 8, 1 step applied"),
            ([6, 7, 8], "schema version 8, 3 steps applied"),
        ] as [([Int], String)])
    func `an outcome is told in words`(applied: [Int], words: String) {
        #expect("\(Migrator.Outcome(applied: applied, version: 8))" == words)
    }

    @Test func `instances that start together apply each step once`() async throws {
        try await withPool(maxConnections: 6) { pool in
            let migrator = Migrator(steps)
            let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<6 { group.addTask { try await pool.withConnection { try migrator.run(on: $0).applied } } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == [1, 2])
            #expect(try await pool.withConnection { try $0.query("SELECT count(*) FROM two").one().decode(0) } == 1)
        }
    }

    @Test func `an applied step that changed is refused`() async throws {
        try await withPool { pool in
            let migrator = Migrator(steps)
            _ = try await pool.withConnection { try migrator.run(on: $0) }
            var changed = steps
            changed[1].sql += " "
            let other = Migrator(changed)
            let error = await #expect(throws: PostgresError.self) {
                _ = try await pool.withConnection { try other.run(on: $0) }
            }
            #expect(error?.code == .migrationMismatch)
            let older = Migrator(Array(steps.prefix(1)))
            let newer = await #expect(throws: PostgresError.self) {
                _ = try await pool.withConnection { try older.run(on: $0) }
            }
            #expect(newer?.code == .migrationMismatch)
        }
    }

    @Test func `a step that fails leaves nothing behind`() async throws {
        try await withPool { pool in
            let broken = Migrator([Migration(number: 1, name: "broken", sql: "CREATE TABLE half (n int); SELECT 1 / 0")]
            )
            await #expect(throws: PostgresError.self) { _ = try await pool.withConnection { try broken.run(on: $0) } }
            let isGone = try await pool.withConnection {
                try $0.query("SELECT to_regclass('half') IS NULL").one().decode(0, as: Bool.self)
            }
            #expect(isGone)
            #expect(try await pool.withConnection { try Migrator.version(on: $0) } == 0)
        }
    }

    @Test func `file names give number and name`() {
        #expect(
            Migration(fileName: "m0012_two_words.sql", sql: "") == Migration(number: 12, name: "two_words", sql: ""))
        #expect(Migration(fileName: "roles.sql", sql: "") == nil)
        #expect(Migration(fileName: "m12_x.sql", sql: "") == nil)
    }
}
