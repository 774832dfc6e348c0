import Foundation
import TestSupport
import Testing

@testable import Aggregator

@Suite struct AggregatorSettingsDeclarationTests {
    private static let schema = AggregatorKeys.schema
    private static let audit = SettingsAudit(
        schema, required: ["ingest.certificate-file=c", "ingest.key-file=k", "ingest.client-ca-file=a"])

    @Test func `every setting is documented and takes its default and has its variable`() {
        #expect(Self.audit.faults() == [])
    }

    @Test func `the report of reloading covers what needs a restart`() throws {
        #expect(try Self.audit.wrongReloadReports() == [])
    }

    /// `STEELYARD_REGENERATE=1` writes the tables again.
    @Test func `the tables of the page are made of the declarations`() throws {
        let url = SettingsDocument<AggregatorKeys>.url(of: "aggregator")
        let page = try String(contentsOf: url, encoding: .utf8)
        let (updated, groupsWithoutTable) = SettingsDocument(Self.schema).updated(page)
        #expect(groupsWithoutTable == [])
        if ProcessInfo.processInfo.environment["STEELYARD_REGENERATE"] == "1" {
            try updated.write(to: url, atomically: true, encoding: .utf8)
        } else {
            #expect(updated == page, "run this test once with STEELYARD_REGENERATE=1")
        }
    }
}
