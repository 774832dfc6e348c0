import Foundation
import TestSupport
import Testing

extension PublishedFigures {
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
