import Foundation
import TestSupport
import Testing

@testable import Aggregator

@Suite struct AggregatorSettingsDeclarationTests {
    private static let schema = AggregatorKeys.schema
    private static let audit = SettingsAudit(
        schema, required: ["ingest.certificate-file=c", "ingest.key-file=k", "ingest.client-ca-file=a"])

    @Test func every_setting_is_documented_and_takes_its_default_and_has_its_variable() {
        #expect(Self.audit.faults() == [])
    }

    @Test func the_report_of_reloading_covers_what_needs_a_restart() throws {
        #expect(try Self.audit.wrongReloadReports() == [])
    }

    /// `STEELYARD_REGENERATE=1` writes the tables again.
    @Test func the_tables_of_the_page_are_made_of_the_declarations() throws {
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
