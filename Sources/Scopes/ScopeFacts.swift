/// What a scope can need beside the counted usage. The names stand in answers.
package enum ScopeFact: String, Sendable, CaseIterable {
    /// Which market each region lies in.
    case regionCatalogue = "region-catalogue"
    /// Who made each model, and its family.
    case modelCatalogue = "model-catalogue"
    /// What providers earned, by month and layer.
    case revenueRecords = "revenue-records"
    /// The tenders that providers won, by month: their number and amount.
    case tenderRecords = "tender-records"
    /// The tokens that operators of private deployments report.
    case privateDeploymentReports = "private-deployment-reports"
    /// Totals of markets that somebody published.
    case referenceTotals = "reference-totals"

    /// The facts that Steelyard keeps. A scope that needs another one is explained, but not answered.
    package static let kept: Set<ScopeFact> = []

    /// What the fact is, in plain words.
    package var words: LocalizedText {
        switch self {
        case .regionCatalogue:
            LocalizedText(en: "a catalogue that places regions in markets", zh: "区域所属市场目录")
        case .modelCatalogue:
            LocalizedText(en: "a catalogue of models with their developers and families", zh: "模型目录（开发方与系列）")
        case .revenueRecords: LocalizedText(en: "revenue records of the providers", zh: "各厂商收入记录")
        case .tenderRecords: LocalizedText(en: "records of the tenders that were won", zh: "中标记录")
        case .privateDeploymentReports:
            LocalizedText(en: "reports from private deployments", zh: "私有化部署上报数据")
        case .referenceTotals: LocalizedText(en: "published reference totals", zh: "已公布的参考总量")
        }
    }
}

extension Scope {
    /// What the scope needs beside the counted usage, in the order of ``ScopeFact``.
    package var requiredFacts: [ScopeFact] {
        var facts: Set<ScopeFact> = []
        if filters.markets != nil { facts.insert(.regionCatalogue) }
        if filters.origins != nil || entity == .family || entity == .developer { facts.insert(.modelCatalogue) }
        if measure == .revenue || additions.contains(.customisation) { facts.insert(.revenueRecords) }
        if measure.isTenders { facts.insert(.tenderRecords) }
        if additions.contains(.privateDeployments) { facts.insert(.privateDeploymentReports) }
        if case .referenceTotal = denominator { facts.insert(.referenceTotals) }
        return ScopeFact.allCases.filter { facts.contains($0) }
    }

    /// What of ``requiredFacts`` Steelyard doesn't keep. Empty: the scope can be answered.
    package var missingFacts: [ScopeFact] { requiredFacts.filter { !ScopeFact.kept.contains($0) } }

    /// - Throws: ``MissingFacts`` where the scope can't be answered.
    package func requireFacts() throws(MissingFacts) {
        let missing = missingFacts
        guard missing.isEmpty else { throw MissingFacts(scope: id, facts: missing) }
    }
}

/// A scope was asked for that needs facts which Steelyard doesn't keep. There is no figure then, rather than a wrong one.
package struct MissingFacts: Error, Sendable, Equatable, CustomStringConvertible {
    /// The scope's id.
    package var scope: String
    /// Never empty.
    package var facts: [ScopeFact]

    package init(scope: String, facts: [ScopeFact]) {
        self.scope = scope
        self.facts = facts
    }

    package var description: String {
        "the scope \(scope) needs facts that Steelyard doesn't keep: "
            + facts.map { "\($0.words.en) (\($0.rawValue))" }.joined(separator: "; ")
    }
}
