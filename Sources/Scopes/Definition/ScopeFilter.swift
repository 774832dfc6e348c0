internal import TextFormats
internal import UsageModel

/// One filter of a scope: the key in its file, its values and their words, and how it is applied. A filter more is a
/// property of ``ScopeFilters``, an entry of ``all`` and, where facts decide, the place that asks them
/// (``ScopeEvaluator``).
package struct ScopeFilter: Sendable {
    /// How a filter applies to sums of usage.
    package enum Condition: Sendable, Hashable {
        /// The dimension's code must be one of some, in rising order.
        case codes(SumDimension, [UInt8])
        /// The dimension's name must match one of some patterns.
        case names(SumDimension, [NamePattern])
    }

    /// The key in scope files, answers and canonical forms.
    package let key: String
    /// What the filter needs beside the counted usage.
    let facts: [ScopeFact]
    /// Whether records of revenue can be filtered by it: they are kept by provider, month and layer, of customers only.
    let appliesToRevenueRecords: Bool
    /// The names that a scope lets through, sorted by their bytes; `nil` where it lets everything through.
    let names: @Sendable (ScopeFilters) -> [String]?
    /// Sets the filter by names that were read back; `false` where one means nothing.
    let set: @Sendable (inout ScopeFilters, [String]) -> Bool
    /// Reads the filter from a scope file.
    let read: @Sendable (inout YAMLReader, inout ScopeFilters) -> Void
    /// Takes the filter over from another scope.
    let copy: @Sendable (inout ScopeFilters, _ other: ScopeFilters) -> Void
    /// What it lets through, as a part of a sentence; `nil` where there is nothing to say.
    let phrase: @Sendable (ScopeFilters) -> LocalizedText?
    /// What it leaves out, one by one where that can be listed.
    let leftOut: @Sendable (ScopeFilters) -> [LocalizedText]
    /// Whether what it leaves out can be listed.
    let isClosed: Bool
    /// What it asks of sums of usage; `nil` for filters that are asked of facts, and of kinds and providers, which
    /// every sum tells apart.
    package let condition: @Sendable (ScopeFilters) -> Condition?
    /// Adds what sums must be told apart by, so that facts can be asked about them.
    let refine: @Sendable (inout SumGranularity, FactBook, Range<CalendarDate>) -> Void
}

/// A dimension of sums of usage that filters are asked of; the raw value names its column.
package enum SumDimension: String, Sendable, CaseIterable {
    case layer, workload, modality, region, model
}

extension ScopeFilter: Hashable {
    package static func == (left: Self, right: Self) -> Bool { left.key == right.key }

    package func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

// MARK: The filters

extension ScopeFilter {
    /// All filters, in the order in which they are shown, explained and changed on the way from one scope to another.
    package static let all: [ScopeFilter] = [
        kinds, layers, markets, origins, workloads, modalities, regions, models, providers,
    ]

