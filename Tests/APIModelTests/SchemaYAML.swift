import APIModel

/// The schemas of answers as they stand in the OpenAPI document, made from the fields of the types.
struct SchemaYAML {
    private(set) var text = ""
    private var written: Set<String> = []

    /// The schemas of some types and of everything that they are made of, each once, in the order in which they are
    /// met.
    init(of roots: [any APIObject.Type]) {
        for root in roots { add(root) }
    }

    private mutating func add(_ type: any APIObject.Type) {
        guard written.insert(type.schemaName).inserted else { return }
        let members = type.schemaMembers
        text += "    \(type.schemaName):\n"
        if let meaning = type.meaning { text += "      description: \(Self.scalar(meaning))\n" }
        text += "      type: object\n"
        let required = members.filter(\.isRequired).map(\.name)
        if !required.isEmpty { text += "      required: [\(required.joined(separator: ", "))]\n" }
        text += "      properties:\n"
        for member in members {
            let keywords = Self.keywords(of: member.schema)
            if let description = member.description {
                text += "        \(member.name):\n"
                for (key, value) in keywords { text += "          \(key): \(value)\n" }
                text += "          description: \(Self.scalar(description))\n"
            } else {
                text += "        \(member.name): \(Self.flow(keywords))\n"
            }
        }
        for member in members { addParts(of: member.schema) }
    }

    private mutating func add(_ type: any TextValue.Type) {
        guard written.insert(type.schemaName).inserted else { return }
        text += "    \(type.schemaName):\n"
        for (key, value) in Self.keywords(of: .text(type.text)) { text += "      \(key): \(value)\n" }
        text += "      description: \(Self.scalar(type.meaning))\n"
    }

    private mutating func addParts(of schema: Schema) {
        switch schema {
        case .text, .integer, .boolean: break
        case .named(let type): add(type)
        case .object(let type): add(type)
        case .array(let part), .nullable(let part): addParts(of: part)
        }
    }

    private typealias Keywords = [(key: String, value: String)]

    private static func keywords(of schema: Schema) -> Keywords {
        switch schema {
        case .integer: [("type", "integer")]
        case .boolean: [("type", "boolean")]
        case .array(let element): [("type", "array"), ("items", flow(keywords(of: element)))]
        case .named(let type): [("$ref", "'#/components/schemas/\(type.schemaName)'")]
        case .object(let type): [("$ref", "'#/components/schemas/\(type.schemaName)'")]
        case .text(let text): keywords(of: text)
        case .nullable(let schema): nullable(schema)
        }
    }

    private static func keywords(of text: TextSchema) -> Keywords {
        if text.values.count == 1 { return [("const", text.values[0])] }
        var keywords: Keywords = [("type", "string")]
        if let format = text.format { keywords.append(("format", format)) }
        if let pattern = text.pattern { keywords.append(("pattern", "'\(pattern)'")) }
        if !text.values.isEmpty { keywords.append(("enum", "[\(text.values.joined(separator: ", "))]")) }
        if let maxLength = text.maxLength { keywords.append(("maxLength", "\(maxLength)")) }
        return keywords
    }

    private static func nullable(_ schema: Schema) -> Keywords {
        switch schema {
        case .text(let text):
            var keywords: Keywords = [("type", "[string, 'null']")]
            if !text.values.isEmpty { keywords.append(("enum", "[\(text.values.joined(separator: ", ")), null]")) }
            return keywords
        case .integer: return [("type", "[integer, 'null']")]
        case .boolean: return [("type", "[boolean, 'null']")]
        case .array(let element): return [("type", "[array, 'null']"), ("items", flow(keywords(of: element)))]
        case .named, .object: return [("oneOf", "[\(flow(keywords(of: schema))), { type: 'null' }]")]
        case .nullable(let inner): return nullable(inner)
        }
    }

    private static func flow(_ keywords: Keywords) -> String {
        "{ " + keywords.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + " }"
    }

    /// A sentence as YAML: plain where that is safe, quoted otherwise.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            text.first?.isLetter == true && !text.contains(": ") && !text.contains(" #") && !text.hasSuffix(":")
        return isPlain ? text : "'\(text.replacing("'", with: "''"))'"
    }
}
