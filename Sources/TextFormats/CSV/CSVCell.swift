/// A cell of an export: text, which is guarded against being read as a formula, or a number, which is plain digits.
package enum CSVCell: Sendable, Hashable, ExpressibleByStringLiteral {
    case text(String)
    /// A number that was already rendered, as digits with an optional sign and point: never guarded, so that a
    /// negative number stays a number. Anything else in it is guarded and quoted like text.
    case number(String)
    case empty

    package init(stringLiteral value: String) { self = .text(value) }

    package static func count(_ value: UInt128) -> CSVCell { .number(String(value)) }
    package static func count(_ value: some FixedWidthInteger) -> CSVCell { .number(String(value)) }
}

/// The guard that keeps a spreadsheet from reading a text cell as a formula.
///
/// A text that a spreadsheet could take for a formula, blanks before it or not, gets one apostrophe in front; so does a
/// text that is nothing but apostrophes before such a start, so that taking one apostrophe away again always gives back
/// what was there.
package enum FormulaGuard {
    /// The characters that start a formula: `=`, `+`, `-`, `@`, tab, carriage return, line feed, and the full-width
    /// forms of the first four.
    static func isTrigger(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "=", "+", "-", "@", "\t", "\r", "\n", "\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}": true
        default: false
        }
    }

    /// The text as it is safe to write.
    package static func guarded(_ text: String) -> String {
        startsFormula(text.unicodeScalars) ? "'" + text : text
    }

    /// The text that ``guarded(_:)`` was given.
    package static func unguarded(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard scalars.first == "'", startsFormula(scalars) else { return text }
        return String(scalars.dropFirst())
    }

    private static func startsFormula(_ scalars: String.UnicodeScalarView) -> Bool {
        // Some spreadsheets skip blanks before a formula.
        guard let first = scalars.drop(while: { $0 == "'" }).first(where: { !isBlank($0) }) else { return false }
        return isTrigger(first)
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .spaceSeparator
    }

    /// Whether the text is an integer or decimal number in plain digits.
    static func isPlainNumber(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        if bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") { bytes = bytes.dropFirst() }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }
    }
}
