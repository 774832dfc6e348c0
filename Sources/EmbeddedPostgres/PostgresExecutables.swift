internal import Foundation

/// Where PostgreSQL's programs are.
enum PostgresExecutables {
    /// The oldest major version that the schema works with.
    static let oldestMajorVersion = 14

    private static let needed = ["initdb", "pg_ctl", "postgres", "psql", "createdb", "dropdb"]

    /// The directory that holds all of the programs: the one asked for, the newest of Debian's and Red Hat's places, or
    /// the first on PATH.
    static func directory(preferring preferred: String?) throws -> String {
        let candidates =
            (preferred.map { [$0] } ?? []) + versionedDirectories() + [
                "/usr/lib/postgresql/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql/bin",
            ] + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        if let found = candidates.first(where: hasAll(_:)) { return found }
        throw EmbeddedError(
            .programsMissing,
            """
            PostgreSQL's programs (\(needed.joined(separator: ", "))) were not found in \
            \(preferred ?? "/usr/lib/postgresql/*/bin") or on PATH. Install the server package of PostgreSQL \
            \(oldestMajorVersion) or later (Debian, Ubuntu: apt-get install postgresql).
            """)
    }

    /// `/usr/lib/postgresql/15/bin`, `/usr/pgsql-16/bin`: newest first.
    private static func versionedDirectories() -> [String] {
        let debian = names(in: "/usr/lib/postgresql").compactMap { name in
            Int(name).map { (version: $0, path: "/usr/lib/postgresql/\(name)/bin") }
        }
        let redHat = names(in: "/usr").filter { $0.hasPrefix("pgsql-") }.compactMap { name in
            Int(name.dropFirst(6)).map { (version: $0, path: "/usr/\(name)/bin") }
        }
        return (debian + redHat).filter { $0.version >= oldestMajorVersion }
            .sorted { $0.version > $1.version }.map(\.path)
    }

    private static func names(in directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    }

    private static func hasAll(_ directory: String) -> Bool {
        needed.allSatisfy { FileManager.default.isExecutableFile(atPath: "\(directory)/\($0)") }
    }
}
