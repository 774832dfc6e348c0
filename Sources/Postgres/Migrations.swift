/// One step of the schema: the content of a resource `m0001_name.sql`.
package struct Migration: Sendable, Hashable {
    /// From 1, without gaps.
    package var number: Int
    package var name: String
    package var sql: String

    package init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// Takes number and name from a file name such as `m0001_ledger.sql`; `nil` where it doesn't look like one.
    package init?(fileName: String, sql: String) {
        guard fileName.hasSuffix(".sql"), fileName.hasPrefix("m") else { return nil }
        let stem = fileName.dropFirst().dropLast(4)
        guard let bar = stem.firstIndex(of: "_"), stem[..<bar].utf8.count == 4, let number = Int(stem[..<bar]) else {
            return nil
        }
        self.init(number: number, name: String(stem[stem.index(after: bar)...]), sql: sql)
    }
}

/// Brings a database's schema up to date: linear, each step in its own transaction, recorded with its checksum.
///
/// Instances that start together take turns by an advisory lock; the second finds nothing left to do. A step that was
/// applied and has changed since is refused, because the database then has a schema that no version of the program
/// describes.
package struct Migrator: Sendable {
    /// The advisory lock that makes instances take turns: "steelyar" in ASCII, as a number.
    static let lockKey: Int64 = 0x7374_6565_6C79_6172

    package var migrations: [Migration]

    package init(_ migrations: [Migration]) {
        self.migrations = migrations.sorted { $0.number < $1.number }
    }

    package struct Outcome: Sendable, Equatable, CustomStringConvertible {
        /// Numbers of the steps that this run applied.
        package var applied: [Int]
        /// The schema's version afterwards: the highest number applied.
        package var version: Int

        package init(applied: [Int], version: Int) {
            self.applied = applied
            self.version = version
        }

        /// `schema version 8, 3 steps applied`.
        package var description: String {
            let steps =
                switch applied.count {
                case 0: "nothing to do"
                case 1: "1 step applied"
                default: "\(applied.count) steps applied"
                }
            return "schema version \(version), \(steps)"
        }
    }

    /// Applies what is missing. Blocks; run it on a pool thread.
    package func run(on connection: Connection) throws -> Outcome {
        for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
            throw PostgresError(.migrationMismatch, "Migration number \(index + 1) is missing from this program.")
        }
        try connection.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        try connection.query("SELECT pg_advisory_lock($1)", [.int(Self.lockKey)])
        let result = Result { try runLocked(on: connection) }
        if !connection.isLost { try connection.query("SELECT pg_advisory_unlock($1)", [.int(Self.lockKey)]) }
        // The session's settings are no longer the pool's.
        connection.isBroken = true
        return try result.get()
    }

    /// What is applied in the database, without changing anything; 0 for an empty database.
    package static func version(on connection: Connection) throws -> Int {
        let exists: Bool = try connection.query("SELECT to_regclass('schema_migration') IS NOT NULL").one().decode(0)
        guard exists else { return 0 }
        return try connection.query("SELECT coalesce(max(number), 0) FROM schema_migration").one().decode(0)
    }

    private func runLocked(on connection: Connection) throws -> Outcome {
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migration (
                number integer PRIMARY KEY,
                name text NOT NULL,
                checksum bytea NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp())
            """)
        var recorded: [Int: [UInt8]] = [:]
        for row in try connection.query("SELECT number, checksum FROM schema_migration") {
            recorded[try row.decode(0)] = try row.decode(1)
        }
        if let newest = recorded.keys.max(), newest > migrations.count {
            throw PostgresError(
                .migrationMismatch,
                "The database has schema version \(newest), this program knows \(migrations.count).",
                hint: "Run a program at least as new as the database.")
        }
        var applied: [Int] = []
        for migration in migrations where try !isApplied(migration, recorded, on: connection) {
            try apply(migration, on: connection)
            applied.append(migration.number)
        }
        return Outcome(applied: applied, version: migrations.count)
    }

    private func isApplied(_ migration: Migration, _ recorded: [Int: [UInt8]], on connection: Connection) throws -> Bool
    {
        guard let checksum = recorded[migration.number] else { return false }
        let current: [UInt8] = try connection.query(
            "SELECT sha256($1)", [.bytes(Array(migration.sql.utf8))]
        ).one().decode(0)
        guard checksum == current else {
            throw PostgresError(
                .migrationMismatch,
                "Migration \(migration.number) (\(migration.name)) was applied with another content than it has now.",
                hint: "Never change an applied migration; add a new one.")
        }
        return true
    }

    private func apply(_ migration: Migration, on connection: Connection) throws {
        do {
            try connection.transaction { connection in
                try connection.execute(migration.sql)
                try connection.query(
                    "INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, sha256($3))",
                    [.int(migration.number), .text(migration.name), .bytes(Array(migration.sql.utf8))])
            }
        } catch var error as PostgresError {
            error.message = "Migration \(migration.number) (\(migration.name)) failed: \(error.message)"
            throw error
        }
    }
}
