internal import TestSupport
internal import Testing

extension MarketChecks {
    /// Every first place that somebody claimed, under the scope that it was claimed under.
    func firstPlaces() async throws {
        let half: MarketAnswers.Rank = try await asker.get("/v1/rank?period=2025-H1")
        let expected: [String: [String: String]] = [
            "volcengine": ["idc": "volcengine"],
            "aliyun": ["omdia-ai-cloud": "aliyun"],
            "alibaba": ["frost-sullivan-self-developed": "qwen"],
            "baidu-cloud": [
                "ai-public-cloud-services": "baidu-cloud", "tenders": "baidu-cloud", "tenders-amount": "baidu-cloud",
            ],
            "zhipu": [:],
        ]
        #expect(Set(facts.firstPlacesClaimed.map(\.claimant)) == Set(expected.keys))
        for (claimant, scopes) in expected {
            for (scope, entity) in scopes { #expect(half.leaders[scope] == [entity], "\(claimant) under \(scope)") }
        }
        // Nobody called anything through OpenRouter in that half year; every other scope has an answer.
        #expect(half.refused.allSatisfy { $0.scope.hasPrefix("openrouter") }, "\(half.refused)")
        #expect(half.leaders["all-traffic"] == ["volcengine"])
        // Alibaba's objection: with what private deployments report, another is first again.
        #expect(half.leaders["iceberg"] == ["aliyun"])
        for month in ["2025-08", "2025-09"] { try await openRouter(month) }
    }

    /// Zhipu earns as much as all other Chinese models together: to the decimal that shares are published with.
    private func openRouter(_ month: String) async throws {
        let foreign: Set<String> = ["anthropic", "google", "openai", "xai"]
        let table = try await asker.shares("openrouter-revenue", month)
        let chinese = table.rows.filter { !foreign.contains($0.entity) }
        #expect(Set(chinese.map(\.entity)) == ["zhipu", "moonshot", "alibaba", "deepseek", "minimax"])
        #expect(table.rows.allSatisfy { $0.unpricedTokens == "0" })
        let zhipu = try Hundredths.of(table.row("zhipu").numerator)
        var others: UInt128 = 0
        for row in chinese where row.entity != "zhipu" { others += try Hundredths.of(row.numerator) }
        let whole = try Hundredths.of(table.denominator)
        #expect(zhipu > 0)
        let share = Quotient(zhipu * 100, whole).printed(decimals: 1)
        #expect(share == Quotient(others * 100, whole).printed(decimals: 1), "\(month)")
        #expect(chinese.min { ($0.rank ?? .max) < ($1.rank ?? .max) }?.entity == "zhipu")
    }

    func prices() async throws {
        let book = try await asker.facts("prices")
        for published in facts.prices {
            for type in ["input", "output"] where published.direction.contains(type) {
                // The report gives no day for GPT-4o.
                let from = published.effectiveFrom ?? "2025-01-01"
                let now = try #require(Self.price(book, published.model, type, on: from))
                #expect(now["currency"] == published.currency && now["per"] == "1000", "\(published.model)")
                let price = try ExactDecimal(now["price"] ?? "")
                let expected = try ExactDecimal(published.perThousandTokens)
                #expect(Self.areEqual(price, expected), "\(published.model) \(type)")
                let before = Self.price(book, published.model, type, on: "2024-05-01")?["price"]
                if let previous = published.previous { #expect(before == previous, "\(published.model)") }
                guard let change = published.changePercent else { continue }
                try Self.expectFall(-change, from: ExactDecimal(before ?? ""), to: price, published.model)
            }
        }
        for (name, change) in facts.priceChangesPercent {
            let words = name.split(separator: " ").map(String.init)
            let before = try #require(Self.price(book, words[0], words[1], on: "2024-05-01")?["price"])
            let now = try #require(Self.price(book, words[0], words[1], on: "2024-06-01")?["price"])
            try Self.expectFall(-change, from: ExactDecimal(before), to: ExactDecimal(now), name)
        }
    }

    /// The price of a model that is in force on a day.
    private static func price(
        _ book: [[String: String]], _ model: String, _ type: String, on day: String
    ) -> [String: String]? {
        book.first {
            let (from, to) = ($0["effective_from"] ?? "", $0["effective_to"] ?? "")
            return $0["model"] == model && $0["token_type"] == type && $0["price"] != "" && from <= day
                && (to.isEmpty || to > day)
        }
    }

    private static func areEqual(_ left: ExactDecimal, _ right: ExactDecimal) -> Bool {
        UInt128(left.mantissa) * ExactDecimal.powersOfTen[right.scale]
            == UInt128(right.mantissa) * ExactDecimal.powersOfTen[left.scale]
    }

    /// A fall in percent, to the decimals that it was published with.
    private static func expectFall(
        _ percent: Double, from before: ExactDecimal, to now: ExactDecimal, _ name: String
    ) throws {
        let scale = max(before.scale, now.scale)
        let old = UInt128(before.mantissa) * ExactDecimal.powersOfTen[scale - before.scale]
        let new = UInt128(now.mantissa) * ExactDecimal.powersOfTen[scale - now.scale]
        try #require(old >= new && old > 0, "\(name)")
        let isWhole = percent == percent.rounded()
        let fall = Quotient((old - new) * 100, old).printed(decimals: isWhole ? 0 : 1)
        #expect(fall == (isWhole ? String(Int(percent)) : percent.asPublished), "\(name)")
    }

    /// What the half year's tokens are worth at the article's one price, and twice that for the year. Asked for with
    /// only that price in the book.
    ///
    /// - Returns: what the answer was known at.
    @discardableResult
    func marketValue(asKnownAt: String? = nil) async throws -> String {
        let estimate = facts.marketValueEstimate
        let table = try await asker.shares("maas-value", "2025-H1", asKnownAt: asKnownAt)
        let price = try ExactDecimal(estimate.pricePerThousandCny)
        let scale = ExactDecimal.powersOfTen[price.scale] * 1_000
        let expected = UInt128(estimate.tokensForHalfYear) * UInt128(price.mantissa) * 100
        #expect(expected.isMultiple(of: scale))
        let halfYear = try Hundredths.of(table.denominator)
        #expect(halfYear == expected / scale)
        let fullYear = 2 * halfYear
        let result = try #require(estimate.arithmetic.split(separator: "=").last).filter(\.isNumber)
        #expect(fullYear == UInt128(result).map { $0 * 100 })
        let range = UInt128(estimate.fullYearCnyFrom) * 100...UInt128(estimate.fullYearCnyTo) * 100
        #expect(range.contains(fullYear))
        return table.asKnownAt
    }

    /// A tenant that uses its initial quota in a minute: how many users that is.
    func peak(tenant: String) async throws {
        let rate = facts.rate
        let peak: MarketAnswers.Peak = try await asker.get(
            "/v1/peak?period=2025-09&by=tenant&provider=volcengine&tenant=\(tenant)"
                + "&user-rate=\(rate.tokensPerUserMinute)&wait-for=latest")
        let row = try #require(peak.rows.first)
        #expect(peak.rows.count == 1 && row.tenant == tenant)
        #expect(row.totalTokens == String(rate.initialTpmQuotaTokensPerMinute))
        #expect(row.users == String(rate.usersServed))
    }

    /// The two slips that the file names, as this product's figures have them.
    func knownErrors() async throws {
        #expect(facts.knownErrorsInTheSources.count == 2)
        // A month at 16.4 trillion a day is about 500 trillion, and not 50 billion; growth() has the other one.
        let may = try await Self.tokens(asker.shares("all-traffic", "2025-05").row("volcengine").numerator)
        #expect(Quotient(may, 31 * Self.trillion).printed(decimals: 1) == "16.4")
        #expect(Quotient(may * 30, 31 * Self.trillion * 100).printed(decimals: 0) == "5")
    }

    /// What others published, kept as reference totals and compared with the market.
    func comparators() async throws {
        let totals = try await asker.facts("reference-totals")
        let market = try await Self.tokens(asker.shares("idc", "2024").denominator)
        let names = ["google": "google", "aliyun, all revenue": "aliyun-revenue"]
        for comparator in facts.comparators {
            let name = try #require(names[comparator.who])
            let total = try #require(totals.first { $0["name"] == name && $0["period"] == comparator.period })
            let value = try Self.tokens(total["value"] ?? "")
            let published = try #require(comparator.tokensPerMonth ?? comparator.cnyOver)
            #expect(value == UInt128(published), "\(comparator.who) \(comparator.period)")
            if let multiple = comparator.multipleOfChina2024Over { #expect(value > UInt128(multiple) * market) }
            guard comparator.cnyOver != nil else { continue }
            // All revenue holds that of the AI cloud.
            let row = try await asker.shares("omdia-ai-cloud", comparator.period).row("aliyun")
            let revenue = try Hundredths.of(row.numerator)
            #expect(revenue > 0 && revenue < value * 100)
        }
    }

    /// A share of a published total lies in an interval, as wide as that total's last digit.
    func publishedTotals() async throws {
        let row = try await asker.shares("idc-of-published", "2025-H1").row("volcengine")
        #expect(row.sharePercent == "49.200")
        // 264.0564 trillion of 536.65 to 536.75 trillion.
        #expect(row.sharePercentLowest == "49.195" && row.sharePercentHighest == "49.205")
    }
}
