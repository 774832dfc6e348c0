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
            reportSyntax(error)
        } catch {
            report(line: 1, key: "", "is not YAML", "correct the file")
        }
    }

    private mutating func read(_ mapping: Node.Mapping, at place: [String]) {
        for (keyNode, node) in mapping {
            let line = keyNode.mark?.line ?? 1
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

    private mutating func keep(_ leaf: Leaf, at dotted: String) {
        leaves[dotted] = leaf
        order.append(dotted)
    }

    private mutating func report(line: Int, key: String, _ message: String, _ remedy: String) {
        problems.append(
            SettingsProblem(origin: .file(path: path, line: line), key: key, message: message, remedy: remedy))
    }

    private mutating func reportSyntax(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            report(line: mark.line, key: "", "is not YAML: \(problem)", "correct the line or its indentation")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "\"\($0)\"" }.joined(separator: ", ")
            report(line: context.mark.line, key: "", "gives \(names) twice", "keep one of them")
        default:
            report(line: 1, key: "", "is not YAML", "check that it is UTF-8 text")
        }
    }
}
