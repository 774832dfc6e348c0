internal import UsageModel

/// What a scope can need beside the counted usage. The names stand in answers.
package enum ScopeFact: String, Sendable, CaseIterable {
    /// Which market each region lies in.
    case regionCatalogue = "region-catalogue"
    /// Who made each model, and its family.
    case modelCatalogue = "model-catalogue"
    /// Which group of companies each provider belongs to.
    case providerCatalogue = "provider-catalogue"
    /// What providers earned, by month and layer, or the prices that their tokens had.
    case revenueRecords = "revenue-records"
    /// The tenders that providers won, by month: their number and amount.
    case tenderRecords = "tender-records"
    /// The tokens that operators of private deployments report.
    case privateDeploymentReports = "private-deployment-reports"
    /// Totals of markets that somebody published.
    case referenceTotals = "reference-totals"

    /// What the fact is, in plain words.
    package var words: LocalizedText {
        switch self {
        case .regionCatalogue:
            LocalizedText(en: "a catalogue that places regions in markets", zh: "区域所属市场目录")
        case .modelCatalogue:
            LocalizedText(en: "a catalogue of models with their developers and families", zh: "模型目录（开发方与系列）")
        case .providerCatalogue:
            LocalizedText(en: "a catalogue of providers with the groups that they belong to", zh: "云厂商所属集团目录")
        case .revenueRecords: LocalizedText(en: "revenue records of the providers or a price book", zh: "各厂商收入记录或价目表")
        case .tenderRecords: LocalizedText(en: "records of the tenders that were won", zh: "中标记录")
        case .privateDeploymentReports:
            LocalizedText(en: "reports from private deployments", zh: "私有化部署上报数据")
        case .referenceTotals: LocalizedText(en: "published reference totals", zh: "已公布的参考总量")
        }
    }

    /// The kinds of facts that it is imported as; any one of them will do.
    package var kinds: [FactKind] {
        switch self {
        case .regionCatalogue: [.regions]
        case .modelCatalogue: [.models]
        case .providerCatalogue: [.providers]
        case .revenueRecords: [.revenue, .prices]
        case .tenderRecords: [.tenders]
        case .privateDeploymentReports: [.privateDeployments]
        case .referenceTotals: [.referenceTotals]
        }
    }
}

extension Scope {
    /// What the scope needs beside the counted usage, in the order of ``ScopeFact``.
    package var requiredFacts: [ScopeFact] {
        var facts: Set<ScopeFact> = []
        for filter in ScopeFilter.all where filter.names(filters) != nil { facts.formUnion(filter.facts) }
        if entity == .family || entity == .developer { facts.insert(.modelCatalogue) }
        if let fact = measure.source.fact { facts.insert(fact) }
        if additions.contains(.customisation) { facts.insert(.revenueRecords) }
        if additions.contains(.privateDeployments) { facts.insert(.privateDeploymentReports) }
        if case .referenceTotal = denominator { facts.insert(.referenceTotals) }
        return ScopeFact.allCases.filter { facts.contains($0) }
    }

    /// The kinds of facts that an answer under the scope reads, rates of currencies among them.
    package var readFacts: Set<FactKind> {
        var kinds = Set(requiredFacts.flatMap(\.kinds))
        if measure.unit == .money { kinds.insert(.rates) }
        return kinds
    }

    /// The same in the order of ``FactKind``, as it stands beside a definition.
    package var imports: [FactKind] { FactKind.allCases.filter(readFacts.contains) }
}

/// A scope was asked for over a period for which facts that it needs aren't there. There is no figure then, rather than
/// a wrong one.
package struct MissingFacts: Error, Sendable, Equatable, CustomStringConvertible {
    /// The word for it in answers.
    package static let code = "missing-facts"

    /// The scope's id.
    package var scope: String
    /// Never empty.
    package var facts: [ScopeFact]
    /// The period that was asked for, as written.
    package var period: String
    /// What exactly isn't there, where the names of the facts don't say enough.
    package var reason: String?

    package init(scope: String, facts: [ScopeFact], period: String, reason: String? = nil) {
        self.scope = scope
        self.facts = facts
        self.period = period
        self.reason = reason
    }

    /// The kinds of facts whose import would help.
    package var kinds: [FactKind] { facts.flatMap(\.kinds) }

    package var description: String {
        let needed = facts.map { fact in
            let commands = fact.kinds.map { "steelyard facts import \($0.rawValue)" }.joined(separator: " or ")
            return "\(fact.words.en) (\(fact.rawValue)): \(commands)"
        }
        return "the scope \(scope) needs facts that aren't there for \(period): " + needed.joined(separator: "; ")
            + (reason.map { "; \($0)" } ?? "")
    }
}

