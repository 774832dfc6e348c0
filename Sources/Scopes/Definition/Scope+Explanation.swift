internal import UsageModel

extension Scope {
    /// One paragraph of plain language, made from the definition: what is counted and what is not, how it is divided, and
    /// what the figures are. Two scopes that mean the same are explained in the same words.
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
        return sentences.joined(separator: words(" ", ""))
    }

    func words(_ english: String, _ chinese: String) -> String {
        switch language {
        case .english: english
        case .chinese: chinese
        }
    }

    func text(_ localized: LocalizedText) -> String { words(localized.en, localized.zh) }

    /// `a, b and c`.
    func list(_ items: [String], last: (en: String, zh: String) = (" and ", "和")) -> String {
        guard let end = items.last, items.count > 1 else { return items.first ?? "" }
        return items.dropLast().joined(separator: words(", ", "、")) + words(last.en, last.zh) + end
    }

    // MARK: What counts

    private var counted: String {
        let parts = [kinds, providers, layers, workloads, modalities, places, models, origins].compactMap { $0 }
        switch language {
        case .english:
            let limits = parts.isEmpty ? "" : " " + parts.joined(separator: ", ")
            return "Counts \(text(measured))\(limits)."
        case .chinese:
            let limits = parts.isEmpty ? "" : "：" + parts.joined(separator: "，")
            return "统计\(text(measured))\(limits)。"
        }
    }

    private var measured: LocalizedText {
        let currency = scope.currency ?? ""
        return switch scope.measure {
        case .tokens: LocalizedText(en: "input and output tokens", zh: "输入与输出 Tokens")
        case .requests: LocalizedText(en: "calls", zh: "调用次数")
        case .revenue: LocalizedText(en: "revenue in \(currency)", zh: "收入（\(currency)）")
        case .tenderCount: LocalizedText(en: "the number of tenders won", zh: "中标项目数")
        case .tenderAmount: LocalizedText(en: "the amount of tenders won in \(currency)", zh: "中标金额（\(currency)）")
        }
    }

    private var kinds: String? {
        guard !scope.measure.isTenders else { return nil }
        guard let kinds = scope.filters.kinds else {
            return words("of every tenant, whatever its kind", "全部租户，不论类型")
        }
        let names = list(TenantKind.allCases.filter(kinds.contains).map { text($0.words) })
        return words("of \(names)", "租户类型为\(names)")
    }

    private var providers: String? {
        guard let providers = scope.filters.providers else { return nil }
        return words("at \(list(providers.sorted()))", "平台为\(list(providers.sorted()))")
    }

    private var layers: String? {
        guard let layers = scope.filters.layers else { return nil }
        let names = list(Layer.allCases.filter(layers.contains).map { text($0.words) })
        return words("on the layer\(layers.count == 1 ? "" : "s") \(names)", "服务层为 \(names)")
    }

    private var workloads: String? {
        guard let workloads = scope.filters.workloads else { return nil }
        let names = list(Workload.allCases.filter(workloads.contains).map { text($0.words) })
        return words("in \(names)", "负载为\(names)")
    }

    private var modalities: String? {
        guard let modalities = scope.filters.modalities else { return nil }
        let names = list(Modality.allCases.filter(modalities.contains).map { text($0.words) })
        return words("of \(names)", "模态为\(names)")
    }

    private var places: String? {
        let filters = scope.filters
        let markets = filters.markets.map { markets in
            let names = list(ServedMarket.allCases.filter(markets.contains).map { text($0.words) })
            return words("served in \(names)", "服务地为\(names)")
        }
        let regions = filters.regions.map { regions in
            words("in the regions \(list(regions.map(\.text)))", "区域为 \(list(regions.map(\.text)))")
        }
        let parts = [markets, regions].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: words(", ", "，"))
    }

    private var models: String? {
        guard let models = scope.filters.models else { return nil }
        return words("of the models \(list(models.map(\.text)))", "模型为 \(list(models.map(\.text)))")
    }

    private var origins: String? {
        guard let origins = scope.filters.origins else { return nil }
        let names = list(ModelOrigin.allCases.filter(origins.contains).map { text($0.words) })
        return words("of \(names)", "限于\(names)")
    }

    // MARK: What doesn't

    private var leftOut: String? {
        guard !scope.measure.isTenders else { return nil }
        let filters = scope.filters
        var parts: [String] = []
        func add<Word: CaseIterable & Hashable>(_ counted: Set<Word>?, _ name: (Word) -> LocalizedText) {
            guard let counted else { return }
            parts += Word.allCases.filter { !counted.contains($0) }.map { text(name($0)) }
        }
        add(filters.kinds) { $0.words }
        add(filters.layers) { LocalizedText(en: "usage on the layer \($0.words.en)", zh: "\($0.words.zh)服务层用量") }
        add(filters.workloads) { $0.words }
        add(filters.modalities) { $0.words }
        add(filters.markets) { LocalizedText(en: "usage served in \($0.words.en)", zh: "\($0.words.zh)用量") }
        add(filters.origins) { $0.words }
        if filters.regions != nil { parts.append(words("any other region", "其他区域")) }
        if filters.models != nil { parts.append(words("any other model", "其他模型")) }
        if filters.providers != nil { parts.append(words("any other provider", "其他平台")) }
        guard !parts.isEmpty else {
            return words("Nothing that the ledger holds is left out.", "账本中的用量全部计入。")
        }
        return words("Not counted: \(list(parts)).", "不计入：\(list(parts))。")
    }

    private var added: String? {
        guard !scope.additions.isEmpty else { return nil }
        let names = list(Scope.Addition.allCases.filter(scope.additions.contains).map { text($0.words) })
        return words("Added to it: \(names).", "另计入\(names)。")
    }

    // MARK: How it is divided and said

    private var divided: String {
        let entities = text(scope.entity.words)
        let naming =
            scope.top.map {
                words("; the \($0) largest by name and the others together", "，列出前 \($0) 名，其余合并为一行")
            } ?? ""
        return words("The whole is divided among \(entities)\(naming).", "按\(entities)划分\(naming)。")
    }

    private var published: String {
        let figure =
            switch scope.aggregate {
            case .sum: words("the sum over the period", "期内合计")
            case .dailyAverage:
                words("the sum divided by the calendar days of the period", "期内合计除以日历天数（日均）")
            }
        let whole =
            switch scope.denominator {
            case .everythingCounted: words("everything counted", "全部计入量")
            case .referenceTotal(let name): words("the published total \(name)", "已公布的总量 \(name)")
            }
        let decimals = words(
            scope.precision == 1 ? "1 decimal" : "\(scope.precision) decimals", "\(scope.precision) 位小数")
        return words(
            "The figure is \(figure), in days of \(scope.zone); a share is a part of \(whole), in percent with "
                + "\(decimals).",
            "数值为\(figure)，按 \(scope.zone) 的自然日计；份额为占\(whole)的百分比，保留 \(decimals)。")
    }

    private var needed: String? {
        let facts = scope.requiredFacts
        guard !facts.isEmpty else { return nil }
        let names = list(facts.map { text($0.words) })
        return words("Beside the counted usage it needs \(names).", "除计量用量外，还需要\(names)。")
    }
}
