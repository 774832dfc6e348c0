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
    package var shown: ShownValue { .text(text) }
}

extension String {
    /// The number without a plus sign: a cell of digits that every spreadsheet takes for a number.
    fileprivate var unsigned: String { hasPrefix("+") ? String(dropFirst()) : self }
}

/// A count of tokens, requests or records.
package struct Count: TextValue {
    package static let text = TextSchema(pattern: "^[0-9]+$")
    package static let meaning = "An exact integer in decimal."
    package static var isNumber: Bool { true }

    package var text: String

    package init(_ text: String) { self.text = text }
    package init(_ value: UInt128) { text = String(value) }

    package var cell: CSVCell { .number(text) }
    package var shown: ShownValue { .count(text) }
}

/// What a measure adds up: a count, or money.
package struct Amount: TextValue {
    package static let text = TextSchema(pattern: "^[0-9]+([.][0-9]+)?$")
    package static let meaning =
        "A count in digits or, under a measure of money, an exact decimal in the scope's currency."
    package static var isNumber: Bool { true }

    package var text: String

    package init(_ text: String) { self.text = text }

    package var cell: CSVCell { .number(text) }
    package var shown: ShownValue { .count(text) }
}

/// A difference of amounts.
package struct Change: TextValue {
    package static let text = TextSchema(pattern: "^[+-]?[0-9]+([.][0-9]+)?$")
    package static let meaning = "An exact difference of amounts, with its sign."
    package static var isNumber: Bool { true }

    package var text: String

    package init(_ text: String) { self.text = text }

    package var cell: CSVCell { .number(text.unsigned) }
    package var shown: ShownValue { .change(text) }
}

/// A part of a whole, or a growth, in percent.
package struct Percent: TextValue {
    package static let text = TextSchema(pattern: "^[+-]?[0-9]+([.][0-9]+)?$")
    package static let meaning = "A decimal number in percent, rounded half up."
    package static var isNumber: Bool { true }

    package var text: String

    package init(_ text: String) { self.text = text }

    package var cell: CSVCell { .number(text.unsigned) }
    package var shown: ShownValue { .percent(text) }
}

/// A multiple or an index.
package struct DecimalNumber: TextValue {
    package static let text = TextSchema(pattern: "^[+-]?[0-9]+([.][0-9]+)?$")
    package static let meaning = "A decimal number, rounded half up."
    package static var isNumber: Bool { true }

    package var text: String

    package init(_ text: String) { self.text = text }

    package var cell: CSVCell { .number(text.unsigned) }
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
