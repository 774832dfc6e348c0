package import Scopes
package import TextFormats

/// A type that a member of an answer can have: how it stands in JSON, in CSV and in a table, and what the OpenAPI
/// document says of it.
package protocol FieldValue: Decodable, Sendable, Equatable {
    static var schema: Schema { get }
    /// Whether tables align it to the right.
    static var isNumber: Bool { get }

    /// Whether it is what a new object has until somebody sets it, where that can't be a value. A forgotten `String` or
    /// `Int` can't be told from an empty text or a zero, and is sent as that.
    var isUnset: Bool { get }

    /// Appends the value as JSON.
    func write(to json: inout [UInt8])
    /// The value in a line of CSV; empty for what has no cell of its own, such as a nested object.
    var cell: CSVCell { get }
    /// The value for people.
    var displayValue: DisplayValue { get }

    /// The member `name` of an object.
    ///
    /// - Throws: `DecodingError`, which names the member.
    static func read(
        _ name: MemberName, from object: KeyedDecodingContainer<MemberName>
    ) throws -> Self
}

extension FieldValue {
    package static var isNumber: Bool { false }

    package var isUnset: Bool { false }
    package var cell: CSVCell { .empty }
    package var displayValue: DisplayValue { .missing }

    package static func read(
        _ name: MemberName, from object: KeyedDecodingContainer<MemberName>
    ) throws -> Self {
        try object.decode(Self.self, forKey: name)
    }
}

/// A value on its way into a table, which knows how its reader writes numbers and which language is asked for.
package enum DisplayValue: Sendable, Equatable {
    case text(String)
    /// A count or an amount in digits.
    case count(String)
    /// A difference of amounts in digits, with its sign.
    case change(String)
    case percent(String)
    case words(LocalizedText)
    /// There is no such figure.
    case missing

    /// Without the separators and words of a language.
    fileprivate var plainText: String {
        switch self {
        case .text(let text), .count(let text), .change(let text), .percent(let text): text
        case .words(let words): words.en
        case .missing: ""
        }
    }

    /// Whether it is a number of nothing but zeros.
    var isZero: Bool {
        switch self {
        case .count(let digits), .change(let digits), .percent(let digits):
            !digits.contains { ("1"..."9").contains($0) }
        case .text, .words, .missing: false
        }
    }
}

/// The name of a member of a JSON object.
package struct MemberName: CodingKey, Sendable, Hashable {
    package let stringValue: String
    package var intValue: Int? { nil }

    package init(_ name: String) { stringValue = name }
    package init(stringValue: String) { self.stringValue = stringValue }
    package init?(intValue: Int) { nil }
}

extension JSONValue {
    /// A part of an answer inside another JSON value, such as problem details.
    package static func encoded(_ value: some FieldValue) -> JSONValue {
        var json: [UInt8] = []
        value.write(to: &json)
        return .encoded(json)
    }
}

// MARK: Types of the language

extension String: FieldValue {
    package static var schema: Schema { .text(TextSchema()) }
    package func write(to json: inout [UInt8]) { JSONValue.string(self).write(to: &json) }
    package var cell: CSVCell { .text(self) }
    package var displayValue: DisplayValue { .text(self) }
}

extension Int: FieldValue {
    package static var schema: Schema { .integer }
    package static var isNumber: Bool { true }
    package func write(to json: inout [UInt8]) { json.append(contentsOf: String(self).utf8) }
    package var cell: CSVCell { .count(self) }
    package var displayValue: DisplayValue { .text(String(self)) }
}

extension Bool: FieldValue {
    package static var schema: Schema { .boolean }
    package func write(to json: inout [UInt8]) {
        json.append(contentsOf: (self ? "true" : "false").utf8)
    }
    package var cell: CSVCell { .text(self ? "true" : "false") }
    package var displayValue: DisplayValue { .text(self ? "true" : "false") }
}

/// A value or `null`. A reader takes a member that isn't there for `null`, so that it understands an older server.
extension Optional: FieldValue where Wrapped: FieldValue {
    package static var schema: Schema { .nullable(Wrapped.schema) }
    package static var isNumber: Bool { Wrapped.isNumber }

    package func write(to json: inout [UInt8]) {
        if let self { self.write(to: &json) } else { json.append(contentsOf: "null".utf8) }
    }

    package var isUnset: Bool { self?.isUnset ?? false }
    package var cell: CSVCell { self?.cell ?? .empty }
    package var displayValue: DisplayValue { self?.displayValue ?? .missing }

    package static func read(
        _ name: MemberName, from object: KeyedDecodingContainer<MemberName>
    ) throws -> Self {
        try object.decodeIfPresent(Wrapped.self, forKey: name)
    }
}

/// Values stand in one cell, separated by spaces; objects have none.
extension Array: FieldValue where Element: FieldValue {
    package static var schema: Schema { .array(Element.schema) }

    package func write(to json: inout [UInt8]) {
        json.append(UInt8(ascii: "["))
        for (index, element) in enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            element.write(to: &json)
        }
        json.append(UInt8(ascii: "]"))
    }

    package var cell: CSVCell { joined(by: " ").map { .text($0) } ?? .empty }
    package var displayValue: DisplayValue { joined(by: ", ").map { .text($0) } ?? .missing }

    private func joined(by separator: String) -> String? {
        guard Element.schema.hasCell else { return nil }
        return map(\.displayValue.plainText).joined(separator: separator)
    }
}
