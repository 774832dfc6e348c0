/// What the OpenAPI document says of a type.
package indirect enum Schema: Sendable {
    case text(TextSchema)
    case integer
    case boolean
    case array(Schema)
    /// A text with a name of its own among the document's schemas.
    case named(any TextValue.Type)
    case object(any APIObject.Type)
    case nullable(Schema)

    /// The same, limited to some texts or to a length.
    func limited(to values: [String], maxLength: Int?) -> Schema {
        guard !values.isEmpty || maxLength != nil else { return self }
        switch self {
        case .text: return .text(TextSchema(values: values, maxLength: maxLength))
        case .array(let element): return .array(element.limited(to: values, maxLength: maxLength))
        case .nullable(let schema): return .nullable(schema.limited(to: values, maxLength: maxLength))
        case .integer, .boolean, .named, .object: preconditionFailure("only texts are limited: \(self) to \(values)")
        }
    }

    /// Whether CSV and tables have one cell for it.
    var hasCell: Bool {
        switch self {
        case .object, .array(.object): false
        case .nullable(let schema): schema.hasCell
        case .text, .integer, .boolean, .array, .named: true
        }
    }
}

/// Which texts a string may be.
package struct TextSchema: Sendable, Equatable {
    package var format: String?
    /// A regular expression.
    package var pattern: String?
    /// Every text that there is; empty for any.
    package var values: [String] = []
    /// Of a text that is sent, in bytes of UTF-8.
    package var maxLength: Int?
}

/// One member of an object, as its schema has it.
package struct SchemaMember: Sendable {
    package let name: String
    package let schema: Schema
    package let description: String?
    /// Whether it is always there, be it as `null`.
    package let isRequired: Bool
}
