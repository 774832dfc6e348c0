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
        if filters.markets != nil { facts.insert(.regionCatalogue) }
        if filters.origins != nil { facts.formUnion([.modelCatalogue, .providerCatalogue]) }
        if entity == .family || entity == .developer { facts.insert(.modelCatalogue) }
        if measure == .revenue || additions.contains(.customisation) { facts.insert(.revenueRecords) }
        if measure.isTenders { facts.insert(.tenderRecords) }
        if additions.contains(.privateDeployments) { facts.insert(.privateDeploymentReports) }
        if case .referenceTotal = denominator { facts.insert(.referenceTotals) }
        return ScopeFact.allCases.filter { facts.contains($0) }
    }

    /// The kinds of facts that an answer under the scope reads, rates of currencies among them.
    package var readFacts: Set<FactKind> {
        var kinds = Set(requiredFacts.flatMap(\.kinds))
        if measure.isMoney { kinds.insert(.rates) }
        return kinds
    }

    /// The same in the order of ``FactKind``, as it stands beside a definition.
    package var imports: [FactKind] { FactKind.allCases.filter(readFacts.contains) }
}

/// A scope was asked for over a period for which facts that it needs aren't there. There is no figure then, rather than a
/// wrong one.
package struct MissingFacts: Error, Sendable, Equatable, CustomStringConvertible {
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
