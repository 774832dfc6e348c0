import TestSupport
import Testing

@testable import Aggregator

@Suite struct AggregatorSettingsDeclarationTests {
    private static let audit = SettingsAudit(
        AggregatorKeys.schema, page: "aggregator",
        required: ["ingest.certificate-file=c", "ingest.key-file=k", "ingest.client-ca-file=a"])

    /// `STEELYARD_REGENERATE=1` writes the tables of the page again.
    @Test(arguments: SettingsRule.allCases)
    func `every setting keeps the rules of settings`(rule: SettingsRule) throws {
        #expect(try Self.audit.breaches(of: rule) == [])
    }
}
