internal import UsageModel

/// A kind of facts beside tokens. Raw values name it in commands, routes and the database; `docs/facts.md` describes
/// the files.
package enum FactKind: String, Sendable, CaseIterable {
    /// Which group of companies a platform belongs to.
    case providers
    /// Who made a model.
    case models
    /// Which market a provider's region lies in.
    case regions
    /// What a provider earned in a month.
    case revenue
    /// The tenders that a provider won in a month.
    case tenders
    /// Tokens of open models that their operators run themselves.
    case privateDeployments = "private-deployments"
    /// Totals that somebody published.
    case referenceTotals = "reference-totals"
    /// The price book.
    case prices
    /// What a currency was worth in another in a month.
    case rates

    /// The columns of a file, in the order in which an export has them.
    package var columns: [FactColumn] {
        switch self {
        case .providers: FactColumn.providers
        case .models: FactColumn.models
        case .regions: FactColumn.regions
        case .revenue: FactColumn.revenue
        case .tenders: FactColumn.tenders
        case .privateDeployments: FactColumn.privateDeployments
        case .referenceTotals: FactColumn.referenceTotals
        case .prices: FactColumn.prices
        case .rates: FactColumn.rates
        }
    }

    /// How the reason or source of a record begins that takes back what was said.
    package static let takenBack = "taken back"

    /// Columns that an export adds, and that an import doesn't read: it is recorded when it happens, by whoever does
    /// it.
    package static let recordColumns = ["recorded_at", "recorded_by"]
}

/// A column of a facts file.
package struct FactColumn: Sendable, Hashable {
    /// What a column is to a record.
    package enum Role: Sendable, Hashable {
        /// Part of what the record is about.
        case key
        /// Part of what it says.
        case value
        /// Why it says so; needed, and no value.
        case note
        /// The first day that counts.
        case from
        /// The first day that doesn't, or empty.
        case to
        /// The month that it is about.
        case month
        /// The period that it is about, which is part of the key as well.
        case period
    }

    package var name: String
    package var role: Role
    var syntax: FactSyntax
    var mayBeEmpty: Bool

    private init(_ name: String, _ role: Role, _ syntax: FactSyntax, mayBeEmpty: Bool = false) {
        self.name = name
        self.role = role
        self.syntax = syntax
        self.mayBeEmpty = mayBeEmpty
    }

    private static let provider = FactColumn("provider", .key, .identifier(maxBytes: Limits.maxProviderNameBytes))
    private static let model = FactColumn("model", .key, .name(maxBytes: Limits.maxModelNameBytes))
    private static let group = FactColumn("group", .value, FactSyntax.named)
    private static let month = FactColumn("month", .month, .date)
    private static let days = [
        FactColumn("effective_from", .from, .date), FactColumn("effective_to", .to, .date, mayBeEmpty: true),
    ]
    private static let reason = FactColumn("reason", .note, .text)
    private static let source = FactColumn("source", .note, .text)
    private static let amount = FactColumn("amount", .value, FactSyntax.amount)
    private static let currency = FactColumn("currency", .value, .currency)

    fileprivate static let providers = [provider, group] + days + [reason]
    fileprivate static let models =
        [
            model, FactColumn("developer", .value, FactSyntax.named), group,
            FactColumn("family", .value, FactSyntax.named),
            FactColumn("weights", .value, .word(["open", "closed"]), mayBeEmpty: true),
            FactColumn("tier", .value, .word(["flagship", "light"]), mayBeEmpty: true),
        ] + days + [reason]
    fileprivate static let regions =
        [
            provider, FactColumn("region", .key, .name(maxBytes: Limits.maxRegionNameBytes), mayBeEmpty: true),
            FactColumn("market", .value, .word(ServedMarket.allCases.map(\.rawValue))),
        ] + days + [reason]
    fileprivate static let revenue = [
        provider, month, FactColumn("layer", .key, .word(RevenueLayer.names)), amount, currency, source,
    ]
    fileprivate static let tenders = [
        provider, month, FactColumn("tenders", .value, .count(maxDigits: 9)), amount, currency, source,
    ]
    fileprivate static let privateDeployments = [
        provider, model, month, FactColumn("tokens", .value, .count(maxDigits: FactSyntax.maxCountDigits)), source,
    ]
    fileprivate static let referenceTotals = [
        FactColumn("name", .key, FactSyntax.named), FactColumn("period", .period, .text),
        FactColumn("scope", .value, .identifier(maxBytes: Scope.maxIdentifierBytes), mayBeEmpty: true),
        FactColumn("value", .value, FactSyntax.total), FactColumn("unit", .value, .unit),
        FactColumn("precision", .value, FactSyntax.total), source, FactColumn("as_of", .value, .date),
    ]
    fileprivate static let prices =
        [
            provider, model,
            FactColumn("workload", .key, .word(Workload.allCases.map(\.name)), mayBeEmpty: true),
            FactColumn("token_type", .key, .word(TokenType.allCases.map(\.rawValue))),
            FactColumn("context_from", .key, .count(maxDigits: 12, zeroIsEmpty: true), mayBeEmpty: true),
            FactColumn("context_to", .key, .count(maxDigits: 12), mayBeEmpty: true), currency,
            FactColumn("price", .value, FactSyntax.price),
            FactColumn("per", .value, .word(["1000", "1000000"])),
            FactColumn("free_tokens", .value, .count(maxDigits: 18, zeroIsEmpty: true), mayBeEmpty: true),
        ] + days + [reason]
    fileprivate static let rates = [
        month, FactColumn("from_currency", .key, .currency), FactColumn("to_currency", .key, .currency),
        FactColumn("rate", .value, FactSyntax.rate), source,
    ]
}
