internal import UsageModel

extension Scope {
    /// One paragraph of plain language, made from the definition: what is counted and what is not, how it is divided,
    /// and what the figures are. Two scopes that mean the same are explained in the same words.
    package var explanation: LocalizedText {
        LocalizedText(
            en: ScopeExplainer(scope: self, language: .english).paragraph,
            zh: ScopeExplainer(scope: self, language: .chinese).paragraph)
    }
}

/// Says a scope in one language.
struct ScopeExplainer {
    let scope: Scope
    let language: TokenText.Language

    var paragraph: String {
        let sentences = [counted, leftOut, added, divided, published, needed].compactMap { $0 }
        return sentences.joined(separator: words(en: " ", zh: ""))
    }

    func words(en: String, zh: String) -> String {
        switch language {
        case .english: en
        case .chinese: zh
        }
    }

    func text(_ localized: LocalizedText) -> String { words(en: localized.en, zh: localized.zh) }

    /// `a, b and c`.
    func list(_ items: [LocalizedText]) -> String {
        let list = WordList(items)
        return words(en: list.en, zh: list.zh)
    }

    // MARK: What counts

    private var counted: String {
        let measured = text(scope.measure.phrase(in: scope.currency))
        let parts = scope.measure.source.filters.compactMap { $0.phrase(scope.filters).map(text) }
        switch language {
        case .english:
            let limits = parts.isEmpty ? "" : " " + parts.joined(separator: ", ")
            return "Counts \(measured)\(limits)."
        case .chinese:
            let limits = parts.isEmpty ? "" : "：" + parts.joined(separator: "，")
            return "统计\(measured)\(limits)。"
        }
    }

    // MARK: What doesn't

    private var leftOut: String? {
        let filters = scope.measure.source.filters
        guard filters.contains(.kinds) else { return nil }
        // What can be listed first, then whatever else there may be.
        let parts = (filters.filter(\.isClosed) + filters.filter { !$0.isClosed })
            .flatMap { $0.leftOut(scope.filters) }
        guard !parts.isEmpty else {
            return words(en: "Nothing that the ledger holds is left out.", zh: "账本中的用量全部计入。")
        }
        return words(en: "Not counted: \(list(parts)).", zh: "不计入：\(list(parts))。")
    }

    private var added: String? {
        guard !scope.additions.isEmpty else { return nil }
        let names = list(Scope.Addition.allCases.filter(scope.additions.contains).map(\.words))
        return words(en: "Added to it: \(names).", zh: "另计入\(names)。")
    }

    // MARK: How it is divided and said

    private var divided: String {
        let entities = text(scope.entity.words)
        let naming =
            scope.top.map {
                words(en: "; the \($0) largest by name and the others together", zh: "，列出前 \($0) 名，其余合并为一行")
            } ?? ""
        return words(en: "The whole is divided among \(entities)\(naming).", zh: "按\(entities)划分\(naming)。")
    }

    private var published: String {
        let figure =
            switch scope.aggregate {
            case .sum: words(en: "the sum over the period", zh: "期内合计")
            case .dailyAverage:
                words(en: "the sum divided by the calendar days of the period", zh: "期内合计除以日历天数（日均）")
            }
        let whole =
            switch scope.denominator {
            case .everythingCounted: words(en: "everything counted", zh: "全部计入量")
            case .referenceTotal(let name): words(en: "the published total \(name)", zh: "已公布的总量 \(name)")
            }
        let decimals = words(
            en: scope.precision == 1 ? "1 decimal" : "\(scope.precision) decimals", zh: "\(scope.precision) 位小数")
        return words(
            en: "The figure is \(figure), in days of \(scope.zone); a share is a part of \(whole), in percent with "
                + "\(decimals).",
            zh: "数值为\(figure)，按 \(scope.zone) 的自然日计；份额为占\(whole)的百分比，保留 \(decimals)。")
    }

    private var needed: String? {
        let facts = scope.requiredFacts
        guard !facts.isEmpty else { return nil }
        let names = list(facts.map(\.words))
        return words(en: "Beside the counted usage it needs \(names).", zh: "除计量用量外，还需要\(names)。")
    }
}
