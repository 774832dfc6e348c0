import Scopes
import TestSupport
import Testing
internal import TextFormats
import UsageModel

@testable import Market

/// How the market of 2024 and 2025 moves: Doubao's daily tokens, the two jumps, prices, and OpenRouter.
@Suite struct China2024DailyTests {
    /// Tokens a day of everything that volcengine serves, or of the models of Doubao's family alone.
    static func daily(_ month: String, doubaoAlone: Bool) throws -> Ratio {
        let ledger = try China2024MarketTests.ledger
        let family = ledger.lookup("models", "model", "family")
        let sum = ledger.tokens(by: { _ in 0 }) {
            $0.provider == "volcengine" && $0.month == month && (!doubaoAlone || family[$0.model] == "doubao")
        }
        return Ratio(sum[0] ?? 0, over: Months.days(month))
    }

    /// In units of so many tokens, with decimals, as it is printed.
    static func printed(_ value: Ratio, unit: UInt128, decimals: Int) -> String? {
        Ratio(value.numerator, over: value.denominator * unit).decimal(decimals)
    }

    @Test(.enabled(if: PublishedFigures.isPresent), arguments: [false, true])
    func `Doubao gets its published days`(doubaoAlone: Bool) throws {
        let facts = try PublishedFigures.read()
        let billion: UInt128 = 1_000_000_000
        let trillion = 1_000 * billion
        // The month that each figure is read in, its unit, and the decimals that were printed.
        let figures: [(published: String, month: String, unit: UInt128, decimals: Int)] = [
            ("2024-05", "2024-05", billion, 0), ("2024 after the price cut", "2024-07", billion, 0),
            ("2025-05", "2025-05", trillion, 1), ("2025-09", "2025-09", trillion, 0),
        ]
        let first = try Self.daily("2024-05", doubaoAlone: doubaoAlone)
        for figure in figures {
            let published = try facts.daily(figure.published)
            let value = try Self.daily(figure.month, doubaoAlone: doubaoAlone)
            #expect(
                Self.printed(value, unit: figure.unit, decimals: figure.decimals)
                    == Self.printed(
                        Ratio(UInt128(published.tokensPerDay), over: 1), unit: figure.unit, decimals: figure.decimals),
                "\(figure.month)")
            guard let multiple = published.multipleOf202405 else { continue }
            let times = Ratio(value.numerator * first.denominator, over: value.denominator * first.numerator)
            #expect(times.decimal(0) == String(multiple), "\(figure.month)")
        }
        let (may, september) = (
            try Self.daily("2025-05", doubaoAlone: doubaoAlone), try Self.daily("2025-09", doubaoAlone: doubaoAlone)
        )
        let over = UInt128(try #require(try facts.daily("2025-09").growthSince202505PercentOver))
        #expect(
            september.numerator * may.denominator * 100 > may.numerator * september.denominator * (100 + over))
    }

    @Test(.enabled(if: PublishedFigures.isPresent)) func `growth takes off in the published months and in no other`()
        throws
    {
        let ledger = try China2024MarketTests.ledger
        let sums = ledger.idc(by: \.month, in: Set(Months.all))
        let days = Months.all.map { Ratio(sums[$0] ?? 0, over: Months.days($0)) }
        // The growth of each month, a day of it to a day of the month before, in thousandths.
        let growth = try zip(days.dropFirst(), days).map { later, earlier in
            try #require(
                Ratio(later.numerator * earlier.denominator, over: later.denominator * earlier.numerator).rounded(
                    times: 1_000))
        }
        let published = Set(try PublishedFigures.read().inflections.map(\.month))
        for (month, growth) in zip(Months.all.dropFirst(), growth) {
            #expect(
                published.contains(month) ? growth > 2_000 : (1_000...1_500).contains(growth), "\(month): \(growth)")
        }
    }

    @Test(.enabled(if: PublishedFigures.isPresent))
    func `the price book has the published prices and changes`() throws {
        let facts = try PublishedFigures.read()
        let book = try China2024MarketTests.ledger.tables["prices", default: []]
        func price(_ model: String, _ type: String, on day: String) throws -> String? {
            book.first {
                $0["model"] == model && $0["token_type"] == type && $0["per"] == "1000"
                    && ($0["effective_from"] ?? "") <= day
                    && ($0["effective_to"] == "" || ($0["effective_to"] ?? "") > day)
            }?["price"]
        }
        for published in facts.prices {
            for type in ["input", "output"] where published.direction.contains(type) {
                let from = published.effectiveFrom ?? "2025-01-01"
                let now = try #require(try price(published.model, type, on: from), "\(published.model)")
                #expect(ExactDecimal(now) == ExactDecimal(published.perThousandTokens), "\(published.model) \(type)")
                if let previous = published.previous {
                    #expect(try price(published.model, type, on: "2024-05-01") == previous)
                }
                guard let change = published.changePercent else { continue }
                let before = try #require(try price(published.model, type, on: "2024-05-01"))
                try Self.expect(change, from: before, to: now, "\(published.model) \(type)")
            }
        }
        for (name, change) in facts.priceChangesPercent {
            let words = name.split(separator: " ").map(String.init)
            let before = try #require(try price(words[0], words[1], on: "2024-05-01"))
            let now = try #require(try price(words[0], words[1], on: "2024-06-01"))
            try Self.expect(change, from: before, to: now, name)
        }
    }

    /// A change in percent to the decimals that it was published with.
    private static func expect(_ percent: Double, from before: String, to now: String, _ name: String) throws {
        let decimals = percent == percent.rounded() ? 0 : 1
        let found = Growth(
            previous: Int128(try #require(ExactDecimal(before)).millionths),
            current: Int128(try #require(ExactDecimal(now)).millionths)
        ).percent(decimals: decimals)
        let text = String(percent)
        #expect(found == (decimals == 0 ? String(text.prefix { $0 != "." }) : text), "\(name)")
    }

    @Test(arguments: ["2025-08", "2025-09"])
    func `Zhipu earns on OpenRouter what all other Chinese models earn`(month: String) throws {
        let ledger = try China2024MarketTests.ledger
        let developer = ledger.lookup("models", "model", "developer")
        let foreign: Set<String> = ["anthropic", "google", "openai", "xai"]
        var earned: [String: UInt128] = [:]
        for (key, tokens) in ledger.rows where key.provider == "openrouter" && key.month == month {
            let output = ledger.output[key] ?? 0
            func price(_ type: String) throws -> UInt128 {
                let row = try #require(
                    ledger.tables["prices", default: []].first {
                        $0["provider"] == "openrouter" && $0["model"] == key.model && $0["token_type"] == type
                            && $0["effective_to"] == ""
                    }, "\(key.model)")
                return UInt128(try #require(ExactDecimal(row["price"] ?? "")).millionths)
            }
            earned[developer[key.model] ?? "", default: 0] +=
                try (tokens - output) * price("input") + output * price("output")
        }
        let zhipu = earned["zhipu"] ?? 0
        let others = earned.reduce(0 as UInt128) { foreign.contains($1.key) || $1.key == "zhipu" ? $0 : $0 + $1.value }
        // In dollars × 10^12: equal to the cent.
        let cent: UInt128 = 10_000_000_000
        #expect(zhipu > 500_000 * 100 * cent)
        #expect(max(zhipu, others) - min(zhipu, others) < cent)
    }

    @Test func `everything that is called is catalogued and earns something`() throws {
        let ledger = try China2024MarketTests.ledger
        let models = ledger.lookup("models", "model", "family")
        let groups = ledger.lookup("providers", "provider", "group")
        let regions = Set(ledger.tables["regions", default: []].map { [$0["provider"], $0["region"]] })
        let revenue = Set(ledger.tables["revenue", default: []].map { [$0["provider"], $0["layer"], $0["month"]] })
        let priced = Set(ledger.tables["prices", default: []].map { [$0["provider"], $0["model"]] })
        for key in ledger.rows.keys {
            #expect(
                models[key.model] != nil && groups[key.provider] != nil && regions.contains([key.provider, key.region]))
            guard key.kind == "external-customer", key.layer == "maas" else { continue }
            #expect(
                revenue.contains([key.provider, "maas", key.month]) || priced.contains([key.provider, key.model]),
                "\(key)")
        }
    }
}
