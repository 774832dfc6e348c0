internal import Foundation

/// The facts file beside the project: what was published of the market, and what the system is held to.
package struct PublishedFigures: Decodable, Sendable {
    package struct Total: Decodable, Sendable {
        package var period: String
        package var scope: String
        package var tokens: UInt64
    }

    package struct Shares: Decodable, Sendable {
        package var scope: String
        package var period: String
        package var entity: String
        package var shares: [String: Double]
        package var others: Double?
        package var marketTotalCny: UInt64?
        package var marketTotalTokensPerDay: UInt64?
        package var alsoReported: AlsoReported?
    }

    /// Shares that stand beside their source in one map.
    package struct AlsoReported: Decodable, Sendable {
        package var shares: [String: Double] = [:]

        package init(from decoder: any Decoder) throws {
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

    package struct FirstPlace: Decodable, Sendable {
        package var claimant: String
        package var scope: String
    }

    package struct Daily: Decodable, Sendable {
        package var who: String
        package var month: String
        package var tokensPerDay: UInt64
        // swift-format-ignore: AlwaysUseLowerCamelCase
        package var multipleOf202405: UInt64?
        // swift-format-ignore: AlwaysUseLowerCamelCase
        package var growthSince202505PercentOver: UInt64?
    }

    package struct Growth: Decodable, Sendable {
        package struct End: Decodable, Sendable {
            package var period: String
        }
        package var from: End
        package var to: End
        package var scope: String
        package var percentAbout: Double
        package var exactFromTotalsPercent: Double
    }

    package struct Inflection: Decodable, Sendable {
        package var month: String
    }

    package struct Price: Decodable, Sendable {
        package var model: String
        package var direction: String
        package var currency: String
        package var perThousandTokens: String
        package var effectiveFrom: String?
        package var changePercent: Double?
        package var previous: String?
    }

    package struct Estimate: Decodable, Sendable {
        package var tokensForHalfYear: UInt64
        package var pricePerThousandCny: String
        package var fullYearCnyFrom: UInt64
        package var fullYearCnyTo: UInt64
        /// The whole sum, which ends with its result: `… = 536,700,000 CNY`.
        package var arithmetic: String
    }

    package struct Rate: Decodable, Sendable {
        package var initialTpmQuotaTokensPerMinute: UInt64
        package var tokensPerUserMinute: UInt64
        package var usersServed: UInt64
    }

    package struct Comparator: Decodable, Sendable {
        package var who: String
        package var period: String
        package var tokensPerMonth: UInt64?
        // swift-format-ignore: AlwaysUseLowerCamelCase
        package var multipleOfChina2024Over: UInt64?
        package var cnyOver: UInt64?
    }

    package var marketTotalsTokens: [Total]
    package var sharesPercent: [Shares]
    package var firstPlacesClaimed: [FirstPlace]
    package var dailyTokens: [Daily]
    package var growth: [Growth]
    package var inflections: [Inflection]
    package var prices: [Price]
    package var priceChangesPercent: [String: Double]
    package var marketValueEstimate: Estimate
    package var rate: Rate
    package var knownErrorsInTheSources: [String]
    package var comparators: [Comparator]

    /// The file in the directory `shared` beside the project, or beside the traces where a variable names their place.
    package static let path: String? = {
        let beside = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("../shared/market-facts.json").standardizedFileURL.path
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

    /// For `.enabled(if:)` of tests.
    package static var isPresent: Bool { path != nil }

    package static func read() throws -> PublishedFigures {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(PublishedFigures.self, from: try content())
    }

    /// The file's top-level keys.
    package static func sections() throws -> Set<String> {
        Set((try JSONSerialization.jsonObject(with: try content()) as? [String: Any] ?? [:]).keys)
    }

    private static func content() throws -> Data {
        guard let path else { throw CocoaError(.fileNoSuchFile) }
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }
}
