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

    /// Reads a file that must hold a YAML document. Anchors and aliases are refused: they hide what is counted.
    package static func parse(_ text: String, file: String) throws(FileProblems) -> YAMLValue {
        guard let value = try parseIfAny(text, file: file) else {
            throw FileProblems(file: file, problems: [FileProblem(line: 1, message: "the file is empty")])
        }
        return value
    }

    /// As ``parse(_:file:)``, of a file that may hold no document; `nil` where it says nothing.
    ///
    /// - Throws: every repeated key, or the first of other mistakes.
    package static func parseIfAny(_ text: String, file: String) throws(FileProblems) -> YAMLValue? {
        do {
            guard text.utf8.count <= maxBytes else {
                throw FileProblem(line: 1, message: "the file is longer than \(maxBytes) bytes")
            }
            let parser = try Yams.Parser(yaml: text)
            guard let node = try parser.singleRoot() else { return nil }
            // Nodes refer to their anchors weakly: the parser holds them.
            return try withExtendedLifetime(parser) { try YAMLValue(node, depth: 0) }
        } catch let problem as FileProblem {
            throw FileProblems(file: file, problems: [problem])
        } catch let error as YamlError {
            throw FileProblems(file: file, problems: problems(of: error, in: text))
        } catch {
            throw FileProblems(file: file, problems: [FileProblem(line: 1, message: "is not YAML: \(error)")])
        }
    }

    private static func problems(of error: YamlError, in text: String) -> [FileProblem] {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return [
                FileProblem(
                    line: mark.line, message: "is not YAML: \(problem)",
                    remedy: "correct the line or its indentation")
            ]
        case .duplicatedKeysInMapping(let keys, let context):
            return keys.map { key in
                let lines = RepeatedKeys.lines(of: key, besides: context.mark, in: text)
                let first = lines.first ?? context.mark.line
                let place = lines.count > 1 ? ", first in line \(first)" : ""
                return FileProblem(
                    line: lines.dropFirst().first ?? first, message: "gives \"\(key.excerpt)\" twice\(place)",
                    remedy: "keep one of them")
            }
        default:
            return [FileProblem(line: 1, message: "is not YAML", remedy: "check that it is UTF-8 text")]
        }
    }
}

extension YAMLValue {
    private init(_ node: Node, depth: Int) throws {
        let line = node.mark?.line ?? 1
        guard depth < Self.maxDepth else {
            throw FileProblem(line: line, message: "nested deeper than \(Self.maxDepth) levels")
        }
        guard node.anchor == nil else {
            throw FileProblem(line: line, message: "anchors and aliases are not allowed", remedy: "write the value out")
        }
        try Self.refuseTag(of: node, line: line)
        switch node {
        case .scalar(let scalar):
            guard scalar.string.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x09 }) else {
                throw FileProblem(line: line, message: "a value holds a control character")
            }
            let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            self.init(content: isNull ? .null : .scalar(scalar.string), line: line)
        case .sequence(let sequence):
            let items = try sequence.map { try YAMLValue($0, depth: depth + 1) }
            self.init(content: .list(items), line: line)
        case .mapping(let mapping):
            var keys: Set<String> = []
            let entries = try mapping.map { key, value in
                guard case .scalar(let name) = key else {
                    throw FileProblem(line: key.mark?.line ?? line, message: "a key must be a plain word")
                }
                // To the parser a key with a tag, or in quotes, may be another one.
                guard keys.insert(name.string).inserted else {
                    throw FileProblem(
                        line: key.mark?.line ?? line, message: "gives \"\(name.string.excerpt)\" twice",
                        remedy: "keep one of them")
                }
                return Entry(
                    key: name.string, line: key.mark?.line ?? line,
                    value: try YAMLValue(value, depth: depth + 1))
            }
            self.init(content: .map(entries), line: line)
        case .alias:
            throw FileProblem(line: line, message: "anchors and aliases are not allowed", remedy: "write the value out")
        }
    }

    /// Tags would say of what kind a value is, and nothing here listens to them. What quotes and braces say by
    /// themselves is no tag.
    private static func refuseTag(of node: Node, line: Int) throws(FileProblem) {
        let (tag, own) =
            switch node {
            case .scalar(let scalar): ("\(scalar.tag)", Tag.Name.str)
            case .sequence(let sequence): ("\(sequence.tag)", Tag.Name.seq)
            case .mapping(let mapping): ("\(mapping.tag)", Tag.Name.map)
            case .alias: ("", Tag.Name.implicit)
            }
        guard tag == Tag.Name.implicit.rawValue || tag == own.rawValue else {
            throw FileProblem(
                line: line, message: "tags such as \(tag.excerpt) are not allowed", remedy: "write the value alone")
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
