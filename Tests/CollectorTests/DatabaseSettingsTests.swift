import Foundation
import Settings
import TableReading
import TestSupport
import Testing

@testable import Collector

@Suite struct DatabaseSettingsTests {
    private static let base = "provider: azure\ncollector: edge-1\ndata: /var/lib/x\nsources:\n"

    private func load(_ source: String) throws -> CollectorSettings {
        try CollectorSettings(
            CollectorKeys.schema.load(
                yaml: Self.base + "  gw: {\(source)}", file: "/etc/steelyard/c.yaml", environment: [:]))
    }

    private func problems(_ source: String) -> [String] {
        do {
            _ = try load(source)
            return []
        } catch let error as SettingsError {
            return error.problems.map { "\($0.key): \($0.message)" }
        } catch {
            return ["\(error)"]
        }
    }

    @Test func `a table is read by its settings`() throws {
        let settings = try load(
            "type: database, format: one-api, database: {url: host=db, passfile: pw, after-id: 7, interval: 2s}")
        guard case .database(let database) = settings.databaseSources.first?.kind else {
            return #expect(Bool(false), "no table")
        }
        #expect(database.dialect == .oneAPI)
        #expect(database.server.url == "host=db" && database.server.passwordFile == "/etc/steelyard/pw")
        #expect(database.table == "logs" && database.afterID == 7 && database.interval == .seconds(2))
        #expect(settings.pushSources.isEmpty && settings.fileSources.isEmpty)
    }

    @Test(arguments: [
        ("format: new-api", "sources.gw.type: a `database` source needs a database"),
        ("format: new-api, database: {url: 'host=db password=s'}", "sources.gw.database.url: holds a password"),
        ("format: openai, database: {url: host=db}", "sources.gw.format: isn't read from a database"),
        ("format: new-api, layout: csv, database: {url: host=db}", "sources.gw.layout: is for files and pushes"),
        ("format: new-api, wrapping: [cri], database: {url: host=db}", "sources.gw.wrapping: is for files and pushes"),
        ("format: new-api, paths: [/x], database: {url: host=db}", "sources.gw.paths: is for `file` sources"),
        ("format: new-api, token-files: [/x], database: {url: host=db}", "sources.gw.token-files: is for pushed"),
    ])
    func `what can't be read from a table is refused`(source: String, problem: String) {
        let found = problems("type: database, \(source)")
        #expect(found.count == 1 && found.allSatisfy { $0.hasPrefix(problem) }, "\(found)")
    }

    @Test func `settings of tables are refused elsewhere`() {
        let found = problems("type: http, format: new-api, database: {url: host=db, after-id: 3}")
        #expect(found.count == 2 && found.allSatisfy { $0.contains("is for `database` sources") }, "\(found)")
    }

    @Test func `a changed table needs a restart, and an equal one none`() throws {
        let old = try load("type: database, format: one-api, database: {url: host=db}")
        #expect(old.changesThatNeedRestart(old) == [])
        for changed in ["url: host=other", "url: host=db, table: public.logs", "url: host=db, numbering: second"] {
            let new = try load("type: database, format: one-api, database: {\(changed)}")
            #expect(old.changesThatNeedRestart(new) == ["sources.gw"])
        }
        let other = try load("type: database, format: one-api, database: {url: host=db}, tenant: t")
        #expect(old.changesThatNeedRestart(other) == ["sources.gw"])
    }

    @Test func `a password that others can read forbids the start`() async throws {
        try await ScratchDirectory.with("passfile") { directory in
            let file = "\(directory)/pgpass"
            let settings = try load("type: database, format: one-api, database: {url: host=db, passfile: \(file)}")
            #expect(settings.keyProblems().map(\.key) == ["sources.gw.database.passfile"])
            try "db:5432:x:u:secret\n".write(toFile: file, atomically: true, encoding: .utf8)
            for (mode, isRefused) in [(0o644, true), (0o600, false)] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
                #expect(settings.keyProblems().isEmpty == !isRefused)
            }
        }
    }
}
