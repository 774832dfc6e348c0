import Reporting
import Settings
import Store
import Testing
import UsageModel

@testable import Aggregator

@Suite struct AggregatorSettingsTests {
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
        let configuration = try load(["database.url=dbname=steelyard"])
        #expect("\(configuration.ingestAddress)" == "127.0.0.1:4681")
        #expect("\(configuration.queryAddress)" == "127.0.0.1:4682")
        #expect(configuration.trustDomain == "steelyard.local")
        #expect(configuration.calendar.identifier == "Asia/Shanghai")
        #expect(configuration.migrate == false && configuration.queryTLS == nil)
        #expect(configuration.retention.payloadDays == nil)
    }

    @Test(
        arguments: [
            ([], "database.url"), (["database.url=x", "database.url-file=/nowhere"], "database.url-file"),
            (["database.url-file=/nowhere"], "database.url-file"),
            (["database.url=x", "query.listen=0.0.0.0:4682"], "query.listen"),
            (["database.url=x", "query.certificate-file=q.pem"], "query.key-file"),
            (["database.url=x", "query.key-file=q.pem"], "query.certificate-file"),
            (["database.url=x", "calendar.zone=Mars/Base"], "calendar.zone"),
            (["database.url=x", "rollup.batches=0"], "rollup.batches"),
            (["database.url=x", "rollup.bathces=1"], "rollup.bathces"),
        ] as [([String], String)])
    func `names the key that is wrong`(overrides: [String], key: String) throws {
        let error = #expect(throws: SettingsError.self) { _ = try load(overrides) }
        #expect(error?.problems.map(\.key) == [key])
        #expect(error?.problems.allSatisfy { !$0.remedy.isEmpty } == true)
    }

    @Test func `may serve other machines with TLS`() throws {
        let configuration = try load([
            "database.url=x", "query.listen=0.0.0.0:4682", "query.certificate-file=q.pem", "query.key-file=k.pem",
        ])
        #expect(configuration.queryTLS?.certificateFile == "q.pem")
    }
}
