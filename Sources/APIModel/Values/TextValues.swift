package import TextFormats

/// A text of a certain form, which has a name of its own among the schemas of the OpenAPI document.
package protocol TextValue: FieldValue, CustomStringConvertible {
    static var text: TextSchema { get }
    static var meaning: String { get }

    /// Empty until it is set.
    var text: String { get }
    init(_ text: String)
}

extension TextValue {
    package static var schema: Schema { .named(Self.self) }
    package static var schemaName: String { "\(Self.self)" }

    package init() { self.init("") }

    package var description: String { text }
    package var isUnset: Bool { text.isEmpty }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func write(to json: inout [UInt8]) { text.write(to: &json) }
    package var cell: CSVCell { .text(text) }
    package var displayValue: DisplayValue { .text(text) }
}

/// A text that is a number: aligned to the right, and a cell of digits that every spreadsheet takes for a number.
package protocol NumberText: TextValue {}

extension NumberText {
    package static var isNumber: Bool { true }

    /// Without a plus sign, which some spreadsheets take for text.
    package var cell: CSVCell { .number(text.hasPrefix("+") ? String(text.dropFirst()) : text) }
}

extension TextSchema {
    /// A decimal number that may have a sign.
    fileprivate static let signedDecimal = TextSchema(pattern: "^[+-]?[0-9]+([.][0-9]+)?$")
}

/// A count of tokens, requests or records.
package struct Count: NumberText {
    package static let text = TextSchema(pattern: "^-?[0-9]+$")
    package static let meaning =
        "An exact integer in decimal; below 0 where more was taken back in the time than counted in it."

    package var text: String

    package init(_ text: String) { self.text = text }
    package init(_ value: some BinaryInteger) { text = String(value) }

    package var displayValue: DisplayValue { .count(text) }
}

/// What a measure adds up: a count, or money.
package struct Amount: NumberText {
    package static let text = TextSchema(pattern: "^-?[0-9]+([.][0-9]+)?$")
    package static let meaning =
        "A count in digits or, under a measure of money, an exact decimal in the scope's currency; below 0 where more was "
        + "taken back in the time than counted in it."

    package var text: String

    package init(_ text: String) { self.text = text }

    package var displayValue: DisplayValue { .count(text) }
}

/// A difference of amounts.
package struct Change: NumberText {
    package static let text = TextSchema.signedDecimal
    package static let meaning = "An exact difference of amounts, with its sign."

    package var text: String

    package init(_ text: String) { self.text = text }

    package var displayValue: DisplayValue { .change(text) }
}

/// A part of a whole, or a growth, in percent.
package struct Percent: NumberText {
    package static let text = TextSchema.signedDecimal
    package static let meaning = "A decimal number in percent, rounded half away from zero."

    package var text: String

    package init(_ text: String) { self.text = text }

    package var displayValue: DisplayValue { .percent(text) }
}

/// A multiple or an index. Tables show it as it is written: it is too short for separators and has no unit.
package struct DecimalNumber: NumberText {
    package static let text = TextSchema.signedDecimal
    package static let meaning = "A decimal number, rounded half away from zero."

    package var text: String

    package init(_ text: String) { self.text = text }
}

/// A SHA-256.
package struct HexDigest: TextValue {
    package static let text = TextSchema(pattern: "^[0-9a-f]{64}$")
    package static let meaning = "A SHA-256 in hexadecimal digits."

    package var text: String

    package init(_ text: String) { self.text = text }
}

/// A day of a calendar.
package struct Day: TextValue {
    package static let text = TextSchema(format: "date")
    package static let meaning = "A day, such as 2025-06-01."

    package var text: String

    package init(_ text: String) { self.text = text }
}

/// A moment.
package struct Moment: TextValue {
    package static let text = TextSchema(format: "date-time")
    package static let meaning = "A moment of RFC 3339, such as 2025-06-01T08:00:00+08:00."

    package var text: String

    package init(_ text: String) { self.text = text }
}
