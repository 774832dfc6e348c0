import TestSupport
import Testing

@testable import Collector

@Suite struct CollectorSettingsDeclarationTests {
    private static let audit = SettingsAudit(
        CollectorKeys.schema, page: "collector", required: ["provider=p", "collector=c", "data=d"])

    /// `STEELYARD_REGENERATE=1` writes the tables of the page again.
    @Test(arguments: SettingsRule.allCases)
    func `every setting keeps the rules of settings`(rule: SettingsRule) throws {
        #expect(try Self.audit.breaches(of: rule) == [])
    }
}
