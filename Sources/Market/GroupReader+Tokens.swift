internal import Scopes
internal import TextFormats
internal import UsageModel

extension GroupReader {
    /// What the group uses in each month: of the provider's external tokens, of `tokens`, or of `multiple` times the
    /// external ones, divided among the months by weights.
    func tokens(_ kind: TenantKind, weights: [UInt64], _ reader: inout YAMLReader) -> [UInt64]? {
        if kind == .externalCustomer, !externalGroupsGiveTokens { return divided(external, weights) }
        if let value = reader.optional("tokens") {
            if case .map = value.content { return tokensBySpan(weights: weights, &reader) }
            return reader.integer("tokens", in: 0...MarketDescription.maxTokensPerGroup)
                .flatMap { divided($0, weights) }
        }
        guard kind != .externalCustomer else {
            reader.report("tokens", "is missing: neither the provider nor the group says how much is used")
            return nil
        }
        guard reader.optional("multiple") != nil else {
            reader.report("tokens", "is missing: give tokens, or multiple (of the provider's external tokens)")
            return nil
        }
        guard let multiple = reader.decimal("multiple") else { return nil }
        let tokens = Ratio(UInt128(external) * UInt128(multiple.millionths), over: UInt128(ExactDecimal.unit)).rounded()
        guard let tokens, tokens <= UInt128(MarketDescription.maxTokensPerGroup) else {
            reader.report("multiple", "makes more than \(MarketDescription.maxTokensPerGroup) tokens")
            return nil
        }
        return divided(UInt64(tokens), weights)
    }

    private func divided(_ tokens: UInt64, _ weights: [UInt64]) -> [UInt64]? {
        [MonthSpan(months: weights.indices, value: UInt128(tokens))].divided(amongMonths: weights)?.map { UInt64($0) }
    }

    private func tokensBySpan(weights: [UInt64], _ reader: inout YAMLReader) -> [UInt64]? {
        guard var inner = reader.map("tokens") else { return nil }
        let spans = inner.spans(of: months) { reader, key in
            reader.integer(key, in: 0...MarketDescription.maxTokensPerGroup).map { UInt128($0) }
        }
        reader.absorb(inner)
        guard inner.problems.isEmpty, weights.count == months.count else { return nil }
        guard spans.reduce(0, { $0 + $1.value }) <= UInt128(MarketDescription.maxTokensPerGroup) else {
            reader.report("tokens", "makes more than \(MarketDescription.maxTokensPerGroup) tokens")
            return nil
        }
        guard let amounts = spans.divided(amongMonths: weights) else {
            reader.report("tokens", "gives tokens to months whose weights are all zero")
            return nil
        }
        return amounts.map { UInt64($0) }
    }

    /// What the whole provider serves in each month, from daily averages: the group uses what other groups leave of it.
    func daily(_ kind: TenantKind, _ reader: inout YAMLReader) -> [UInt64]? {
        for key in ["tokens", "multiple"] where reader.optional(key) != nil {
            reader.report(key, "doesn't go with rest-of-daily, which says what the group uses")
        }
        if kind == .externalCustomer {
            reader.report("rest-of-daily", "isn't for external customers, whose tokens others can be multiples of")
        }
        guard let value = reader.required("rest-of-daily"), !months.isEmpty else { return nil }
        guard case .list(let items) = value.content, items.count == months.count else {
            reader.report(
                "rest-of-daily", line: value.line, "must be a list of \(months.count) numbers of tokens a day")
            return nil
        }
        let daily = items.compactMap { reader.integer($0, "rest-of-daily", in: 0...MarketDescription.maxTokensPerDay) }
        guard daily.count == items.count else { return nil }
        return zip(daily, months).map { $0 * UInt64($1.dayCount) }
    }
}

extension GroupReader.Draft {
    /// The groups, of which the one that uses the rest has what the others leave of each month.
    static func resolve(_ drafts: [Self], months: [Period], _ reader: inout YAMLReader) -> [TenantGroup] {
        var groups = drafts.map(\.group)
        let resting = drafts.indices.filter { drafts[$0].isRest }
        guard let rest = resting.first else { return groups }
        let key = groups[rest].kind.name
        guard resting.count == 1 else {
            reader.report(key, "rest-of-daily stands in several groups: only one can use what all others leave")
            return groups
        }
        for month in months.indices {
            let others = drafts.filter { !$0.isRest }.reduce(0) { $0 + UInt128($1.group.monthTokens[month]) }
            let whole = UInt128(groups[rest].monthTokens[month])
            if others > whole {
                reader.report(
                    key,
                    "rest-of-daily makes \(whole) tokens of \(months[month]), and the other groups alone use \(others)")
            }
            groups[rest].monthTokens[month] = UInt64(whole - min(others, whole))
        }
        return groups
    }
}
