/// A JSON object of the API: an answer, or a part of one.
///
/// Its ``fields`` are the only place that names its members. JSON and CSV are written from them, the command line reads
/// by them and takes its headings from them, and the schema in Protocols/openapi.yaml is held equal to them.
package protocol APIObject: FieldValue {
    /// An object whose members still have to be set.
    init()

    /// The members, in the order in which they are written.
    static var fields: [Field<Self>] { get }
    /// What its schema says of the whole.
    static var meaning: String? { get }
}

extension APIObject {
    package static var meaning: String? { nil }
    package static var schema: Schema { .object(Self.self) }
    /// Its name among the document's schemas.
    package static var schemaName: String { "\(Self.self)" }
    package static var schemaMembers: [SchemaMember] { fields.flatMap(\.members) }

    /// What CSV and tables can show of it, groups opened up.
    package static var columns: [Column<Self>] { fields.flatMap(\.columns) }

    /// An object that `fill` completes.
    package init(_ fill: (inout Self) -> Void) {
        self.init()
        fill(&self)
    }

    package init(from decoder: any Decoder) throws {
        self.init()
        let object = try decoder.container(keyedBy: MemberName.self)
        for field in Self.fields { try field.read(&self, object) }
    }

    package func write(to json: inout [UInt8]) {
        json.append(UInt8(ascii: "{"))
        // One owner at a time: what stands there already isn't copied for each object.
        var members = MemberWriter()
        swap(&members.json, &json)
        for field in Self.fields { field.write(self, &members) }
        swap(&members.json, &json)
        json.append(UInt8(ascii: "}"))
    }

    /// The object as UTF-8 text, compact, without a trailing newline.
    package var json: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }
}

/// Writes the members of one object.
struct MemberWriter {
    var json: [UInt8] = []
    private var isFirst = true

    /// - Parameter key: the quoted name and the colon.
    mutating func append(_ key: [UInt8], _ value: some FieldValue) {
        if !isFirst { json.append(UInt8(ascii: ",")) }
        isFirst = false
        json.append(contentsOf: key)
        value.write(to: &json)
    }

    static func key(_ name: String) -> [UInt8] {
        var key: [UInt8] = []
        name.write(to: &key)
        key.append(UInt8(ascii: ":"))
        return key
    }
}