/// Why a scope can't be answered over a period although the facts that it needs are there.
package struct UnanswerableScope: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A currency has no rate for a month.
        case missingRate = "missing-rate"
        /// A fact is kept by month, and the period cuts a month.
        case needsWholeMonths = "needs-whole-months"
        /// An amount leaves 128 bits.
        case tooLarge = "too-large"
    }

    package var code: Code
    /// The scope's id.
    package var scope: String
    /// A whole sentence: what is wrong, and what to do.
    package var description: String

    package init(_ code: Code, scope: String, _ description: String) {
        self.code = code
        self.scope = scope
        self.description = description
    }
}

extension Scope {
    /// Checks that the facts which the scope needs are there for a period.
    ///
    /// - Parameter days: the days of the reporting calendar that the period touches.
    /// - Throws: ``MissingFacts`` for those of which there is nothing at all.
    func requireFacts(in book: FactBook, over period: Period, days: Range<CalendarDate>) throws(MissingFacts) {
        let missing = requiredFacts.filter { !has($0, in: book, over: period, days: days) }
        guard missing.isEmpty else {
            throw MissingFacts(scope: id, facts: missing, period: period.description, reason: reason(missing))
        }
    }

    private func has(_ fact: ScopeFact, in book: FactBook, over period: Period, days: Range<CalendarDate>) -> Bool {
        switch fact {
        case .regionCatalogue: return book.markets.holdsAnything(in: days)
        case .modelCatalogue: return book.models.holdsAnything(in: days)
        case .providerCatalogue: return book.groups.holdsAnything(in: days)
        case .revenueRecords: return hasRevenue(in: book, over: period, days: days)
        case .tenderRecords:
            return book.tenders.contains { filters.includes(provider: $0.provider) && period.touches($0.month) }
        case .privateDeploymentReports:
            return book.deployments.contains { filters.includes(provider: $0.provider) && period.touches($0.month) }
        case .referenceTotals:
            guard case .referenceTotal(let name) = denominator else { return true }
            return book.referenceTotal(name, for: period).map { measures($0.unit) } ?? false
        }
    }

    /// Customisation is nothing that a price book could give; everything else may come from records or from prices.
    private func hasRevenue(in book: FactBook, over period: Period, days: Range<CalendarDate>) -> Bool {
        let records = book.revenue.filter { filters.includes(provider: $0.provider) && period.touches($0.month) }
        if additions.contains(.customisation), !records.contains(where: { $0.layer == .customisation }) { return false }
        guard measure.source == .revenue else { return true }
        if readsImportedRevenue, records.contains(where: { counts($0.layer) }) { return true }
        return book.prices.holdsAnything(in: days)
    }

    /// Whether a revenue record's layer is one that the scope counts among its layers.
    func counts(_ layer: RevenueLayer) -> Bool {
        switch layer {
        case .layer(let layer): filters.layers?.contains(layer) ?? true
        case .customisation: additions.contains(.customisation)
        }
    }

    /// Whether imported revenue answers the scope: it is told apart by provider, month and layer, and by nothing else.
    var readsImportedRevenue: Bool {
        measure.source == .revenue && entity == .provider
            && ScopeFilter.all.allSatisfy { $0.appliesToRevenueRecords || $0.names(filters) == nil }
    }

    private func reason(_ missing: [ScopeFact]) -> String? {
        if missing.contains(.referenceTotals), case .referenceTotal(let name) = denominator {
            return "the total \(name) must be there for exactly this period, in \(publishedUnit)"
        }
        guard missing.contains(.revenueRecords) else { return nil }
        if additions.contains(.customisation) { return "revenue of the layer customisation must be among it" }
        return measure.source == .revenue && !readsImportedRevenue
            ? "revenue records aren't told apart by what this scope asks for, so that it is answered from prices" : nil
    }
}

extension Period {
    /// Whether some day of a month, given by its first day, belongs to the period.
    func touches(_ month: CalendarDate) -> Bool {
        let month = Period.month(of: month)
        return month.from < to && from < month.to
    }

    /// Whether all days of a month, given by its first day, belong to the period.
    func holds(_ month: CalendarDate) -> Bool {
        let month = Period.month(of: month)
        return from <= month.from && month.to <= to
    }
}
