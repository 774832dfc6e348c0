internal import Identity
internal import Settings
internal import SourceFormats
package import TableReading
internal import UsageModel

extension SourceSettings {
    /// A table of a database that is read.
    package struct Database: Sendable, Equatable {
        package var server: TableRequest.Server
        package var table: String
        package var dialect: TableDialect
        package var interval: Duration
        /// Where reading begins.
        package var afterID: Int64
        package var numbering: String
    }

    /// Reads the settings of a source that reads a table; on a problem it is added and the answer is `nil`.
    static func readDatabase(
        _ entry: ResolvedSettings<SourceKeys>, _ problems: inout [SettingsProblem]
    ) -> Kind? {
        let keys = entry.keys.database
        let before = problems.count
        if let url = entry[keys.url] {
            if ConnectionSecret.isIn(url) {
                problems.append(
                    entry.problem(
                        at: keys.url, "holds a password, which everybody sees who sees the configuration",
                        remedy: "take it out, and put it into the file of \(entry.path(of: keys.passwordFile))"))
            }
        } else {
            problems.append(
                entry.problem(
                    at: entry.keys.type, "a `database` source needs a database",
                    remedy: "give \(entry.path(of: keys.url)): a connection string without a password"))
        }
        let dialect = TableDialect(rawValue: entry[entry.keys.format])
        if dialect == nil {
            let names = TableDialect.allCases.map(\.rawValue).joined(separator: " or ")
            problems.append(
                entry.problem(
                    at: entry.keys.format, "isn't read from a database",
                    remedy: "set format: \(names), or export the table into files"))
        }
        for path in ["layout", entry.keys.wrapping.path, entry.keys.escape.path] {
            guard let setting = entry.setting(at: path), entry.isGiven(setting) else { continue }
            problems.append(
                entry.problem(at: setting, "is for files and pushes: rows come as JSON objects", remedy: "remove it"))
        }
        guard problems.count == before, let url = entry[keys.url], let dialect else { return nil }
        return .database(
            Database(
                server: TableRequest.Server(
                    url: url, passwordFile: entry[keys.passwordFile],
                    statementTimeoutMilliseconds: Int(entry[keys.timeout].wholeMilliseconds)),
                table: entry[keys.table], dialect: dialect, interval: entry[keys.interval],
                afterID: Int64(entry[keys.afterID]), numbering: entry[keys.numbering]))
    }

    /// Refuses settings of sources that read a table in one that doesn't.
    static func refuseDatabaseSettings(
        _ entry: ResolvedSettings<SourceKeys>, _ problems: inout [SettingsProblem]
    ) {
        let keys = entry.keys.database
        let own: [any AnySetting] = [
            keys.url, keys.passwordFile, keys.table, keys.interval, keys.timeout, keys.afterID, keys.numbering,
        ]
        for setting in own where entry.isGiven(setting) {
            problems.append(
                entry.problem(at: setting, "is for `database` sources", remedy: "remove it, or set type: database"))
        }
    }
}

extension CollectorSettings {
    /// The sources that read tables of databases.
    package var databaseSources: [SourceSettings] {
        sources.filter { if case .database = $0.kind { true } else { false } }
    }

    /// Password files of databases that others may open, or that aren't there: libpq would pass them over.
    func passwordFileProblems() -> [SettingsProblem] {
        resolved[\.sources].compactMap { entry in
            let key = entry.keys.database.passwordFile
            guard let file = entry[key] else { return nil }
            do throws(CertificateFault) {
                try SecretFile.check(file, kind: "password")
                return nil
            } catch {
                return entry.problem(at: key, "\(file) \(error.message)", remedy: error.remedy)
            }
        }
    }
}
