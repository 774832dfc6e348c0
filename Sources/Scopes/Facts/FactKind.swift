internal import UsageModel

/// A kind of facts. Raw values name it in commands, routes and the database; `docs/facts.md` describes the files.
///
/// What a kind is, its ``definition`` says: files, tables, imports, history, answers and commands read it from there.
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
    /// The tenant registry: what each tenant is to its provider.
    case tenants

    package var definition: FactDefinition {
        switch self {
        case .providers: .providers
        case .models: .models
        case .regions: .regions
        case .revenue: .revenue
        case .tenders: .tenders
        case .privateDeployments: .privateDeployments
        case .referenceTotals: .referenceTotals
        case .prices: .prices
        case .rates: .rates
        case .tenants: .tenants
        }
    }

    /// The kinds that are the whole market's, so that only callers who aren't bound to a provider may read them: all
    /// but the registry, which has routes, a command and permissions of its own.
    package static let marketKinds = allCases.filter { $0 != .tenants }

    /// How the reason or source of a retraction begins. The second is how exports of earlier versions have it.
    package static let retractionWords = ["retracted", "taken back"]
}

/// What a kind of facts is.
package struct FactDefinition: Sendable {
    /// The columns of a file, in the order in which an export has them.
    package let columns: [FactColumn]
    /// The columns of ``FactRecord/subject``.
    package let subjectColumns: [FactColumn]
    /// The columns of ``FactRecord/content``.
    package let contentColumns: [FactColumn]
    /// Whether a record with empty values may say that nothing holds any more. Without it some value always says so.
    let canBeRetracted: Bool
    /// What is wrong with a record whose cells are right one by one.
    let objection: @Sendable (FactRecord) -> FactObjection?
    /// How records about different keys can exclude each other; `nil` where they can't.
    package let exclusion: FactExclusion?
    /// Where a record keeps the cell of each column.
    let places: [String: FactRecord.Place]

    private init(
        _ columns: [FactColumn], canBeRetracted: Bool = true, exclusion: FactExclusion? = nil,
        objection: @escaping @Sendable (FactRecord) -> FactObjection? = { _ in nil }
    ) {
        self.columns = columns
        self.canBeRetracted = canBeRetracted
        self.objection = objection
        self.exclusion = exclusion
        let (subject, content) = (columns.filter(\.role.isSubject), columns.filter(\.role.isContent))
        (subjectColumns, contentColumns) = (subject, content)
        var places: [String: FactRecord.Place] = [:]
        for (index, column) in subject.enumerated() { places[column.name] = .subject(index) }
        for (index, column) in content.enumerated() { places[column.name] = .content(index) }
        for column in columns {
            switch column.role {
            case .from: places[column.name] = .from
            case .to: places[column.name] = .to
            case .month: places[column.name] = .month
            case .key, .period, .value, .note: break
            }
        }
        self.places = places
    }
}

extension FactColumn.Role {
    fileprivate var isSubject: Bool { self == .key || self == .period }
    fileprivate var isContent: Bool { self == .value || self == .note }
}

/// What is wrong with a record whose cells are right one by one.
struct FactObjection: Error, Equatable {
    var column: String
    var message: String
}

/// A rule by which records about different keys can't hold on the same day, such as prices whose context lengths
/// overlap.
package struct FactExclusion: Sendable {
    /// Only records that have this many first key columns in common can exclude each other.
    package let sharedColumns: Int
    /// The column under which a file's mistake is reported.
    let column: String
    /// What overlaps, as a message says it.
    let overlapping: String
    /// What a record takes up: two that share those columns and overlap here can't hold on the same day.
    let range: @Sendable (FactRecord) -> Range<UInt64>
}

// MARK: The kinds

extension FactDefinition {
    fileprivate static let providers = FactDefinition([.provider, .group, .effectiveFrom, .effectiveTo, .reason])

    fileprivate static let models = FactDefinition([
        .model, FactColumn("developer", .value, syntax: FactSyntax.named, en: "Developer", zh: "开发方"), .group,
        FactColumn("family", .value, syntax: FactSyntax.named, en: "Family", zh: "系列"),
        FactColumn("weights", .value, syntax: .word(["open", "closed"]), mayBeEmpty: true, en: "Weights", zh: "权重"),
        FactColumn("tier", .value, syntax: .word(["flagship", "light"]), mayBeEmpty: true, en: "Tier", zh: "档位"),
        .effectiveFrom, .effectiveTo, .reason,
    ])

    fileprivate static let regions = FactDefinition([
        .provider,
        FactColumn(
            "region", .key, syntax: .name(maxBytes: Limits.maxRegionNameBytes), mayBeEmpty: true, en: "Region", zh: "地域"
        ),
        FactColumn("market", .value, syntax: .word(ServedMarket.allCases.map(\.rawValue)), en: "Market", zh: "市场"),
        .effectiveFrom, .effectiveTo, .reason,
    ])

