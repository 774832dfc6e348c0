internal import Foundation
package import Postgres

/// The SQL resources of this module.
package enum MigrationFiles {
    /// The migrations in order.
    package static func all() throws -> [Migration] {
        let migrations = try names().compactMap { name in
            try Migration(fileName: name, sql: text(name))
        }
        guard !migrations.isEmpty else {
            throw StoreError(.damagedInstallation, "The program's SQL resources are missing at \(directory.path).")
        }
        return migrations.sorted { $0.number < $1.number }
    }

    /// The part that is applied after every migration.
    static func roles() throws -> String { try text("roles.sql") }

    private static var directory: URL {
        Bundle.module.bundleURL.appendingPathComponent("Migrations", isDirectory: true)
    }

    private static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path)
    }

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
    }
}
