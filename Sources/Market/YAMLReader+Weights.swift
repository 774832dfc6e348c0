internal import Scopes
internal import TextFormats
internal import UsageModel

extension YAMLReader {
    /// Weights in a list of so many items, at least one of them not zero. `nil` for `count` takes any number.
    mutating func weights(_ key: String, count: Int?) -> [UInt64]? {
        guard let value = required(key) else { return nil }
        guard case .list(let items) = value.content, items.count == count ?? items.count else {
            report(key, line: value.line, "must be a list of \(count.map(String.init) ?? "some") weights")
            return nil
        }
        let weights = items.compactMap { integer($0, key, in: 0...MarketDescription.maxWeight) }
        guard weights.count == items.count else { return nil }
        guard weights.contains(where: { $0 > 0 }) else {
            report(key, line: value.line, "all weights are zero: at least one must count")
            return nil
        }
        return weights
    }

    /// Names with weights, as a map; every name must be one of `known` where that is given.
    mutating func weightedNames(_ key: String, maxBytes: Int, known: [String]? = nil) -> [WeightedName]? {
        guard optional(key) != nil, var inner = map(key) else { return nil }
        var names: [WeightedName] = []
        for name in inner.keys {
            inner.checkName(name, maxBytes: maxBytes)
            if let known, !known.contains(name) {
                inner.report(name, "is not among the models: they are \(known.joined(separator: ", "))")
            }
            guard let weight = inner.integer(name, in: 1...MarketDescription.maxWeight) else { continue }
            names.append(WeightedName(name: name, weight: weight))
        }
        if inner.keys.isEmpty, inner.problems.isEmpty { report(key, "name at least one") }
        absorb(inner)
        return inner.problems.isEmpty && !names.isEmpty ? names : nil
    }

    /// The models in use: names with weights for the whole period, or under spans of months.
    mutating func modelEras(_ key: String, months: [Period], known: [String]) -> [ModelEra]? {
        guard optional(key) != nil, var inner = map(key) else { return nil }
        let isBySpan = inner.keys.first.flatMap { inner.optional($0) }.map { value in
            if case .map = value.content { true } else { false }
        }
        guard isBySpan == true else {
            return weightedNames(key, maxBytes: Limits.maxModelNameBytes, known: known)
                .map { [ModelEra(months: 0..<max(months.count, 1), models: $0)] }
        }
        let spans = inner.spans(of: months) { reader, span in
            reader.weightedNames(span, maxBytes: Limits.maxModelNameBytes, known: known)
        }
        inner.finish()
        absorb(inner)
        // Without a period that can be read, nothing can be said of spans.
        guard inner.problems.isEmpty, !months.isEmpty else { return nil }
        return spans.sorted { $0.months.lowerBound < $1.months.lowerBound }
            .map { ModelEra(months: $0.months, models: $0.value) }
    }

    /// An amount of money with at most two decimals, in hundredths of the currency's unit.
    mutating func hundredths(_ key: String) -> UInt128? {
        guard let text = text(key) else { return nil }
        let digits = text.filter { $0 != "_" }
        let parts = digits.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1].count : 0
        let isDecimal =
            (1...2).contains(parts.count) && (1...15).contains(parts[0].count) && (parts.count == 1 || fraction > 0)
            && fraction <= 2 && parts.allSatisfy { $0.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }
        guard isDecimal, let number = UInt128(digits.filter { $0 != "." }) else {
            report(key, "'\(text.excerpt)' is no amount: write digits, at most 15, and a point and two decimals")
            return nil
        }
        return number * DecimalText.powerOfTen(2 - fraction)
    }

    /// A name in lower-case letters, digits and inner hyphens.
    mutating func identifier(_ key: String) -> String? {
        guard let text = text(key, maxBytes: Scope.maxIdentifierBytes) else { return nil }
        guard NameRule.isIdentifier(text, maxBytes: Scope.maxIdentifierBytes) else {
            report(key, "'\(text.excerpt)' is no name here: lower-case letters, digits and inner hyphens")
            return nil
        }
        return text
    }

    /// A currency in three capital letters of ISO 4217.
    mutating func currency(_ key: String) -> String? {
        guard let text = text(key) else { return nil }
        guard text.utf8.count == 3, text.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }) else {
            report(key, "'\(text.excerpt)' is no currency: use three capital letters of ISO 4217, such as CNY")
            return nil
        }
        return text
    }

    /// A day, `2024-05-15`.
    mutating func date(_ key: String) -> CalendarDate? {
        guard let text = text(key) else { return nil }
        guard let date = CalendarDate(text) else {
            report(key, "'\(text.excerpt)' is no day: write YYYY-MM-DD")
            return nil
        }
        return date
    }

    /// Reports a key that breaks the rule for names.
    mutating func checkName(_ name: String, maxBytes: Int) {
        if let problem = NameRule.problem(in: name, maxBytes: maxBytes) {
            report(name.excerpt, "the name \(problem.explanation)")
        }
    }

    /// A decimal number, exact to six decimals.
    mutating func decimal(_ key: String) -> ExactDecimal? {
        guard let text = text(key) else { return nil }
        guard let decimal = ExactDecimal(text) else {
            report(key, "'\(text.excerpt)' is no decimal number: write digits, a point and at most six decimals")
            return nil
        }
        return decimal
    }
}
