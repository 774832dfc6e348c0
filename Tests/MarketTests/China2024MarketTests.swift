import Scopes
import TestSupport
import Testing
import UsageModel

@testable import Market

/// The market of 2024 and 2025: its files, added up by ``SimulatedLedger``, come to the published figures.
@Suite struct China2024MarketTests {
    /// Simulated and added up once for all tests of the suite.
    static let simulated = Result {
        let simulator = MarketSimulator(try MarketDescription.builtIn("china-2024-2025"))
        return (simulator: simulator, ledger: try SimulatedLedger(simulator))
    }

    static var ledger: SimulatedLedger { get throws { try simulated.get().ledger } }

    /// Percentages with one decimal, each rounded on its own.
    static func percentages(_ sums: [String: UInt128]) -> [String: String] {
        let whole = sums.values.reduce(0, +)
        return sums.compactMapValues { Share(numerator: Int128($0), denominator: Int128(whole)).percent(decimals: 1) }
    }

    @Test func `every total of the description is reached to the token`() throws {
        let (simulator, ledger) = try Self.simulated.get()
        #expect(
            simulator.providers == [
                "volcengine", "aliyun", "baidu-cloud", "tencent-cloud", "huawei-cloud", "deepseek", "zhipu", "others",
                "openrouter",
            ])
        let sums = ledger.tokens(by: { [$0.provider, $0.kind] }, where: { _ in true })
        #expect(sums.count == simulator.expectedTokens.count)
        for (key, tokens) in simulator.expectedTokens {
            #expect(sums[[key.provider, key.kind.name]] == tokens, "\(key)")
        }
    }

    @Test func `it is small enough to be fed in a minute`() throws {
        let count = try Self.ledger.eventCount
        #expect((40_000...60_000).contains(count), "\(count) events")
    }

    @Test(.enabled(if: PublishedFigures.isPresent)) func `IDC gives the published totals and shares of both periods`()
        throws
    {
        let (facts, ledger) = (try PublishedFigures.read(), try Self.ledger)
        let year = ledger.idc(by: \.provider, in: Months.of2024)
        #expect(year.values.reduce(0, +) == (try facts.total("idc", "2024")))
        let yearShares = Self.percentages(year)
        for (provider, percent) in try facts.shares("idc", "2024").shares {
            #expect(yearShares[provider] == PublishedFigures.printed(percent), "\(provider)")
        }
        let half = ledger.idc(by: \.provider, in: Months.firstHalf2025)
        #expect(half.values.reduce(0, +) == (try facts.total("idc", "2025-H1")))
        let published = try facts.shares("idc", "2025-H1")
        let named = half.filter { published.shares[$0.key] != nil }
        let others = half.values.reduce(0, +) - named.values.reduce(0, +)
        let shares = Self.percentages(named.merging(["the others": others]) { first, _ in first })
        var expected = published.shares.mapValues(PublishedFigures.printed)
        expected["the others"] = PublishedFigures.printed(try #require(published.others))
        #expect(shares == expected)
    }

    @Test func `the narrower reading of 2024 differs only later`() throws {
        let ledger = try Self.ledger
        let overseas = Set(
            ledger.tables["regions", default: []].filter { $0["market"] == "overseas" }
                .map { "\($0["provider"] ?? "")/\($0["region"] ?? "")" })
        func abroad(_ months: Set<String>) -> UInt128 {
            ledger.idc(by: { overseas.contains("\($0.provider)/\($0.region)") }, in: months)[true] ?? 0
        }
        #expect(abroad(Months.of2024) == 0)
        #expect(abroad(Months.firstHalf2025) > 0)
    }

    @Test(.enabled(if: PublishedFigures.isPresent))
    func `the growth from total to total is the published one`() throws {
        let (facts, ledger) = (try PublishedFigures.read(), try Self.ledger)
        let year = ledger.idc(by: { _ in 0 }, in: Months.of2024)[0] ?? 0
        let half = ledger.idc(by: { _ in 0 }, in: Months.firstHalf2025)[0] ?? 0
        let percent = Growth(previous: Int128(year), current: Int128(half)).percent(decimals: 2)
        #expect(percent == "+" + String(try #require(facts.growth.first).exactFromTotalsPercent))
    }

    @Test(.enabled(if: PublishedFigures.isPresent)) func `Frost & Sullivan gets its families`() throws {
        let (facts, ledger) = (try PublishedFigures.read(), try Self.ledger)
        let platform = ledger.lookup("providers", "provider", "group")
        let developer = ledger.lookup("models", "model", "group")
        let family = ledger.lookup("models", "model", "family")
        let sums = ledger.tokens(by: { family[$0.model] ?? "" }) {
            $0.kind == "external-customer" && Months.firstHalf2025.contains($0.month)
                && developer[$0.model] == platform[$0.provider]
        }
        let published = try facts.shares("frost-sullivan-self-developed", "2025-H1")
        let perDay = UInt128(try #require(published.marketTotalTokensPerDay))
        #expect(sums.values.reduce(0, +) == perDay * 181)
        let shares = Self.percentages(sums)
        for (name, percent) in published.shares {
            let family = String(name.prefix { $0 != " " })
            #expect(shares[family] == PublishedFigures.printed(percent), "\(name)")
        }
        let ranked = sums.sorted { $0.value > $1.value }.map(\.key)
        #expect(ranked.prefix(3) == ["qwen", "doubao", "deepseek"])
    }

    @Test(.enabled(if: PublishedFigures.isPresent)) func `Omdia gets its revenue`() throws {
        let (facts, ledger) = (try PublishedFigures.read(), try Self.ledger)
        let layers: Set<String> = ["maas", "paas", "iaas"]
        let sums = try ledger.hundredths("revenue", "amount", in: Months.firstHalf2025) {
            layers.contains($0["layer"] ?? "")
        }
        let published = try facts.shares("omdia-ai-cloud", "2025-H1")
        #expect(sums.values.reduce(0, +) == UInt128(try #require(published.marketTotalCny)) * 100)
        let named = published.shares.merging(published.alsoReported?.shares ?? [:]) { first, _ in first }
        #expect(named.count == 5)
        let shares = Self.percentages(sums)
        for (provider, percent) in named {
            #expect(shares[provider] == PublishedFigures.printed(percent), "\(provider)")
        }
        let ranked = sums.sorted { $0.value > $1.value }.map(\.key)
        #expect(Set(ranked.prefix(5)) == Set(named.keys))
        #expect(ranked.first == "aliyun")
    }

    @Test func `Baidu is first where customisation counts and in tenders`() throws {
        let ledger = try Self.ledger
        let layers: Set<String> = ["maas", "paas", "iaas", "customisation"]
        let revenue = try ledger.hundredths("revenue", "amount", in: Months.firstHalf2025) {
            layers.contains($0["layer"] ?? "")
        }
        let won = try ledger.hundredths("tenders", "tenders", in: Months.firstHalf2025)
        let amount = try ledger.hundredths("tenders", "amount", in: Months.firstHalf2025)
        for sums in [revenue, won, amount] {
            #expect(sums.max { $0.value < $1.value }?.key == "baidu-cloud")
        }
    }

    @Test func `Aliyun is first where private deployments count`() throws {
        let ledger = try Self.ledger
        var sums = ledger.idc(by: \.provider, in: Months.firstHalf2025)
        let reported = try ledger.hundredths("private-deployments", "tokens", in: Months.firstHalf2025)
        for (provider, tokens) in reported { sums[provider, default: 0] += tokens / 100 }
        #expect(sums.max { $0.value < $1.value }?.key == "aliyun")
    }
}
