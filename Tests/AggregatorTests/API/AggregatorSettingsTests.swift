import Foundation
import HTTPSupport
import Postgres
import Reporting
import Settings
import Store
import Testing
import UsageModel

@testable import Aggregator

@Suite struct AggregatorSettingsTests {
    private static let reader = "database.reader-url=y"

    private func load(_ extra: [String]) throws -> AggregatorSettings {
        let yaml = """
            ingest:
              certificate-file: a.pem
              key-file: b.pem
              client-ca-file: c.pem
            """
        return try AggregatorSettings(
            AggregatorKeys.schema.load(yaml: yaml, file: "x.yaml", overrides: extra, environment: [:]))
    }

    @Test func `has the documented defaults`() throws {
        let configuration = try load(["database.url=dbname=steelyard", Self.reader])
        #expect("\(configuration.ingestAddress)" == "127.0.0.1:4681")
        #expect("\(configuration.queryAddress)" == "127.0.0.1:4682")
        #expect(configuration.trustDomain == "steelyard.local")
        #expect(configuration.calendar.identifier == "Asia/Shanghai")
        #expect(configuration.migrate == false && configuration.queryTLS == nil)
        #expect(configuration.retention.payloadDays == nil)
    }

    @Test(
        arguments: [
            ([reader], "database.url"),
            (["database.url=x", "database.url-file=/nowhere", reader], "database.url-file"),
            (["database.url-file=/nowhere", reader], "database.url-file"),
            (["database.url=x"], "database.reader-url"),
            (["database.url=x", "database.reader-url-file=/nowhere"], "database.reader-url-file"),
            (
                ["database.url=x", reader, "database.accept-visibility-without-row-security=true"],
                "database.accept-visibility-without-row-security"
            ),
            (["database.url=x", reader, "query.listen=0.0.0.0:4682"], "query.listen"),
            (["database.url=x", reader, "query.certificate-file=q.pem"], "query.key-file"),
            (["database.url=x", reader, "query.key-file=q.pem"], "query.certificate-file"),
            (["database.url=x", reader, "calendar.zone=Mars/Base"], "calendar.zone"),
            (["database.url=x", reader, "rollup.batches=0"], "rollup.batches"),
            (["database.url=x", reader, "rollup.bathces=1"], "rollup.bathces"),
        ] as [([String], String)])
    func `names the key that is wrong`(overrides: [String], key: String) throws {
        let error = #expect(throws: SettingsError.self) { _ = try load(overrides) }
        #expect(error?.problems.map(\.key) == [key])
        #expect(error?.problems.allSatisfy { !$0.remedy.isEmpty } == true)
    }

    @Test func `may serve other machines with TLS`() throws {
        let configuration = try load([
            "database.url=x", Self.reader, "query.listen=0.0.0.0:4682", "query.certificate-file=q.pem",
            "query.key-file=k.pem",
        ])
        #expect(configuration.queryTLS?.certificateFile == "q.pem")
    }

    @Test func `starts without a reader's login only where that is said in so many words`() throws {
        let configuration = try load([
            "database.url=x", "database.accept-visibility-without-row-security=true",
        ])
        #expect(configuration.readerConnection == nil)
        let reader = try #require(try load(["database.url=x", Self.reader]).readerConnection)
        #expect(reader.connectionString == "y" && reader.takesOneStatementPerMessage)
    }

    @Test(arguments: ["PGPASSWORD", "PGSSLPASSWORD"])
    func `a password in the environment is refused with the remedy`(variable: String) throws {
        let overrides = [
            "database.url=x", Self.reader, "ingest.certificate-file=c", "ingest.key-file=k", "ingest.client-ca-file=a",
        ]
        let error = #expect(throws: SettingsError.self) {
            _ = try AggregatorSettings.load(file: nil, overrides: overrides, environment: [variable: "s"])
        }
        #expect(error?.description.contains("environment variable \(variable)") == true)
        #expect(error?.description.contains("database.passfile") == true)
        _ = try AggregatorSettings.load(file: nil, overrides: overrides, environment: [variable: ""])
    }

    @Test(arguments: ["database.url", "database.reader-url"])
    func `a password in either connection string is refused, wherever it comes from`(key: String) throws {
        let other = key == "database.url" ? "database.reader-url=y" : "database.url=x"
        for text in ["host=db password=s", "postgresql://u:s@db/x"] {
            let error = #expect(throws: SettingsError.self) { _ = try load([other, "\(key)=\(text)"]) }
            #expect(error?.problems.map(\.key) == [key])
            #expect(error?.description.contains("holds a password") == true)
        }
    }

    @Test(arguments: ["database.passfile", "database.url-file", "database.reader-url-file"], [0o640, 0o604])
    func `a file with a password that others can open is refused`(key: String, mode: Int) throws {
        let file = NSTemporaryDirectory() + "steelyard-password-\(UUID().uuidString)"
        try Data("host=db password=s".utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        var overrides = ["\(key)=\(file)"]
        if key != "database.url-file" { overrides.append("database.url=x") }
        if key != "database.reader-url-file" { overrides.append(Self.reader) }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        let error = #expect(throws: SettingsError.self) { _ = try load(overrides) }
        #expect(error?.problems.map(\.key) == [key])
        #expect(error?.description.contains("(mode 0\(String(mode, radix: 8)))") == true)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        _ = try load(overrides)
    }
}