    fileprivate static let revenue = FactDefinition([
        .provider, .month, FactColumn("layer", .key, syntax: .word(RevenueLayer.names), en: "Layer", zh: "层级"), .amount,
        .currency, .source,
    ])

    fileprivate static let tenders = FactDefinition([
        .provider, .month, FactColumn("tenders", .value, syntax: .count(maxDigits: 9), en: "Tenders", zh: "中标数"),
        .amount,
        .currency, .source,
    ])

    fileprivate static let privateDeployments = FactDefinition([
        .provider, .model, .month,
        FactColumn("tokens", .value, syntax: .count(maxDigits: FactSyntax.maxCountDigits), en: "Tokens", zh: "Token 数"),
        .source,
    ])

    fileprivate static let referenceTotals = FactDefinition(
        [
            FactColumn("name", .key, syntax: FactSyntax.named, en: "Name", zh: "名称"),
            FactColumn("period", .period, syntax: FactSyntax.note, en: "Period", zh: "期间"),
            FactColumn(
                "scope", .value, syntax: .identifier(maxBytes: Scope.maxIdentifierBytes), mayBeEmpty: true, en: "Scope",
                zh: "口径"),
            FactColumn("value", .value, syntax: FactSyntax.total, en: "Value", zh: "数值"),
            FactColumn("unit", .value, syntax: .unit, en: "Unit", zh: "单位"),
            FactColumn("precision", .value, syntax: FactSyntax.total, en: "Precision", zh: "精度"), .source,
            FactColumn("as_of", .value, syntax: .date, en: "As of", zh: "发布日期"),
        ],
        objection: { record in
            guard !record.isRetraction, !FactSyntax.isCurrency(record["unit"]) else { return nil }
            let broken = ["value", "precision"].first { record[$0].contains(".") }
            return broken.map { FactObjection(column: $0, message: "is a count: write a whole number") }
        })

    fileprivate static let prices = FactDefinition(
        [
            .provider, .model,
            FactColumn(
                "workload", .key, syntax: .word(Workload.allCases.map(\.name)), mayBeEmpty: true, en: "Workload",
                zh: "负载"),
            FactColumn(
                "token_type", .key, syntax: .word(TokenType.allCases.map(\.rawValue)), en: "Token type",
                zh: "Token 类型"),
            FactColumn(
                "context_from", .key, syntax: .count(maxDigits: 12, zeroIsEmpty: true), mayBeEmpty: true,
                en: "Context from",
                zh: "上下文自"),
            FactColumn(
                "context_to", .key, syntax: .count(maxDigits: 12), mayBeEmpty: true, en: "Context to", zh: "上下文至"),
            .currency, FactColumn("price", .value, syntax: FactSyntax.price, en: "Price", zh: "单价"),
            FactColumn("per", .value, syntax: .word(["1000", "1000000"]), en: "Per", zh: "计价单位"),
            FactColumn(
                "free_tokens", .value, syntax: .count(maxDigits: 18, zeroIsEmpty: true), mayBeEmpty: true,
                en: "Free tokens",
                zh: "免费额度"),
            .effectiveFrom, .effectiveTo, .reason,
        ],
        exclusion: FactExclusion(
            sharedColumns: 4, column: "context_from", overlapping: "context lengths",
            range: { $0.contextLengths }),
        objection: { record in
            guard record.contextLengths.isEmpty else { return nil }
            return FactObjection(
                column: "context_to",
                message: "does not come after context_from: it is the first length that the price isn't for")
        })

    fileprivate static let rates = FactDefinition(
        [
            .month, FactColumn("from_currency", .key, syntax: .currency, en: "From currency", zh: "原币种"),
            FactColumn("to_currency", .key, syntax: .currency, en: "To currency", zh: "目标币种"),
            FactColumn("rate", .value, syntax: FactSyntax.rate, en: "Rate", zh: "汇率"), .source,
        ],
        objection: { record in
            guard record["from_currency"] == record["to_currency"] else { return nil }
            return FactObjection(column: "to_currency", message: "is the same currency: a rate is between two")
        })

    /// `unclassified` says of a tenant what a retraction says of other things.
    fileprivate static let tenants = FactDefinition(
        [
            .provider,
            FactColumn("tenant", .key, syntax: .name(maxBytes: Limits.maxTenantNameBytes), en: "Tenant", zh: "租户"),
            FactColumn("kind", .value, syntax: .word(TenantKind.allCases.map(\.name)), en: "Kind", zh: "租户类型"),
            FactColumn(
                "legal_entity", .value, syntax: .text(maxBytes: FactSyntax.maxLegalEntityBytes), mayBeEmpty: true,
                en: "Legal entity", zh: "法律主体"),
            .effectiveFrom, .effectiveTo, .reason,
        ], canBeRetracted: false)
}

extension FactRecord {
    /// The lengths that a price is for, in tokens of context.
    fileprivate var contextLengths: Range<UInt64> {
        let from = UInt64(self["context_from"]) ?? 0
        let to = UInt64(self["context_to"]) ?? .max
        return from..<max(from, to)
    }
}
