internal import Foundation
internal import Testing

/// The facts file beside the project: what was published of the market, and what the system is held to.
struct PublishedFigures: Decodable, Sendable {
    struct Total: Decodable, Sendable {
        var period: String
        var scope: String
        var tokens: UInt64
    }

    struct Shares: Decodable, Sendable {
        var scope: String
        var period: String
        var entity: String
        var shares: [String: Double]
        var others: Double?
        var marketTotalCny: UInt64?
        var marketTotalTokensPerDay: UInt64?
        var alsoReported: AlsoReported?
    }

    /// Shares that stand beside their source in one map.
    struct AlsoReported: Decodable, Sendable {
        var shares: [String: Double] = [:]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for key in container.allKeys where key.stringValue != "source" {
                shares[key.stringValue] = try container.decode(Double.self, forKey: key)
            }
        }

        private struct Name: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }

    struct FirstPlace: Decodable, Sendable {
        var claimant: String
        var scope: String
    }

    struct Daily: Decodable, Sendable {
        var who: String
        var month: String
        var tokensPerDay: UInt64
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var multipleOf202405: UInt64?
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var growthSince202505PercentOver: UInt64?
    }

    struct Growth: Decodable, Sendable {
        struct End: Decodable, Sendable {
            var period: String
        }
        var from: End
        var to: End
        var scope: String
        var percentAbout: Double
        var exactFromTotalsPercent: Double
    }

    struct Inflection: Decodable, Sendable {
        var month: String
    }

    struct Price: Decodable, Sendable {
        var model: String
        var direction: String
        var currency: String
        var perThousandTokens: String
        var effectiveFrom: String?
        var changePercent: Double?
        var previous: String?
    }

    struct Estimate: Decodable, Sendable {
        var tokensForHalfYear: UInt64
        var pricePerThousandCny: String
        var fullYearCnyFrom: UInt64
        var fullYearCnyTo: UInt64
        /// The whole sum, which ends with its result: `… = 536,700,000 CNY`.
        var arithmetic: String
    }

    struct Rate: Decodable, Sendable {
        var initialTpmQuotaTokensPerMinute: UInt64
        var tokensPerUserMinute: UInt64
        var usersServed: UInt64
    }

    struct Comparator: Decodable, Sendable {
        var who: String
        var period: String
        var tokensPerMonth: UInt64?
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var multipleOfChina2024Over: UInt64?
        var cnyOver: UInt64?
    }

    var marketTotalsTokens: [Total]
    var sharesPercent: [Shares]
    var firstPlacesClaimed: [FirstPlace]
    var dailyTokens: [Daily]
    var growth: [Growth]
    var inflections: [Inflection]
    var prices: [Price]
    var priceChangesPercent: [String: Double]
    var marketValueEstimate: Estimate
    var rate: Rate
    var knownErrorsInTheSources: [String]
    var comparators: [Comparator]

    /// The top-level keys that the suite walks. One more in the file fails it: a figure would be left unheld.
    static let sections: Set<String> = [
        "note", "market_totals_tokens", "shares_percent", "first_places_claimed", "daily_tokens", "growth",
        "inflections", "prices", "price_changes_percent", "market_value_estimate", "rate",
        "known_errors_in_the_sources", "comparators",
    ]

    /// The file in the folder `shared` beside the project, or beside the traces where a variable names their place.
    static let path: String? = {
        let beside = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("../shared/market-facts.json").standardizedFileURL.path
        let besideTraces = ProcessInfo.processInfo.environment["STEELYARD_SHARED_DATA"].map {
            URL(fileURLWithPath: $0).deletingLastPathComponent().appendingPathComponent("market-facts.json").path
        }
        let found = [besideTraces, beside].compactMap(\.self).first { FileManager.default.fileExists(atPath: $0) }
        if found == nil {
            print(
                "SKIPPED: no ../shared/market-facts.json beside the package: nothing is held to the published figures")
        }
        return found
    }()

    static var isPresent: Bool { path != nil }

    static func read() throws -> PublishedFigures {
        let data = try Data(contentsOf: URL(fileURLWithPath: #require(path)))
        let keys = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
        #expect(Set(keys) == sections, "the facts file has sections that nothing here walks, or lacks some")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(PublishedFigures.self, from: data)
    }
}
