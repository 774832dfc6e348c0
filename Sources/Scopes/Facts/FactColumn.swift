internal import UsageModel

/// A column of a facts file: its name, what it is to a record, what may stand in it, and its heading for people.
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

    package let name: String
    package let role: Role
    package let heading: LocalizedText
    let syntax: FactSyntax
    let mayBeEmpty: Bool

    init(
        _ name: String, _ role: Role, syntax: FactSyntax, mayBeEmpty: Bool = false, en: String, zh: String
    ) {
        self.name = name
        self.role = role
        self.syntax = syntax
        self.mayBeEmpty = mayBeEmpty
        heading = LocalizedText(en: en, zh: zh)
    }
}

// Columns that several kinds have.
extension FactColumn {
    static let provider = FactColumn(
        "provider", .key, syntax: .identifier(maxBytes: Limits.maxProviderNameBytes), en: "Provider", zh: "云厂商")
    static let model = FactColumn(
        "model", .key, syntax: .name(maxBytes: Limits.maxModelNameBytes), en: "Model", zh: "模型")
    static let group = FactColumn("group", .value, syntax: FactSyntax.named, en: "Group", zh: "集团")
    static let month = FactColumn("month", .month, syntax: .date, en: "Month", zh: "月份")
    static let effectiveFrom = FactColumn("effective_from", .from, syntax: .date, en: "From", zh: "生效自")
    static let effectiveTo = FactColumn("effective_to", .to, syntax: .date, mayBeEmpty: true, en: "To", zh: "生效至")
    static let reason = FactColumn("reason", .note, syntax: FactSyntax.note, en: "Reason", zh: "依据")
    static let source = FactColumn("source", .note, syntax: FactSyntax.note, en: "Source", zh: "来源")
    static let amount = FactColumn("amount", .value, syntax: FactSyntax.amount, en: "Amount", zh: "金额")
    static let currency = FactColumn("currency", .value, syntax: .currency, en: "Currency", zh: "币种")
}
