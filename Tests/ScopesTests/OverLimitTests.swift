import TestSupport
import Testing
import UsageModel

@testable import Scopes

/// Usage of names beyond a day's budget: exact, beside every figure, and judged by no filter that asks for its name.
@Suite struct OverLimitTests {
    private static func row(
        _ tokens: Int128, _ kind: TenantKind = .externalCustomer, provider: String = "a", model: String? = nil,
        _ overLimit: OverLimitDimensions = [], passes: Bool = true
    ) -> FilteredSumRow {
        FilteredSumRow(
            provider: provider, tenantKind: kind, model: model, region: "r", passesFilters: passes,
            overLimit: overLimit,
            counts: SignedTokenCounts(requests: 1, input: tokens))
    }

    private static func table(
        _ rows: [FilteredSumRow], _ filters: ScopeFilters = ScopeFilters(kinds: [.externalCustomer]),
        entity: Scope.Entity = .provider, facts: FactBook = FactBook()
    ) throws -> ShareTable {
        let scope = Scope(
            id: "house", version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test",
            measure: .tokens, filters: filters, entity: entity, aggregate: .sum, zone: "Asia/Shanghai",
            denominator: .everythingCounted, precision: 1)
        return try ShareTable(scope: scope, period: Period("2025-06"), filtered: rows, facts: facts)
    }

    @Test func `an unclassified tenant over limit stands in both, and adds up once`() throws {
        let table = try Self.table([
            Self.row(70), Self.row(20, .unclassified, .tenant), Self.row(10, .ownBusiness, passes: false),
        ])
        let row = try #require(table["a"])
        #expect((row.numerator, row.unclassified, row.overLimit, row.everything) == (70, 20, 20, 100))
        #expect(row.overLimitShare.percent(decimals: 1) == "20.0")
        #expect(table.total.overLimit == 20)
    }

    @Test func `models over limit are no model`() throws {
        let rows = [Self.row(70, model: "m"), Self.row(30, model: NameRule.overLimitName, .model)]
        let table = try Self.table(rows, entity: .model)
        #expect(table.rows.map(\.entity) == ["m"])
        #expect((table.denominator, table.total.unmapped, table.total.overLimit) == (70, 30, 30))
    }

    @Test(arguments: [
        (ScopeFilters(models: [NamePattern("m*")]), OverLimitDimensions.model, true),
        (ScopeFilters(regions: [NamePattern("r*")]), .region, true),
        (ScopeFilters(models: [NamePattern("m*")]), .region, false),
        (ScopeFilters(regions: [NamePattern("r*")]), .model, false), (ScopeFilters(), .all, false),
        (ScopeFilters(models: [NamePattern("m*")]), .tenant, false),
    ])
    func `only a filter on the dimension that is over limit can't judge it`(
        _ filters: ScopeFilters, _ overLimit: OverLimitDimensions, _ isOpen: Bool
    ) throws {
        let table = try Self.table([Self.row(30, model: "m", overLimit)], filters)
        #expect(table.total.unmapped == (isOpen ? 30 : 0) && table.total.numerator == (isOpen ? 0 : 30))
        #expect(table.total.overLimit == 30)
        let outside = try Self.table([Self.row(30, model: "m", overLimit, passes: false)], filters)
        #expect(outside.total.outsideFilters == 30 && outside.total.unmapped == 0)
    }

    @Test func `a statement freezes it, and one from before it reads as it did`() throws {
        var content = try StatementContentTests.content()
        let before = content.text
        #expect(!before.contains("over_limit"))
        #expect(try StatementContent(text: before) == content)
        content.table = try Self.table([Self.row(70), Self.row(30, .unclassified, .tenant)]).frozen()
        #expect(content.text.contains(#""over_limit":"30""#))
        #expect(try StatementContent(text: content.text).table.total.overLimit == 30)
        #expect(content.contradictions == [])
    }

    @Test func `a statement can't hold more over limit than there is`() throws {
        var content = try StatementContentTests.content()
        content.table = try Self.table([Self.row(70), Self.row(30, .unclassified, .tenant)]).frozen()
        let text = content.text.replacing(#""over_limit":"30""#, with: #""over_limit":"130""#)
        #expect(try StatementContent(text: text).contradictions.count == 2)
    }

    @Test func `a restatement tells its change apart`() throws {
        let closed = try Self.table([Self.row(100)])
        let now = try Self.table([Self.row(100), Self.row(5, .unclassified, .tenant)])
        let restatement = Restatement(closed: closed, later: now, now: now)
        #expect((restatement.total.overLimit.closed, restatement.total.overLimit.now) == (0, 5))
        #expect(!restatement.isUnchanged)
    }

    @Test func `the name for names beyond a budget can't be recorded as one`() {
        #expect(throws: CellProblem.self) {
            try FactSyntax.name(maxBytes: Limits.maxTenantNameBytes).canonical(NameRule.overLimitName)
        }
        #expect(
            (try? FactSyntax.name(maxBytes: 64).canonical("e\u{301}")).map { Array($0.utf8) } == [0xC3, 0xA9])
    }
}
