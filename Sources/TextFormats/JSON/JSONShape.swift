/// What a request may be: its members with their types. Nothing else is taken.
package indirect enum JSONShape: Sendable, Equatable {
    case text
    /// A whole number from 0.
    case count
    case integer
    case boolean
    case list(of: JSONShape)
    case object([Member])

    package struct Member: Sendable, Equatable {
        package var name: String
        package var shape: JSONShape
        package var isRequired: Bool

        package init(_ name: String, _ shape: JSONShape, isRequired: Bool = true) {
            self.name = name
            self.shape = shape
            self.isRequired = isRequired
        }
    }

    /// What it is called in a sentence.
    private var name: String {
        switch self {
        case .text: "a text"
        case .count: "a whole number from 0"
        case .integer: "a whole number"
        case .boolean: "true or false"
        case .list: "a list"
        case .object: "an object"
        }
    }

    /// Checks a request.
    ///
    /// `null` is no value: who means that a member isn't there leaves it out. A script whose variable is empty would
    /// otherwise ask for something else than it says.
    ///
    /// - Throws: ``JSONReadingError`` for the first member that is unknown, missing or of another type.
    package func check(_ value: JSONValue, at place: String = "") throws(JSONReadingError) {
        switch (self, value) {
        case (.text, .string), (.integer, .integer), (.boolean, .bool): return
        case (.count, .integer(let number)) where number >= 0: return
        case (.list(let shape), .array(let elements)):
            for (index, element) in elements.enumerated() {
                try shape.check(element, at: Self.place("\(index)", in: place))
            }
        case (.object(let known), .object(let members)): try Self.check(members, against: known, at: place)
        default:
            let subject = place.isEmpty ? "The body" : place
            let remedy = value == .null ? "; leave it out, or give a value" : ""
            throw JSONReadingError("\(subject) must be \(name), not \(value.kindName)\(remedy).", place: place)
        }
    }

    private static func check(
        _ members: [JSONMember], against known: [Member], at place: String
    ) throws(JSONReadingError) {
        let names = known.map(\.name)
        for member in members {
            let inner = Self.place(member.name.excerpt, in: place)
            guard let declared = known.first(where: { $0.name.utf8.elementsEqual(member.name.utf8) }) else {
                let near = Nearest.match(member.name.lowercased(), among: names)
                let hint = near.map { "did you mean \($0)?" } ?? "known here: \(names.joined(separator: ", "))."
                throw JSONReadingError("\(inner) is not known here; \(hint)", place: inner)
            }
            try declared.shape.check(member.value, at: inner)
        }
        for member in known where member.isRequired && !members.contains(where: { $0.name == member.name }) {
            let missing = Self.place(member.name, in: place)
            throw JSONReadingError("\(missing) is missing.", place: missing)
        }
    }

    private static func place(_ name: String, in outer: String) -> String {
        outer.isEmpty ? name : "\(outer).\(name)"
    }
}

/// The body of a request, whose members are declared beside it.
package protocol JSONRequest: Decodable, Sendable {
    static var shape: JSONShape { get }
}
