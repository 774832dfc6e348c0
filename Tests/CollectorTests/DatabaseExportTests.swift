import BatchFormat
import CollectorCore
import Foundation
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// The exports of `docs/sources/new-api.md`, run as an operator would, with the real sqlite3 and MariaDB.
@Suite struct DatabaseExportTests {
    private static let page = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/sources/new-api.md")

    /// A script of the page.
    private static func script(_ name: String) throws -> String {
        let text = try String(contentsOf: page, encoding: .utf8)
        let comment = try #require(text.range(of: "<!-- export: \(name) -->"))
        let begin = try #require(text[comment.upperBound...].range(of: "```sh\n"))
        let end = try #require(text[begin.upperBound...].range(of: "```"))
        return String(text[begin.upperBound..<end.lowerBound])
    }

    /// Runs a command of the shell.
    @discardableResult
    private static func shell(_ script: String, _ environment: [String: String]) throws -> (code: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    private static func isThere(_ program: String) -> Bool {
        (try? shell("PATH=$PATH:/usr/sbin command -v \(program)", [:]))?.code == 0
    }

    /// A database that is exported into a directory and read by a collector.
    private struct Scene {
        var directory: String
        var export: String
        var environment: [String: String]
        /// Runs SQL.
        var execute: (String) throws -> Void

        /// - Returns: what the export said.
        @discardableResult
        func run() throws -> (code: Int32, text: String) { try shell(export, environment) }

        func add(_ range: ClosedRange<Int>, ago seconds: Int = 600) throws {
            let now = Int(Date().timeIntervalSince1970) - seconds
            let rows = range.map { number in
                "(\(now), 2, 'o''brien \(number % 3)', 'gpt-4o', \(number), 1, '{\"cache_tokens\":0}\n\t')"
            }
            try execute(
                """
                INSERT INTO logs (created_at, type, username, model_name, prompt_tokens, completion_tokens, other)
                VALUES \(rows.joined(separator: ", "))
                """)
        }

        /// Tokens and calls that a collector counts of the files, from the start.
        func counted() async throws -> [UInt64] {
            let yaml = """
                sources:
                  new-api: {type: file, paths: ["\(directory)/out/logs-*.jsonl"], whole: true, format: new-api}
                """
            let data = "\(directory)/data-\(UInt32.random(in: 0 ... .max))"
            let rig = try await Rig.open(data, yaml, clock: HandClock(Int64(Date().timeIntervalSince1970) * 1_000))
            await rig.readAll()
            let content = try #require(rig.parts.accumulator.take(force: true, olderThan: .zero))
            #expect(content.rejections == [:])
            let rows = content.sums.rows().rows
            return [rows.reduce(0) { $0 + $1.counts.requests }, rows.reduce(0) { $0 + $1.counts.input }]
        }

        var files: [String] {
            get throws {
                try FileManager.default.contentsOfDirectory(atPath: "\(directory)/out").filter { !$0.hasPrefix(".") }
                    .sorted()
            }
        }
    }

    private static let columns = """
        created_at bigint, type bigint, username varchar(191) DEFAULT '', model_name varchar(191) DEFAULT '',
        prompt_tokens bigint DEFAULT 0, completion_tokens bigint DEFAULT 0, other text
        """

    @Test func `rows of SQLite are exported each once, whatever is interrupted`() async throws {
        try await ScratchDirectory.with("export-sqlite") { directory in
            let database = "\(directory)/one-api.db"
            let scene = Scene(
                directory: directory, export: try Self.script("sqlite"),
                environment: ["OUT": "\(directory)/out", "DATABASE": database, "ROWS": "40"]
            ) { sql in
                let ran = try Self.shell("sqlite3 -batch \"$DB\" \"$SQL\"", ["DB": database, "SQL": sql])
                if ran.code != 0 { throw Failed(text: ran.text) }
            }
            try scene.execute("CREATE TABLE logs (id integer PRIMARY KEY AUTOINCREMENT, \(Self.columns))")
            try await Self.exportInParts(scene)
        }
    }

    @Test(.enabled(if: DatabaseExportTests.isThere("mariadbd"), "mariadbd isn't installed: deploy/install-packages"))
    func `rows of MariaDB are exported each once, those of open transactions as well`() async throws {
        try await ScratchDirectory.with("export-mariadb") { directory in
            try await Self.withMariaDB(directory) { environment in
                let environment = environment.merging(
                    ["OUT": "\(directory)/out", "DATABASE": "gateway", "ROWS": "40"]) { $1 }
                let scene = Scene(directory: directory, export: try Self.script("mariadb"), environment: environment) {
                    sql in
                    let ran = try Self.shell(
                        "mariadb gateway --execute \"$SQL\"", environment.merging(["SQL": sql]) { $1 })
                    if ran.code != 0 { throw Failed(text: ran.text) }
                }
                try Self.shell("mariadb --execute 'CREATE DATABASE gateway CHARACTER SET utf8mb4'", environment)
                try scene.execute(
                    "CREATE TABLE logs (id bigint AUTO_INCREMENT PRIMARY KEY, \(Self.columns), KEY (created_at, type))")
                try await Self.exportInParts(scene)
                try await Self.exportBesideAWriter(scene, environment)
            }
        }
    }

    private struct Failed: Error {
        var text: String
    }

    /// Two hundred rows in parts, with runs in between that are killed, that find nothing, and that find ids set back.
    private static func exportInParts(_ scene: Scene) async throws {
        #expect(try scene.run().code == 0)
        #expect(try scene.files == [])
        try scene.add(1...100)
        for _ in 0..<3 {
            let ran = try scene.run()
            #expect(ran.code == 0 && ran.text == "", "\(ran)")
        }
        #expect(try scene.files.count == 3)
        #expect(try await scene.counted() == [100, 5_050])
        // Killed between writing the rows and moving them into place: what is left is written anew.
        let killed = scene.export.replacing("mv .export", with: "kill -9 $$; mv .export")
        try scene.add(101...200)
        #expect(try shell(killed, scene.environment).code != 0)
        #expect(try scene.files.count == 3)
        for _ in 0..<4 { #expect(try scene.run().code == 0) }
        #expect(try scene.files.last == "logs-00000000000000000200.jsonl")
        #expect(try await scene.counted() == [200, 20_100])
        try scene.execute("DELETE FROM logs WHERE id > 150")
        let refused = try scene.run()
        #expect(refused.code == 1 && refused.text.contains("was it restored?"), "\(refused)")
        try scene.execute("DELETE FROM logs")
        #expect(try scene.run().code == 0)
    }

    /// A transaction with lower ids than rows that are visible is waited for; rows within the margin stay for later.
    private static func exportBesideAWriter(_ scene: Scene, _ environment: [String: String]) async throws {
        let open = Process()
        open.executableURL = URL(fileURLWithPath: "/bin/sh")
        let begun = "\(scene.directory)/begun"
        let insert =
            "INSERT INTO logs (created_at, type, username, model_name, prompt_tokens, completion_tokens, other)"
        open.arguments = [
            "-c",
            """
            mariadb gateway --execute "START TRANSACTION;
            \(insert) VALUES (1780279205, 2, 'early', 'gpt-4o', 1000, 1, '');
            \\! touch \(begun)
            SELECT SLEEP(2); COMMIT"
            """,
        ]
        open.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        open.standardOutput = FileHandle.nullDevice
        open.standardError = FileHandle.nullDevice
        try open.run()
        try await waitUntil("a transaction has begun") { FileManager.default.fileExists(atPath: begun) }
        try scene.add(7...7)
        let before = try scene.files.count
        let ran = try scene.run()
        #expect(ran.code == 0, "\(ran)")
        open.waitUntilExit()
        #expect(try scene.files.count == before + 1)
        #expect(try await scene.counted() == [202, 21_107])
        try scene.add(5...5, ago: 0)
        #expect(try scene.run().code == 0)
        #expect(try scene.files.count == before + 1)
    }

    /// Runs `body` with the environment for clients of a new server.
    private static func withMariaDB(_ directory: String, _ body: ([String: String]) async throws -> Void) async throws {
        let user = geteuid() == 0 ? "mysql" : NSUserName()
        let data = "\(directory)/mariadb"
        let socket = "/tmp/steelyard-\(UInt32.random(in: 0 ... .max)).sock"
        let made = try shell(
            """
            set -e; PATH=$PATH:/usr/sbin
            [ "$(id -u)" != 0 ] || id mysql >/dev/null 2>&1 || useradd --system --no-create-home mysql
            mkdir -p "$DATA"
            [ "$(id -u)" != 0 ] || chown mysql "$DATA"
            mariadb-install-db --no-defaults --datadir="$DATA" --user="$RUN_AS" --auth-root-authentication-method=normal \
                --skip-test-db
            """, ["DATA": data, "RUN_AS": user])
        #expect(made.code == 0, "\(made.text)")
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/usr/sbin/mariadbd")
        server.arguments = [
            "--no-defaults", "--datadir=\(data)", "--socket=\(socket)", "--skip-networking", "--user=\(user)",
            "--pid-file=\(data)/pid", "--innodb-flush-log-at-trx-commit=0",
        ]
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle(forWritingAtPath: "/dev/null")
        try server.run()
        defer {
            server.terminate()
            server.waitUntilExit()
        }
        // Clients read their options here, as an operator's do from ~/.my.cnf.
        try "[client]\nuser=root\nsocket=\(socket)\n".write(
            toFile: "\(directory)/.my.cnf", atomically: true, encoding: .utf8)
        let environment = ["HOME": directory, "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin"]
        try await waitUntil("MariaDB answers") { (try? shell("mariadb --execute 'SELECT 1'", environment))?.code == 0 }
        try await body(environment)
    }
}