    /// Kinds of tenants.
    package static let kinds = ScopeFilter(
        "kinds", at: \.kinds, values: TenantKind.allCases.map { ($0, $0.name, $0.words) },
        appliesToRevenueRecords: true,
        phrase: { LocalizedText(en: "of \($0.en)", zh: "租户类型为\($0.zh)") },
        otherwise: LocalizedText(en: "of every tenant, whatever its kind", zh: "全部租户，不论类型"))
    package static let layers = ScopeFilter(
        "layers", at: \.layers, values: Layer.allCases.map { ($0, $0.name, $0.words) }, appliesToRevenueRecords: true,
        phrase: { LocalizedText(en: "on the layer\($0.count == 1 ? "" : "s") \($0.en)", zh: "服务层为 \($0.zh)") },
        leftOut: { LocalizedText(en: "usage on the layer \($0.en)", zh: "\($0.zh)服务层用量") },
        condition: { .codes(.layer, $0.map(\.rawValue).sorted()) })
    /// Regions by the market that they lie in.
    package static let markets = ScopeFilter(
        "markets", at: \.markets, values: ServedMarket.allCases.map { ($0, $0.rawValue, $0.words) },
        facts: [.regionCatalogue],
        phrase: { LocalizedText(en: "served in \($0.en)", zh: "服务地为\($0.zh)") },
        leftOut: { LocalizedText(en: "usage served in \($0.en)", zh: "\($0.zh)用量") },
        refine: { granularity, book, days in
            granularity.byRegion = true
            granularity.changes.formUnion(book.markets.changes(in: days))
        })
    /// Models by whether the platform's own group made them.
    package static let origins = ScopeFilter(
        "origins", at: \.origins, values: ModelOrigin.allCases.map { ($0, $0.rawValue, $0.words) },
        facts: [.modelCatalogue, .providerCatalogue],
        phrase: { LocalizedText(en: "of \($0.en)", zh: "限于\($0.zh)") },
        refine: { granularity, book, days in
            granularity.byModel = true
            granularity.changes.formUnion(book.models.changes(in: days))
            granularity.changes.formUnion(book.groups.changes(in: days))
        })
    package static let workloads = ScopeFilter(
        "workloads", at: \.workloads, values: Workload.allCases.map { ($0, $0.name, $0.words) },
        phrase: { LocalizedText(en: "in \($0.en)", zh: "负载为\($0.zh)") },
        condition: { .codes(.workload, $0.map(\.rawValue).sorted()) })
    package static let modalities = ScopeFilter(
        "modalities", at: \.modalities, values: Modality.allCases.map { ($0, $0.name, $0.words) },
        phrase: { LocalizedText(en: "of \($0.en)", zh: "模态为\($0.zh)") },
        condition: { .codes(.modality, $0.map(\.rawValue).sorted()) })
    /// Regions by the provider's own names.
    package static let regions = ScopeFilter(
        "regions", patterns: \.regions, of: .region, maxBytes: Limits.maxRegionNameBytes,
        phrase: { LocalizedText(en: "in the regions \($0.en)", zh: "区域为 \($0.zh)") },
        leftOut: LocalizedText(en: "any other region", zh: "其他区域"))
    package static let models = ScopeFilter(
        "models", patterns: \.models, of: .model, maxBytes: Limits.maxModelNameBytes,
        phrase: { LocalizedText(en: "of the models \($0.en)", zh: "模型为 \($0.zh)") },
        leftOut: LocalizedText(en: "any other model", zh: "其他模型"))
    /// The platforms that the scope includes; others don't even stand beside its figures.
    package static let providers = ScopeFilter(
        key: "providers", facts: [], appliesToRevenueRecords: true, names: { $0.providers?.sorted() },
        set: { filters, names in
            filters.providers = Set(names)
            return true
        }, read: { reader, filters in filters.providers = ScopeFilterReading.providers(&reader) },
        copy: { $0.providers = $1.providers },
        phrase: { filters in
            filters.providers.map { providers in
                let names = WordList(providers.sorted().map { LocalizedText(en: $0, zh: $0) })
                return LocalizedText(en: "at \(names.en)", zh: "平台为\(names.zh)")
            }
        }, leftOut: { $0.providers == nil ? [] : [LocalizedText(en: "any other provider", zh: "其他平台")] },
        isClosed: false, condition: { _ in nil }, refine: { _, _, _ in })

    /// A filter whose values are some known words.
    private init<Value: Hashable & Sendable>(
        _ key: String, at path: any WritableKeyPath<ScopeFilters, Set<Value>?> & Sendable,
        values: [(value: Value, name: String, words: LocalizedText)], facts: [ScopeFact] = [],
        appliesToRevenueRecords: Bool = false, phrase: @escaping @Sendable (WordList) -> LocalizedText,
        otherwise: LocalizedText? = nil, leftOut: @escaping @Sendable (LocalizedText) -> LocalizedText = { $0 },
        condition: (@Sendable (Set<Value>) -> Condition)? = nil,
        refine: @escaping @Sendable (inout SumGranularity, FactBook, Range<CalendarDate>) -> Void = { _, _, _ in }
    ) {
        self.init(
            key: key, facts: facts, appliesToRevenueRecords: appliesToRevenueRecords,
            names: { filters in
                filters[keyPath: path].map { chosen in
                    values.filter { chosen.contains($0.value) }.map(\.name).sorted()
                }
            },
            set: { filters, names in
                let chosen = names.compactMap { name in values.first { $0.name == name }?.value }
                filters[keyPath: path] = Set(chosen)
                return chosen.count == names.count
            },
            read: { reader, filters in
                filters[keyPath: path] = ScopeFilterReading.set(key, among: values.map { ($0.name, $0.value) }, &reader)
            },
            copy: { $0[keyPath: path] = $1[keyPath: path] },
            phrase: { filters in
                filters[keyPath: path].map { chosen in
                    phrase(WordList(values.filter { chosen.contains($0.value) }.map(\.words)))
                } ?? otherwise
            },
            leftOut: { filters in
                guard let chosen = filters[keyPath: path] else { return [] }
                return values.filter { !chosen.contains($0.value) }.map { leftOut($0.words) }
            }, isClosed: true,
            condition: { filters in filters[keyPath: path].flatMap { chosen in condition?(chosen) } }, refine: refine)
    }

