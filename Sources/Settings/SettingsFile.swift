internal import Yams

/// A YAML file taken apart into leaves with their lines.
struct SettingsFile {
    struct Leaf {
        var texts: [String]
        var isList: Bool
        var line: Int
    }

    /// The most bytes that a configuration file may have.
    static let maxBytes = 1 << 20
    /// The deepest nesting, in levels.
    static let maxDepth = 8

    let path: String
    /// By dotted path.
    private(set) var leaves: [String: Leaf] = [:]
    /// Dotted paths of leaves in the order of the file.
    private(set) var order: [String] = []
    /// Lines of maps and leaves by dotted path.
    private(set) var lines: [String: Int] = [:]
    private(set) var problems: [SettingsProblem] = []
    /// Dotted paths of the parts that could not be read; an empty one is the file as a whole.
    private var unreadable: [String] = []

    init(path: String) {
        self.path = path
    }

    init(path: String, yaml: String) {
        self.path = path
        do {
            guard let root = try Yams.compose(yaml: yaml) else { return }
            guard let mapping = root.mapping else {
                report(line: root.mark?.line ?? 1, key: "", "is not a map of settings", "write `key: value` lines")
                return
            }
            read(mapping, at: [])
        } catch let error as YamlError {
            reportSyntax(error, in: yaml)
        } catch {
            report(line: 1, key: "", "is not YAML", "correct the file")
        }
    }

    /// Whether the file may well say this, in a part that could not be read or as something else than a setting: then
    /// there is a problem already, and to call it missing would mislead.
    func mayHold(_ path: String) -> Bool {
        unreadable.contains { $0.isEmpty || path == $0 || path.hasPrefix($0 + ".") }
            || order.contains { path.hasPrefix($0 + ".") || $0.hasPrefix(path + ".") }
    }

    private mutating func read(_ mapping: Node.Mapping, at place: [String]) {
        for (keyNode, node) in mapping {
            let line = keyNode.mark?.line ?? 1
            if let key = keyNode.scalar?.string, let nested = Self.nested(key) {
                report(line: line, key: (place + [key]).joined(separator: "."), "is written with dots", nested)
                continue
            }
            guard let key = keyNode.scalar?.string, !key.isEmpty, !key.contains(".") else {
                report(
                    line: line, key: place.joined(separator: "."), "holds a key that is not a plain word",
                    "write keys as words, nested under each other")
                continue
            }
            let inner = place + [key]
            let dotted = inner.joined(separator: ".")
            if lines[dotted] != nil {
                report(line: line, key: dotted, "is given twice", "keep one of them")
                continue
            }
            lines[dotted] = line
            read(node, at: inner, dotted: dotted, line: line)
        }
    }

    private mutating func read(_ node: Node, at place: [String], dotted: String, line: Int) {
        switch node {
        case .scalar(let scalar):
            let isNull = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            if !isNull { keep(Leaf(texts: [scalar.string], isList: false, line: line), at: dotted) }
        case .sequence(let sequence):
            var texts: [String] = []
            for element in sequence {
                guard let scalar = element.scalar else {
                    report(
                        line: element.mark?.line ?? line, key: dotted, "holds a list element that is not a plain value",
                        "give plain values")
                    return
                }
                texts.append(scalar.string)
            }
            keep(Leaf(texts: texts, isList: true, line: line), at: dotted)
        case .mapping(let mapping):
            guard place.count < Self.maxDepth else {
                report(line: line, key: dotted, "is nested too deep", "settings have at most \(Self.maxDepth) levels")
                return
            }
            read(mapping, at: place)
        case .alias:
            report(line: line, key: dotted, "is an alias", "write the value out")
        }
    }

    /// How to write a key with dots; `nil` for one without, or with nothing between them.
    private static func nested(_ key: String) -> String? {
        let words = key.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count > 1, words.allSatisfy({ !$0.isEmpty }) else { return nil }
        return "nest it: " + words.map { "`\($0):`" }.joined(separator: ", and indented below it ")
            + "; names that you give hold no dots"
    }

    private mutating func keep(_ leaf: Leaf, at dotted: String) {
        leaves[dotted] = leaf
        order.append(dotted)
    }

    private mutating func report(line: Int, key: String, _ message: String, _ remedy: String) {
        unreadable.append(key)
        problems.append(
            SettingsProblem(origin: .file(path: path, line: line), key: key, message: message, remedy: remedy))
    }

    private mutating func reportSyntax(_ error: YamlError, in yaml: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            report(line: mark.line, key: "", "is not YAML: \(problem)", "correct the line or its indentation")
        case .duplicatedKeysInMapping(let keys, let context):
            for key in keys {
                // The parser tells one line for all of them, and that of a first one.
                let lines = RepeatedKeys.lines(of: key, besides: context.mark, in: yaml)
                let first = lines.first ?? context.mark.line
                report(
                    line: lines.dropFirst().first ?? first, key: "",
                    "gives \"\(key)\" twice\(lines.count > 1 ? ", first in line \(first)" : "")", "keep one of them")
            }
        default:
            report(line: 1, key: "", "is not YAML", "check that it is UTF-8 text")
        }
    }
}
