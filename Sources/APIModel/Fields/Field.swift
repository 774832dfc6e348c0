internal import Scopes
package import TextFormats

/// One member of an ``APIObject``, declared once: its name in JSON and CSV, the property that holds it, its headings in
/// tables, and the sentence of the OpenAPI document.
///
/// A field without a heading stands in no table. A nested object, or an array of objects, is no column.
package struct Field<Root: Sendable>: Sendable {
    let members: [SchemaMember]
    let columns: [Column<Root>]
    let write: @Sendable (Root, inout MemberWriter) -> Void
    let read: @Sendable (inout Root, KeyedDecodingContainer<MemberName>) throws -> Void

    /// Whether, and how, a field stands in CSV.
    package enum CSVUse: Sendable {
        case included
        case left
        /// Under another name.
        case named(String)
    }

    /// A member that is always written, be it as `null`.
    ///
    /// - Parameters:
    ///   - en: the English heading of its column.
    ///   - zh: the Chinese heading.
    ///   - meaning: what it is, in which unit, and when it is `null`.
    ///   - values: all texts that it can be.
    ///   - maxLength: of a text that is sent, in bytes of UTF-8.
    ///   - isBlank: whether tables leave a cell without a value empty, in place of a dash.
    ///   - hidesZeros: whether tables leave the column out where every row has 0.
    ///   - absent: what a reader takes for the value where the member isn't there, because an older server wrote the
    ///     answer; `nil` where it must be there.
    package init<Value: FieldValue>(
        _ name: String, _ path: Property<Root, Value>, en: String? = nil, zh: String? = nil,
        means meaning: String? = nil, values: [String] = [], maxLength: Int? = nil, csv: CSVUse = .included,
        isBlank: Bool = false, hidesZeros: Bool = false, ifAbsent absent: Value? = nil
    ) {
        var isPresent: (@Sendable (Root) -> Bool)?
        if hidesZeros { isPresent = { !$0[keyPath: path].displayValue.isZero } }
        self.init(
            name, path, heading: Self.heading(en: en, zh: zh), means: meaning,
            schema: Value.schema.limited(to: values, maxLength: maxLength), csv: csv, isBlank: isBlank,
            isPresent: isPresent, isOmitted: nil, ifAbsent: absent)
    }

    /// A member that is not there at all where it has no value.
    package static func whenSet<Value: FieldValue>(
        _ name: String, _ path: Property<Root, Value?>, en: String? = nil, zh: String? = nil,
        means meaning: String? = nil, maxLength: Int? = nil, csv: CSVUse = .included
    ) -> Field {
        Field(
            name, path, heading: heading(en: en, zh: zh), means: meaning,
            schema: Value.schema.limited(to: [], maxLength: maxLength), csv: csv, isBlank: false,
            isPresent: { $0[keyPath: path] != nil }, isOmitted: { $0[keyPath: path] == nil }, ifAbsent: nil)
    }

    private init<Value: FieldValue>(
        _ name: String, _ path: Property<Root, Value>, heading: LocalizedText?, means meaning: String?, schema: Schema,
        csv: CSVUse, isBlank: Bool, isPresent: (@Sendable (Root) -> Bool)?, isOmitted: (@Sendable (Root) -> Bool)?,
        ifAbsent absent: Value?
    ) {
        members = [SchemaMember(name: name, schema: schema, description: meaning, isRequired: isOmitted == nil)]
        columns =
            Value.schema.hasCell
            ? [
                Column(
                    csvName: csv.name(of: name), heading: heading, isNumber: Value.isNumber, isBlank: isBlank,
                    isPresent: isPresent, path: { path }, cell: { $0[keyPath: path].cell },
                    displayValue: { $0[keyPath: path].displayValue })
            ] : []
        let (key, member) = (MemberWriter.key(name), MemberName(name))
        write = { root, output in
            guard isOmitted?(root) != true else { return }
            let value = root[keyPath: path]
            precondition(!value.isUnset, "\(Root.self): nobody set \(name)")
            output.append(key, value)
        }
        read = { root, object in
            if let absent, !object.contains(member) {
                root[keyPath: path] = absent
            } else {
                root[keyPath: path] = try Value.read(member, from: object)
            }
        }
    }

    private init(
        members: [SchemaMember], columns: [Column<Root>],
        write: @escaping @Sendable (Root, inout MemberWriter) -> Void,
        read: @escaping @Sendable (inout Root, KeyedDecodingContainer<MemberName>) throws -> Void
    ) {
        self.members = members
        self.columns = columns
        self.write = write
        self.read = read
    }

    private static func heading(en: String?, zh: String?) -> LocalizedText? {
        guard let en, let zh else {
            precondition(en == nil && zh == nil, "a heading in one language only: \(en ?? zh ?? "")")
            return nil
        }
        return LocalizedText(en: en, zh: zh)
    }
}

