internal import TestSupport
internal import Testing

/// Holds an installation's answers to the published figures, each to the precision that it was published with.
struct MarketChecks {
    let facts: PublishedFigures
    let asker: MarketAsker

    static let billion: UInt128 = 1_000_000_000
    static let trillion: UInt128 = 1_000_000_000_000
}

extension MarketChecks {
    func totals() async throws {
        for total in facts.marketTotalsTokens {
            let table = try await asker.shares(total.scope, total.period)
            #expect(table.denominator == String(total.tokens), "\(total.scope) \(total.period)")
        }
        // IDC's narrower reading of 2024 comes to the same then, and leaves overseas out later.
        let published = try #require(facts.marketTotalsTokens.first { $0.period == "2024" })
        let narrow = try await asker.shares("idc-2024", "2024")
        #expect(narrow.denominator == String(published.tokens))
        let later = try await Self.tokens(asker.shares("idc-2024", "2025-H1").denominator)
        let wide = try await Self.tokens(asker.shares("idc", "2025-H1").denominator)
        #expect(later > 0 && later < wide)
    }

    /// A count as answers write it.
    static func tokens(_ digits: String) throws -> UInt128 {
        try #require(UInt128(digits), "'\(digits)' is no count")
    }

    func shares() async throws {
        for published in facts.sharesPercent {
            let table = try await asker.shares(published.scope, published.period)
            let named = published.shares.merging(published.alsoReported?.shares ?? [:]) { first, _ in first }
            for (name, percent) in named {
                // `qwen (alibaba)` is the family qwen.
                let row = try table.row(String(name.prefix { $0 != " " }))
                #expect(
                    row.sharePercent == percent.asPublished, "\(published.scope) \(published.period) \(name)")
            }
            try others(published, table)
            try marketTotal(published, table)
        }
    }

    /// What the named ones leave.
    private func others(_ published: PublishedFigures.Shares, _ table: MarketAnswers.Shares) throws {
        guard let percent = published.others else { return }
        var rest: UInt128 = 0
        for row in table.rows where published.shares[row.entity] == nil { rest += try Self.tokens(row.numerator) }
        let whole = try Self.tokens(table.denominator)
        #expect(Quotient(rest * 100, whole).printed(decimals: 1) == percent.asPublished, "\(published.scope): others")
    }

    /// The market's size, where it stands beside the shares.
    private func marketTotal(_ published: PublishedFigures.Shares, _ table: MarketAnswers.Shares) throws {
        if let yuan = published.marketTotalCny {
            let market = try Hundredths.of(table.denominator)
            #expect(market == UInt128(yuan) * 100, "\(published.scope): market in CNY")
        }
        if let perDay = published.marketTotalTokensPerDay {
            // The half year has 181 days.
            #expect(table.denominator == String(perDay * 181), "\(published.scope): market per day")
        }
    }

    /// Doubao's days, as those of the provider that serves it and as those of its family.
    func dailyTokens() async throws {
        for (scope, entity) in [("all-traffic", "volcengine"), ("all-traffic-families", "doubao")] {
            let first = try await daily(scope, entity, "2024-05")
            for published in facts.dailyTokens {
                #expect(published.who == "doubao, all traffic")
                // Volcano Engine said of July 2024 what the file has as "after the price cut".
                let month = published.month == "2024 after the price cut" ? "2024-07" : published.month
                let value = try await daily(scope, entity, month)
                let expected = UInt128(published.tokensPerDay)
                let (unit, decimals) = Self.precision(of: expected)
                let printed = Quotient(value.numerator, value.denominator * unit).printed(decimals: decimals)
                #expect(printed == Quotient(expected, unit).printed(decimals: decimals), "\(scope) \(month)")
                if let multiple = published.multipleOf202405 {
                    let times = Quotient(value.numerator * first.denominator, value.denominator * first.numerator)
                    #expect(times.printed(decimals: 0) == String(multiple), "\(scope) \(month)")
                }
                if let over = published.growthSince202505PercentOver {
                    let may = try await daily(scope, entity, "2025-05")
                    let least = may.numerator * value.denominator * UInt128(100 + over)
                    #expect(value.numerator * may.denominator * 100 > least, "\(scope) \(month)")
                }
            }
        }
    }

    /// 120 and 500 billion and 30 trillion were printed without decimals, 16.4 trillion with one.
    private static func precision(of tokens: UInt128) -> (unit: UInt128, decimals: Int) {
        tokens < trillion ? (billion, 0) : (trillion, tokens.isMultiple(of: trillion) ? 0 : 1)
    }

    private func daily(_ scope: String, _ entity: String, _ month: String) async throws -> Quotient {
        let row = try await asker.shares(scope, month).row(entity)
        let days: [String: UInt128] = ["2024-05": 31, "2024-07": 31, "2025-05": 31, "2025-09": 30]
        return Quotient(try Self.tokens(row.numerator), try #require(days[month]))
    }

    func growth() async throws {
        for published in facts.growth {
            let (from, to) = (published.from.period, published.to.period)
            let answer: MarketAnswers.Growth = try await asker.get(
                "/v1/growth?scope=\(published.scope)&from-period=\(from)&to-period=\(to)")
            let market = try #require(answer.rows.first { $0.entity == nil })
            let (before, after) = (try Self.tokens(market.fromAmount), try Self.tokens(market.toAmount))
            let exact = Quotient((after - before) * 100, before).printed(decimals: 2)
            #expect(exact == published.exactFromTotalsPercent.asPublished)
            // The press made "nearly 400 %" of it, and compared a half year with a year: the answer warns of that.
            #expect(market.percent?.hasSuffix("370.0") == true && published.percentAbout == 400)
            #expect(answer.warning != nil)
        }
    }

    func inflections() async throws {
        let trend: MarketAnswers.Trend = try await asker.get(
            "/v1/trend?scope=idc&from=2024-01-01&to=2025-10-01&by=month")
        let points = try #require(trend.series.first).points
        #expect(points.count == 21)
        let found = points.filter { $0.inflection != nil }
        #expect(found.compactMap(\.period.name) == facts.inflections.map(\.month))
        #expect(found.allSatisfy { $0.inflection?.status == "confirmed" })
        // What they are put down to stands beside them.
        #expect(trend.events.contains { $0.date.hasPrefix("2024-05") })
        #expect(trend.events.contains { $0.date.hasPrefix("2025-01") || $0.date.hasPrefix("2025-02") })
    }
}
