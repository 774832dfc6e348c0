internal import Foundation
internal import TestHarness
internal import TestSupport
internal import Testing

extension EndToEndTests {
    /// Every figure of the facts file, from a market that is simulated, fed through real collectors, and asked for: one
    /// set of usage and facts, under which everybody is first who said so.
    @Suite struct MarketFactsTests {
        /// Custom scopes that published figures need and that nobody cites as a scope.
        private static let customScopes = [
            "all-traffic-families": """
            id: all-traffic-families
            version: 1
            title: {en: "All traffic at Volcano Engine, by family", zh: "火山引擎全量，按模型系列"}
            citation: "Market facts: Doubao's days without models of others that run beside it"
            measure: tokens
            filters: {kinds: all, providers: [volcengine]}
            entity: family
            aggregate: daily-average
            zone: Asia/Shanghai
            denominator: everything-counted
            precision: 1

            """,
            "maas-value": """
            id: maas-value
            version: 1
            title: {en: "What external tokens on MaaS are worth", zh: "MaaS 外部调用量折算金额"}
            citation: "Market facts: the estimate of the market's value at one price"
            measure: revenue
            currency: CNY
            filters: {kinds: [external-customer], layers: [maas]}
            entity: provider
            aggregate: sum
            zone: Asia/Shanghai
            denominator: everything-counted
            precision: 1

            """,
            "idc-of-published": """
            id: idc-of-published
            version: 1
            title: {en: "IDC, of its published total", zh: "IDC 口径，占其公布总量"}
            citation: "Market facts: shares of the total that IDC published"
            measure: tokens
            filters: {kinds: [external-customer], layers: [maas]}
            entity: provider
            aggregate: sum
            zone: Asia/Shanghai
            denominator: {reference-total: idc-market}
            precision: 3

            """,
        ]

        /// The facts file's top-level keys, each of which is walked below. One more in the file would be left unheld.
        private static let sections: Set<String> = [
            "note", "market_totals_tokens", "shares_percent", "first_places_claimed", "daily_tokens", "growth",
            "inflections", "prices", "price_changes_percent", "market_value_estimate", "rate",
            "known_errors_in_the_sources", "comparators",
        ]

        @Test(.enabled(if: PublishedFigures.isPresent)) func `every published figure comes out`() async throws {
            #expect(try PublishedFigures.sections() == Self.sections)
            let facts = try PublishedFigures.read()
            try await Installation.with("market-facts") { installation in
                let directory = "\(installation.files.directory)/scopes"
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
                for (name, yaml) in Self.customScopes {
                    try yaml.write(toFile: "\(directory)/\(name).yaml", atomically: true, encoding: .utf8)
                }
                let aggregator = try await installation.startAggregator(
                    extra: "scopes:\n  directory: \"\(directory)\"\n")
                let asker = MarketAsker(
                    url: aggregator.queryURL, token: try await installation.database.makeAdminToken(),
                    directory: installation.files.directory)
                try asker.keepToken()
                let feeding = MarketFeeding(installation: installation, aggregator: aggregator, asker: asker)
                let checks = MarketChecks(facts: facts, asker: asker)
                try await feeding.feedUsage()
                try await Self.checkValue(feeding, checks)
                try await feeding.importFacts()
                try await Self.check(checks)
                let tenant = "load-test"
                try await feeding.feedQuota(facts.rate.initialTpmQuotaTokensPerMinute, tenant: tenant)
                try await checks.peak(tenant: tenant)
                try await aggregator.stop()
            }
        }

        /// The estimate at one price: before there is any other, and as it was known then, after it was taken back.
        private static func checkValue(_ feeding: MarketFeeding, _ checks: MarketChecks) async throws {
            try await feeding.importCatalogues()
            let models = try await feeding.asker.facts("models").compactMap { $0["model"] }
            try await feeding.importFlatPrices(checks.facts.marketValueEstimate.pricePerThousandCny, models: models)
            let known = try await checks.marketValue()
            try await feeding.importFlatPrices(nil, models: models)
            try await checks.marketValue(asKnownAt: known)
        }

        private static func check(_ checks: MarketChecks) async throws {
            try await checks.totals()
            try await checks.shares()
            try await checks.firstPlaces()
            try await checks.dailyTokens()
            try await checks.growth()
            try await checks.inflections()
            try await checks.prices()
            try await checks.knownErrors()
            try await checks.comparators()
            try await checks.publishedTotals()
        }
    }
}
