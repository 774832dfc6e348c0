internal import Yams

/// A YAML file as plain values that remember their lines, so that every mistake in it can be named by line and key.
package struct YAMLValue: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// A scalar as written. A plain (unquoted) `null`, `~` or nothing at all is ``null``.
        case scalar(String)
        case list([YAMLValue])
        case map([Entry])
        case null
    }

    package struct Entry: Sendable, Hashable {
        package var key: String
        /// The line of the key, from 1.
        package var line: Int
        package var value: YAMLValue
    }

    package var content: Content
    /// The line that the value starts on, from 1.
    package var line: Int

    package init(content: Content, line: Int) {
        self.content = content
        self.line = line
    }

    /// The deepest nesting that is read.
    package static let maxDepth = 32
    /// The largest file that is read, in bytes.
    package static let maxBytes = 1 << 20

    /// Reads a file that holds one YAML document. Anchors and aliases are refused: they hide what is counted.
    package static func parse(_ text: String, file: String) throws(FileProblems) -> YAMLValue {
        do {
            return try value(of: text)
        } catch let problem as FileProblem {
            throw FileProblems(file: file, problems: [problem])
        } catch {
            throw FileProblems(file: file, problems: [problem(of: error)])
        }
    }

    private static func value(of text: String) throws -> YAMLValue {
        guard text.utf8.count <= maxBytes else {
            throw FileProblem(line: 1, message: "the file is longer than \(maxBytes) bytes")
        }
        let parser = try Yams.Parser(yaml: text)
        guard let node = try parser.singleRoot() else {
            throw FileProblem(line: 1, message: "the file is empty")
        }
        // Nodes refer to their anchors weakly: the parser holds them.
        return try withExtendedLifetime(parser) { try YAMLValue(node, depth: 0) }
    }

    private static func problem(of error: any Error) -> FileProblem {
        guard let error = error as? YamlError else { return FileProblem(line: 1, message: "\(error)") }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return FileProblem(line: mark.line, message: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.map { "'\($0.excerpt)'" }.joined(separator: ", ")
            let line = line(repeating: duplicates.first ?? "", in: context.text, from: context.mark.line)
            return FileProblem(line: line, message: "the key \(keys) is there twice")
        default:
            return FileProblem(line: 1, message: "not YAML: \(error)")
        }
    }
}

extension YAMLValue {
    /// Where a key of a map stands for the second time: the parser only says where the map's keys begin.
    private static func line(repeating key: String, in text: String, from first: Int) -> Int {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().dropFirst(first - 1)
        let places = lines.filter { _, line in
            line.drop { $0 == " " || $0 == "-" || $0 == "{" }.hasPrefix("\(key):")
        }
        return places.dropFirst().first.map { $0.offset + 1 } ?? first
    }

    private init(_ node: Node, depth: Int) throws {
        let line = node.mark?.line ?? 1
        guard depth < Self.maxDepth else {
            throw FileProblem(line: line, message: "nested deeper than \(Self.maxDepth) levels")
        }
        guard node.anchor == nil else { throw FileProblem(line: line, message: "anchors and aliases are not allowed") }
        switch node {
        case .scalar(let scalar):
            guard scalar.string.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x09 }) else {
                throw FileProblem(line: line, message: "a value holds a control character")
            }
            let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            self.init(content: isNull ? .null : .scalar(scalar.string), line: line)
        case .sequence(let sequence):
            self.init(content: .list(try sequence.map { try YAMLValue($0, depth: depth + 1) }), line: line)
        case .mapping(let mapping):
            let entries = try mapping.map { key, value in
                guard case .scalar(let name) = key else {
                    throw FileProblem(line: key.mark?.line ?? line, message: "a key must be a plain word")
                }
                return Entry(
                    key: name.string, line: key.mark?.line ?? line, value: try YAMLValue(value, depth: depth + 1))
            }
            self.init(content: .map(entries), line: line)
        case .alias:
            throw FileProblem(line: line, message: "anchors and aliases are not allowed")
        }
    }

    /// What the value is, for a message.
    package var kindName: String {
        switch content {
        case .scalar: "a single value"
        case .list: "a list"
        case .map: "a map"
        case .null: "nothing"
        }
    }
}
