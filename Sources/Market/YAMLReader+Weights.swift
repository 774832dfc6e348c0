internal import Scopes
internal import Usage

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