extension Field.CSVUse {
    fileprivate func name(of field: String) -> String? {
        switch self {
        case .included: field
        case .left: nil
        case .named(let name): name
        }
    }
}

// MARK: Members that several objects share

extension Field {
    /// The members of another object, which stand among the object's own.
    package static func group<Group: APIObject>(_ path: Property<Root, Group>) -> Field {
        Field(
            members: Group.schemaMembers, columns: Group.columns.map { $0.at(path) },
            write: { root, output in
                let group = root[keyPath: path]
                for field in Group.fields { field.write(group, &output) }
            },
            read: { root, object in
                var group = Group()
                for field in Group.fields { try field.read(&group, object) }
                root[keyPath: path] = group
            })
    }

    /// The members of another object that are there all together, or not at all.
    ///
    /// - Parameter otherwise: the group whose cells CSV has where there is none.
    package static func groupWhenSet<Group: APIObject>(
        _ path: Property<Root, Group?>, otherwise: Group? = nil
    ) -> Field {
        let names = Group.schemaMembers.filter(\.isRequired).map { MemberName($0.name) }
        return Field(
            members: Group.schemaMembers.map {
                SchemaMember(
                    name: $0.name, schema: $0.schema, description: $0.description, isRequired: false)
            },
            columns: Group.columns.map { column in
                var column = column.at(path, otherwise: otherwise)
                column.isPresent = { $0[keyPath: path] != nil }
                return column
            },
            write: { root, output in
                guard let group = root[keyPath: path] else { return }
                for field in Group.fields { field.write(group, &output) }
            },
            read: { root, object in
                guard names.contains(where: object.contains) else {
                    root[keyPath: path] = nil
                    return
                }
                var group = Group()
                for field in Group.fields { try field.read(&group, object) }
                root[keyPath: path] = group
            })
    }

    /// Members whose names depend on the question: which of `names` are there, the values say.
    ///
    /// - Parameter cell: what CSV has in place of a value.
    package static func named(
        _ path: Property<Root, [NamedText]>, among names: [String], isNullable: Bool,
        means meaning: String? = nil, cell: (@Sendable (Root) -> CSVCell)? = nil
    ) -> Field {
        let schema: Schema = isNullable ? .nullable(String.schema) : String.schema
        return Field(
            members: names.map {
                SchemaMember(name: $0, schema: schema, description: meaning, isRequired: false)
            },
            columns: [Column(namedBy: path, cell: cell)],
            write: { root, output in
                for value in root[keyPath: path] { output.append(MemberWriter.key(value.name), value.text) }
            },
            read: { root, object in
                var values: [NamedText] = []
                for name in names where object.contains(MemberName(name)) {
                    values.append(
                        NamedText(name, try object.decodeIfPresent(String.self, forKey: MemberName(name))))
                }
                root[keyPath: path] = values
            })
    }
}

/// A member whose name depends on the question, such as `provider` or `model`.
package struct NamedText: Sendable, Equatable {
    package var name: String
    package var text: String?

    package init(_ name: String, _ text: String?) {
        self.name = name
        self.text = text
    }
}

extension [NamedText] {
    /// The text under a name, if there is one.
    package subscript(name: String) -> String? { first { $0.name == name }?.text }
}

/// Key paths of properties, which fields keep.
package typealias Property<Root, Value> = any WritableKeyPath<Root, Value> & Sendable
package typealias ReadableProperty<Root, Value> = any KeyPath<Root, Value> & Sendable
