package import UsageModel

/// What revenue is earned with: a layer, or adapting products and projects for single customers.
enum RevenueLayer: Sendable, Hashable {
    case layer(Layer)
    case customisation

    static let names = Layer.allCases.map(\.name) + ["customisation"]

    init?(name: String) {
        if name == "customisation" {
            self = .customisation
        } else if let layer = Layer.allCases.first(where: { $0.name == name }) {
            self = .layer(layer)
        } else {
            return nil
        }
    }

    var name: String {
        switch self {
        case .layer(let layer): layer.name
        case .customisation: "customisation"
        }
    }
}

/// What the catalogue says of a model.
struct CataloguedModel: Sendable, Hashable {
    var developer: String
    var group: String
    var family: String
}

/// What a provider earned in a month with one thing.
struct RevenueFact: Sendable, Hashable {
    var provider: String
    var layer: RevenueLayer
    /// Its first day.
    var month: CalendarDate
    var amount: Money
}

/// The tenders that a provider won in a month.
struct TenderFact: Sendable, Hashable {
    var provider: String
    /// Its first day.
    var month: CalendarDate
    var tenders: UInt128
    var amount: Money
}

/// Tokens of a provider's model that were used on machines of others in a month.
struct DeploymentFact: Sendable, Hashable {
    var provider: String
    var model: String
    /// Its first day.
    var month: CalendarDate
    var tokens: UInt128
}

/// A total that somebody published.
package struct ReferenceTotal: Sendable, Hashable {
    /// What the total counts.
    package enum Unit: Sendable, Hashable {
        /// Whole things, by the word of the measure that counts them.
        case count(of: String)
        /// The same as an average per day.
        case dailyCount(of: String)
        case currency(String)

        /// Every unit that isn't a currency, as the measures have them. Only usage is published by the day.
        private static let counts: [Unit] = Scope.Measure.allCases.flatMap { measure -> [Unit] in
            guard case .count(let word) = measure.unit else { return [] }
            return measure.source == .usage ? [.count(of: word), .dailyCount(of: word)] : [.count(of: word)]
        }

        /// The words of units that aren't currencies.
        package static let words = counts.map(\.text)

        init(_ text: String) {
            self = Self.counts.first { $0.text == text } ?? .currency(text)
        }

        /// The word in files.
        package var text: String {
            switch self {
            case .count(let word): word
            case .dailyCount(let word): "\(word)-per-day"
            case .currency(let code): code
            }
        }

        var isPerDay: Bool {
            switch self {
            case .dailyCount: true
            case .count, .currency: false
            }
        }
    }

    package var name: String
    package var period: Period
    /// The scope that it was published under; may be empty.
    package var scope: String
    /// As published.
    package var value: String
    package var unit: Unit
    /// What the last published digit is worth, in ``unit``.
    package var precision: String
    package var source: String
    /// The day of publication.
    package var asOf: CalendarDate

    /// In millionths of ``unit``.
    var millionths: UInt128
    /// In millionths of ``unit``.
    var precisionMillionths: UInt128
}
