import Scopes
import Testing
internal import TextFormats
import UsageModel

@testable import Market

@Suite struct MarketDescriptionTests {
    @Test func `reads shares, multiples and defaults`() throws {
        let market = try MarketDescription.parse(SmallMarket.yaml, file: "small.yaml")
        #expect(market.providers.map(\.name) == ["alpha", "beta"])
        let alpha = try #require(market.providers.first)
        #expect(alpha.groups.map(\.kind) == [.unclassified, .externalCustomer, .ownBusiness])
        #expect(alpha.groups[1].tokens == 667_000_000_005)
        #expect(alpha.groups[2].tokens == 1_667_500_000_013)
        #expect(alpha.groups[2].zipfMilli == 1_000 && alpha.groups[1].zipfMilli == 1_100)
        #expect(alpha.groups[1].names.first == "customer-0001")
        #expect(alpha.groups[2].monthTokens == [277_916_666_669, 555_833_333_338, 833_750_000_006])
    }

    @Test func `tokens can stand in place of shares`() throws {
        let text = SmallMarket.yaml.replacing("external-total: 1_000_000_000_007\n", with: "")
            .replacing("share: \"66.7\"", with: "tokens: 5_000").replacing("share: \"33.3\"", with: "tokens: 3")
        let market = try MarketDescription.parse(text, file: "small.yaml")
        #expect(market.providers.map { $0.groups.first { $0.kind == .externalCustomer }?.tokens } == [5_000, 3])
    }

    /// What is replaced in the small market, by what, and the line, key and part of the message that must come out.
    static let broken: [(String, String, Int, String?, String)] = [
        ("seed: 7", "seed: -7", 4, "seed", "whole number"),
        ("period: 2025-Q1", "period: 2025-Q9", 5, "period", "Q1 to Q4"),
        ("period: 2025-Q1", "period: 2025-01-05/2025-02-01", 5, "period", "whole months"),
        ("zone: Asia/Shanghai", "zone: Nowhere", 6, "zone", "no time zone"),
        ("external-total: 1_000_000_000_007", "external-total: 1e12", 7, "external-total", "whole number"),
        ("months: [1, 2, 3]", "months: [1, 2]", 9, "rhythm.months", "list of 3 weights"),
        ("months: [1, 2, 3]", "months: [0, 0, 0]", 9, "rhythm.months", "all weights are zero"),
        ("modality: text, output: 20", "modality: smell, output: 20", 13, "models.m-text.modality", "use one of"),
        ("output: 20", "output: 101", 13, "models.m-text.output", "from 0 to 100"),
        ("share: \"66.7\"", "share: \"66.8\"", 17, "providers.alpha", "make 100.100000 percent"),
        ("share: \"66.7\"", "share: 2/3", 19, "providers.alpha.share", "no decimal number"),
        ("share: \"66.7\"", "tokens: 5", 18, "providers.alpha.share", "is missing"),
        ("{m-text: 5,", "{m-txet: 5,", 20, "providers.alpha.models.m-txet", "not among the models"),
        ("{north: 3,", "{north: 0,", 21, "providers.alpha.regions.north", "from 1 to"),
        ("zipf: \"1.1\"", "zipf: \"1.12345\"", 23, "providers.alpha.tenants.external-customer.zipf", "three decimals"),
        (
            "names: [alpha-app, alpha-search]", "names: [alpha-app, alpha-app]", 24,
            "providers.alpha.tenants.own-business.names", "twice"
        ),
        (
            "names: [alpha-app, alpha-search]", "names: [customer-0001]", 24,
            "providers.alpha.tenants.own-business", "another kind"
        ),
        ("own-business:", "own-busyness:", 24, "providers.alpha.tenants.own-busyness", "unknown key"),
        ("multiple: \"2.5\", ", "", 24, "providers.alpha.tenants.own-business.tokens", "or multiple"),
        ("count: 2, tokens", "count: 0, tokens", 25, "providers.alpha.tenants.unclassified.count", "from 1 to"),
        ("  beta:", "  Beta:", 26, "providers.Beta", "no provider name"),
    ]

    @Test(arguments: broken.indices)
    func `a mistake is named by line and key`(index: Int) throws {
        let (good, bad, line, field, part) = Self.broken[index]
        try #require(SmallMarket.yaml.contains(good))
        let text = SmallMarket.yaml.replacing(good, with: bad, maxReplacements: 1)
        let error = try #require(throws: FileProblems.self) { try MarketDescription.parse(text, file: "small.yaml") }
        let match = error.problems.first { $0.field == field && $0.message.contains(part) }
        #expect(match != nil, "\(error)")
        #expect(match?.line == line, "\(error)")
    }

    @Test func `an unknown built-in market is answered with the known ones`() throws {
        let error = try #require(throws: FileProblems.self) { try MarketDescription.builtIn("mars") }
        #expect(error.description.contains("china-2025-h1"))
    }

    @Test(
        arguments: [
            ("49.2", 49_200_000), ("0.000001", 1), ("100", 100_000_000), ("0", 0), ("007.50", 7_500_000),
        ] as [(String, UInt64)])
    func `decimals are exact`(text: String, millionths: UInt64) {
        #expect(ExactDecimal(text)?.millionths == millionths)
    }

    @Test(arguments: ["", ".", "1.", ".5", "-1", "1e2", "1.0000001", "1,5", "1.2.3", "12345678901"])
    func `other spellings are no decimals`(text: String) {
        #expect(ExactDecimal(text) == nil)
    }
}