    /// A filter whose values are names, or beginnings of names.
    private init(
        _ key: String, patterns path: any WritableKeyPath<ScopeFilters, [NamePattern]?> & Sendable,
        of dimension: SumDimension, maxBytes: Int, phrase: @escaping @Sendable (WordList) -> LocalizedText,
        leftOut: LocalizedText
    ) {
        self.init(
            key: key, facts: [], appliesToRevenueRecords: false,
            names: { $0[keyPath: path]?.sorted().map(\.text) },
            set: { filters, names in
                filters[keyPath: path] = names.map { NamePattern($0) }
                return true
            },
            read: { reader, filters in
                filters[keyPath: path] = ScopeFilterReading.patterns(key, maxBytes: maxBytes, &reader)
            },
            copy: { $0[keyPath: path] = $1[keyPath: path] },
            phrase: { filters in
                filters[keyPath: path].map { patterns in
                    phrase(WordList(patterns.map { LocalizedText(en: $0.text, zh: $0.text) }))
                }
            }, leftOut: { $0[keyPath: path] == nil ? [] : [leftOut] }, isClosed: false,
            condition: { filters in filters[keyPath: path].map { .names(dimension, $0) } }, refine: { _, _, _ in })
    }
}

/// Several words as one part of a sentence: `a, b and c`, `a、b和c`.
struct WordList: Sendable {
    let count: Int
    let en: String
    let zh: String

    init(_ words: [LocalizedText]) {
        count = words.count
        en = Self.joined(words.map(\.en), separator: ", ", last: " and ")
        zh = Self.joined(words.map(\.zh), separator: "、", last: "和")
    }

    private static func joined(_ items: [String], separator: String, last: String) -> String {
        guard let end = items.last, items.count > 1 else { return items.first ?? "" }
        return items.dropLast().joined(separator: separator) + last + end
    }
}

/// Reads the values of filters from a scope file. `all` and an absent key let everything through.
private enum ScopeFilterReading {
    private static func restriction(_ key: String, _ reader: inout YAMLReader) -> YAMLValue? {
        guard let value = reader.optional(key), value.content != .scalar("all") else { return nil }
        return value
    }

    static func set<Value: Hashable>(
        _ key: String, among words: [(name: String, value: Value)], _ reader: inout YAMLReader
    ) -> Set<Value>? {
        guard let value = restriction(key, &reader) else { return nil }
        return reader.list(value, of: key) { $0.choice($1, of: key, words) }.map { Set($0) }
    }

    static func providers(_ reader: inout YAMLReader) -> Set<String>? {
        guard let value = restriction("providers", &reader) else { return nil }
        let names = reader.list(value, of: "providers") { reader, value -> String? in
            guard let name = reader.text(value, "providers") else { return nil }
            guard name != "all", NameRule.isIdentifier(name, maxBytes: Limits.maxProviderNameBytes) else {
                reader.report(
                    "providers", line: value.line,
                    name == "all"
                        ? "all stands alone, not in a list"
                        : "'\(name.excerpt)' is no provider name: lower-case letters, digits and inner hyphens")
                return nil
            }
            return name
        }
        return names.map { Set($0) }
    }

    static func patterns(_ key: String, maxBytes: Int, _ reader: inout YAMLReader) -> [NamePattern]? {
        guard let value = restriction(key, &reader) else { return nil }
        let patterns = reader.list(value, of: key) { reader, value -> NamePattern? in
            // One byte more, for the star.
            guard let text = reader.text(value, key, maxBytes: maxBytes + 1) else { return nil }
            guard text != "all" else {
                reader.report(key, line: value.line, "all stands alone, not in a list")
                return nil
            }
            if text.dropLast().contains("*") {
                reader.report(key, line: value.line, "'\(text.excerpt)': a * may only stand at the end")
                return nil
            }
            return NamePattern(NameRule.kept(text))
        }
        return patterns?.sorted()
    }
}
