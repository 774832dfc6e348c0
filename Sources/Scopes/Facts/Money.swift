internal import UsageModel

/// An amount of money in a currency.
struct Money: Sendable, Hashable {
    /// In millionths of the currency's unit.
    var millionths: UInt128
    /// ISO 4217.
    var currency: String

    /// Amounts inside of share tables are counted in units of 10^-20 of the currency: fine enough that a price per
    /// million tokens with 6 decimals, converted by a rate with 8, is a whole number of them. Nothing is rounded before
    /// a figure is published.
    static let tableDecimals = 20
    /// Decimals that amounts have before they are converted: a price per million tokens with 6 decimals.
    static let decimalsBeforeRate = tableDecimals - FactSyntax.rateDecimals
    /// Decimals that a published amount is rounded to, half to even.
    static let publishedDecimals = 6
    /// Decimals that are written even where they are zeros.
    static let writtenDecimals = 2
}

/// What tokens are billed by.
package enum TokenType: String, Sendable, CaseIterable {
    case input
    case cachedInput = "cached-input"
    case output
    case reasoningOutput = "reasoning-output"
}

/// A price of the book as it stands there, whenever it holds.
struct Price: Sendable, Hashable {
    /// The record's key: two prices with the same key and terms are one price, and have one allowance.
    var key: NameBytes
    var currency: String
    /// In millionths of the currency's unit.
    var millionths: UInt128
    /// 1,000 or 1,000,000 tokens.
    var per: UInt128
    /// Tokens of each tenant and calendar month that are free.
    var freeTokens: UInt128

    /// What a token costs, in 10^-12 of the currency's unit.
    var perToken: UInt128 { millionths * (1_000_000 / per) }
}

extension ShareTable {
    /// An amount of the table as text: tokens, requests and tenders in digits; money as an exact decimal in the scope's
    /// currency. Every amount of a table is written through this.
    package func text(of amount: Int128) -> String { scope.measure.text(of: amount) }
}
