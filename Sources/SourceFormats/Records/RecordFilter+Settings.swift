/// The settings that say which records of a source are for counting. A format that reads records of others declares
/// them.
enum RecordRules {
    private enum Name {
        static let only = "only"
        static let except = "except"
        static let noUsage = "no-usage"
    }

    static let settings: [SourceSetting] = [
        SourceSetting(
            Name.only, .texts, presence: .byDefault([]),
            summary: "conditions that a record must all meet to be counted, such as `type = chat | completion`; the "
                + "rest is ignored. See [filters](#filters)"),
        SourceSetting(
            Name.except, .texts, presence: .byDefault([]),
            summary: "conditions none of which a counted record may meet, such as `error` or `status >= 400`"),
        SourceSetting(
            Name.noUsage, .word(["ignore", "count"]), presence: .byDefault(["ignore"]),
            summary: "what becomes of records whose usage is zero and zero, as failed calls have it: `ignore` counts "
                + "them as records without usage, `count` as calls of 0 tokens"),
    ]

    /// Puts the settings into a plan, once its fields are in the tree.
    ///
    /// - Parameter source: where a condition's path leads in this format, as a source of the plan.
    static func apply(
        _ rules: RecordRuleTexts, to plan: inout FieldPlan,
        source: (_ path: String, _ setting: String, inout FieldPlan) throws(SourceFormatError) -> Int
    ) throws(SourceFormatError) {
        plan.rules.countsNoUsage = rules.countsNoUsage
        for text in rules.only {
            plan.filter.only.append(try condition(text, of: Name.only, in: &plan, source: source))
        }
        for text in rules.except {
            plan.filter.except.append(try condition(text, of: Name.except, in: &plan, source: source))
        }
    }

    /// Puts the settings into the plan of records that are JSON objects.
    static func apply(
        _ rules: RecordRuleTexts, to plan: inout FieldPlan, _ tree: inout FieldTree
    ) throws(SourceFormatError) {
        var inner = tree
        try apply(rules, to: &plan) { (path, setting, plan) throws(SourceFormatError) in
            try plan.addCondition(
                at: RecordPath(path, setting: setting), named: path, to: &inner, setting: setting)
        }
        tree = inner
    }

    /// The settings as they are given.
    static func texts(_ options: SourceOptions) -> RecordRuleTexts {
        RecordRuleTexts(
            only: options.texts(Name.only) ?? [], except: options.texts(Name.except) ?? [],
            countsNoUsage: options.text(Name.noUsage) == "count")
    }

    private static func condition(
        _ text: String, of setting: String, in plan: inout FieldPlan,
        source: (_ path: String, _ setting: String, inout FieldPlan) throws(SourceFormatError) -> Int
    ) throws(SourceFormatError) -> RecordFilter.Condition {
        let parts = ConditionText(text)
        var values: [RecordFilter.Value] = []
        for value in parts.values { values.append(try self.value(value, of: text, setting)) }
        guard parts.comparison == .isThere || !values.isEmpty else {
            throw unreadable(text, of: setting, because: "no value follows")
        }
        if ![.isThere, .equals, .differs].contains(parts.comparison) {
            guard values.count == 1, values[0].number != nil else {
                throw unreadable(text, of: setting, because: "what it compares with is not one number")
            }
        }
        return RecordFilter.Condition(
            source: try source(parts.path, setting, &plan), comparison: parts.comparison, values: values)
    }

    private static func value(
        _ text: String, of condition: String, _ setting: String
    ) throws(SourceFormatError) -> RecordFilter.Value {
        guard text.utf8.count <= RecordFilter.maxValueBytes else {
            throw unreadable(
                condition, of: setting, because: "a value is longer than \(RecordFilter.maxValueBytes) bytes")
        }
        guard text.hasPrefix("'") else {
            guard !text.isEmpty else {
                throw unreadable(condition, of: setting, because: "a value is empty; write '' for empty text")
            }
            return RecordFilter.Value(text: Array(text.utf8), isQuoted: false, number: ExactNumber(text))
        }
        guard text.count >= 2, text.hasSuffix("'") else {
            throw unreadable(condition, of: setting, because: "the quote of a value is not closed")
        }
        let inside = text.dropFirst().dropLast().replacing("''", with: "'")
        return RecordFilter.Value(text: Array(inside.utf8), isQuoted: true, number: nil)
    }

    private static func unreadable(
        _ condition: String, of setting: String, because why: String
    ) -> SourceFormatError {
        SourceFormatError(
            setting: setting, message: "the condition \"\(condition)\" can't be read: \(why)",
            remedy: "write PATH, PATH = VALUE | VALUE, PATH != VALUE or PATH < NUMBER")
    }
}

/// What ``RecordRules`` say, as it is written.
package struct RecordRuleTexts: Sendable, Hashable {
    package var only: [String] = []
    package var except: [String] = []
    /// Whether records of no tokens are counted as calls.
    package var countsNoUsage = false

    package init(only: [String] = [], except: [String] = [], countsNoUsage: Bool = false) {
        self.only = only
        self.except = except
        self.countsNoUsage = countsNoUsage
    }
}

/// A condition cut into its parts. Quotes hide what stands within them.
private struct ConditionText {
    var path: String
    var comparison = RecordFilter.Comparison.isThere
    var values: [String] = []

    private static let comparisons: [(String, RecordFilter.Comparison)] = [
        ("!=", .differs), ("<=", .isAtMost), (">=", .isAtLeast), ("==", .equals), ("=", .equals), ("<", .isLess),
        (">", .isMore),
    ]

    init(_ text: String) {
        var isQuoted = false
        var index = text.startIndex
        path = Self.trimmed(text[...])
        while index < text.endIndex {
            if text[index] == "'" { isQuoted.toggle() }
            if !isQuoted, let (sign, found) = Self.comparisons.first(where: { text[index...].hasPrefix($0.0) }) {
                path = Self.trimmed(text[..<index])
                comparison = found
                values = Self.alternatives(text[index...].dropFirst(sign.count))
                return
            }
            index = text.index(after: index)
        }
    }

    private static func alternatives(_ text: Substring) -> [String] {
        var parts: [Substring] = []
        var isQuoted = false
        var start = text.startIndex
        for index in text.indices {
            if text[index] == "'" { isQuoted.toggle() }
            if text[index] == "|", !isQuoted {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        parts.append(text[start...])
        let trimmed = parts.map(trimmed)
        return trimmed == [""] ? [] : trimmed
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
