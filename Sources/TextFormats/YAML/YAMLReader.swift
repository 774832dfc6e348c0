/// Reads the keys of one map of a description, collecting every mistake instead of stopping at the first.
///
/// Each function takes a key, reports what is wrong with it and gives `nil` then, so that a file is checked in one
/// pass; ``finish()`` reports the keys that nobody asked for.
package struct YAMLReader {
    package private(set) var problems: [FileProblem] = []
    /// Where the map stands in the file: `filters.`, or empty at the top.
    package let path: String
    package let line: Int
    private let entries: [YAMLValue.Entry]
    private var asked: Set<String> = []

    /// Reads `value`, which must be a map.
    package init(_ value: YAMLValue, path: String = "") {
        self.path = path.isEmpty ? "" : path + "."
        line = value.line
        if case .map(let entries) = value.content {
            self.entries = entries
        } else {
            entries = []
            let field = path.isEmpty ? nil : path
            problems.append(
                FileProblem(line: value.line, field: field, message: "must be a map of keys, not \(value.kindName)"))
        }
    }

    /// The keys that the map has, in order.
    package var keys: [String] { entries.map(\.key) }

    package mutating func report(_ key: String, line: Int? = nil, _ message: String) {
        let place = line ?? entries.first { $0.key == key }?.line ?? self.line
        problems.append(FileProblem(line: place, field: path + key, message: message))
    }

    /// Takes over the problems that a reader of an inner map found.
    package mutating func absorb(_ inner: YAMLReader) {
        problems += inner.problems
    }

    /// The value of an optional key; a key with nothing behind it counts as absent.
    package mutating func optional(_ key: String) -> YAMLValue? {
        asked.insert(key)
        guard let entry = entries.first(where: { $0.key == key }), entry.value.content != .null else { return nil }
        return entry.value
    }

    /// The value of a key that must be there.
    package mutating func required(_ key: String) -> YAMLValue? {
        let value = optional(key)
        if value == nil { report(key, "is missing") }
        return value
    }

    /// A reader for the map under a key, or `nil` where it is absent; ``absorb(_:)`` it when done.
    package mutating func map(_ key: String) -> YAMLReader? {
        optional(key).map { YAMLReader($0, path: path + key) }
    }

    /// Reports the keys that no function asked for.
    package mutating func finish() {
        let known = asked.sorted().joined(separator: ", ")
        for entry in entries where !asked.contains(entry.key) {
            problems.append(
                FileProblem(
                    line: entry.line, field: path + entry.key.excerpt, message: "unknown key; known here: \(known)"))
        }
    }
}

extension YAMLReader {
    package mutating func text(_ key: String, maxBytes: Int = 4_096) -> String? {
        required(key).flatMap { text($0, key, maxBytes: maxBytes) }
    }

    /// A text, which must be a single value and not blank.
    package mutating func text(_ value: YAMLValue, _ key: String, maxBytes: Int = 4_096) -> String? {
        guard case .scalar(let text) = value.content else {
            report(key, line: value.line, "must be a text, not \(value.kindName)")
            return nil
        }
        guard text.utf8.contains(where: { $0 > 0x20 }), text.utf8.count <= maxBytes else {
            report(key, line: value.line, "must be a text of 1 to \(maxBytes) bytes")
            return nil
        }
        return text
    }

    /// A whole number in digits, which may be grouped by `_`.
    package mutating func integer(_ key: String, in range: ClosedRange<UInt64>) -> UInt64? {
        required(key).flatMap { integer($0, key, in: range) }
    }

    package mutating func integer(_ value: YAMLValue, _ key: String, in range: ClosedRange<UInt64>) -> UInt64? {
        let bounds = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard case .scalar(let text) = value.content else {
            report(key, line: value.line, "\(bounds), not \(value.kindName)")
            return nil
        }
        let digits = text.filter { $0 != "_" }
        let isWhole = !digits.isEmpty && digits.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        guard isWhole, let number = UInt64(digits), range.contains(number) else {
            report(key, line: value.line, "\(bounds), not '\(text.excerpt)'")
            return nil
        }
        return number
    }

    /// One of some words.
    package mutating func choice<Choice>(_ key: String, _ choices: [(name: String, value: Choice)]) -> Choice? {
        required(key).flatMap { choice($0, of: key, choices) }
    }

    package mutating func choice<Choice>(
        _ value: YAMLValue, of key: String, _ choices: [(name: String, value: Choice)]
    ) -> Choice? {
        guard let name = text(value, key) else { return nil }
        if let match = choices.first(where: { $0.name == name }) { return match.value }
        let known = choices.map(\.name).joined(separator: ", ")
        report(key, line: value.line, "'\(name.excerpt)' is not known here: use one of \(known)")
        return nil
    }

    /// The items of a list, each read by `item`; reported when it is no list, is empty, or names something twice.
    package mutating func list<Item: Hashable>(
        _ value: YAMLValue, of key: String, _ item: (inout YAMLReader, YAMLValue) -> Item?
    ) -> [Item]? {
        guard case .list(let values) = value.content, !values.isEmpty else {
            report(key, line: value.line, "must be a list with at least one item")
            return nil
        }
        var seen: Set<Item> = []
        var items: [Item] = []
        for value in values {
            guard let read = item(&self, value) else { continue }
            if seen.insert(read).inserted {
                items.append(read)
            } else {
                report(key, line: value.line, "is named twice")
            }
        }
        return items
    }
}
