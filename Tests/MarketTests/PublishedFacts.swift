import Foundation
import Testing

/// The published figures, read from the facts file beside the project.
struct PublishedFacts: Decodable {
    struct Total: Decodable {
        var period: String
        var scope: String
        var tokens: UInt64
    }

    struct Shares: Decodable {
        var scope: String
        var period: String
        var shares: [String: Double]
        var others: Double?
        var marketTotalCny: UInt64?
        var marketTotalTokensPerDay: UInt64?
        var alsoReported: AlsoReported?
    }

    /// Shares that stand beside their source.
    struct AlsoReported: Decodable {
        var shares: [String: Double]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            shares = [:]
            for key in container.allKeys where key.stringValue != "source" {
                shares[key.stringValue] = try container.decode(Double.self, forKey: key)
            }
        }

        struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }

    struct Daily: Decodable {
        var month: String
        var tokensPerDay: UInt64
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var multipleOf202405: UInt64?
        // swift-format-ignore: AlwaysUseLowerCamelCase
        var growthSince202505PercentOver: UInt64?
    }

    struct Growth: Decodable {
        var exactFromTotalsPercent: Double
    }

    struct Inflection: Decodable {
        var month: String
    }

    struct Price: Decodable {
        var model: String
        var direction: String
        var currency: String
        var perThousandTokens: String
        var effectiveFrom: String?
        var changePercent: Double?
        var previous: String?
    }

    var marketTotalsTokens: [Total]
    var sharesPercent: [Shares]
    var dailyTokens: [Daily]
    var growth: [Growth]
    var inflections: [Inflection]
    var prices: [Price]
    var priceChangesPercent: [String: Double]

    /// The facts file in the folder `shared` beside the project, or beside the traces where a variable names their place.
    static let path: String? = {
        let project = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let beside = project.deletingLastPathComponent().appending(path: "shared")
        let traces = ProcessInfo.processInfo.environment["STEELYARD_SHARED_DATA"].map { URL(filePath: $0) }
        let folder = traces?.deletingLastPathComponent() ?? beside
        let path = folder.appending(path: "market-facts.json").path
        if FileManager.default.fileExists(atPath: path) { return path }
        print("SKIPPED: no \(path): the simulated figures are not held to the published ones")
        return nil
    }()

    static var isThere: Bool { path != nil }

    static func read() throws -> PublishedFacts {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(PublishedFacts.self, from: Data(contentsOf: URL(filePath: #require(path))))
    }

    func total(_ scope: String, _ period: String) throws -> UInt128 {
        UInt128(try #require(marketTotalsTokens.first { $0.scope == scope && $0.period == period }).tokens)
    }

    func shares(_ scope: String, _ period: String) throws -> Shares {
        try #require(sharesPercent.first { $0.scope == scope && $0.period == period })
    }

    func daily(_ month: String) throws -> Daily {
        try #require(dailyTokens.first { $0.month == month })
    }

    /// A percentage as it was printed, with one decimal.
    static func printed(_ percent: Double) -> String { String(format: "%.1f", percent) }
}
