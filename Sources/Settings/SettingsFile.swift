internal import TextFormats

/// A YAML file taken apart into leaves with their lines.
struct SettingsFile {
    struct Leaf {
        var texts: [String]
        var isList: Bool
    }

    let path: String
    /// By dotted path.
    private(set) var leaves: [String: Leaf] = [:]
    /// Dotted paths of leaves in the order of the file.
    private(set) var order: [String] = []
    /// Dotted paths of keys that have nothing behind them, or a map without keys.
    private(set) var empty: [String] = []
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
        do throws(FileProblems) {
            guard let root = try YAMLValue.parseIfAny(yaml, file: path) else { return }
            guard case .map(let entries) = root.content else {
                report(line: root.line, key: "", "is not a map of settings", remedy: "write `key: value` lines")
                return
            }
            read(entries, at: [])
        } catch {
            for problem in error.problems {
                report(line: problem.line, key: "", problem.message, remedy: problem.remedy ?? "correct the file")
            }
        }
    }

    /// Whether the file may well say this, in a part that could not be read or as something else than a setting: then
    /// there is a problem already, and to call it missing would mislead.
    func mayHold(_ path: String) -> Bool {
        unreadable.contains { $0.isEmpty || path == $0 || path.hasPrefix($0 + ".") }
            || empty.contains(path)
            || order.contains { path.hasPrefix($0 + ".") || $0.hasPrefix(path + ".") }
    }

    private mutating func read(_ entries: [YAMLValue.Entry], at place: [String]) {
        for entry in entries {
            let path = (place + [entry.key]).joined(separator: ".")
            if let nested = Self.nested(entry.key) {
                report(line: entry.line, key: path, "is written with dots", remedy: nested)
            } else if entry.key.isEmpty || entry.key.contains(".") {
                report(
                    line: entry.line, key: place.joined(separator: "."), "holds a key that is not a plain word",
                    remedy: "write keys as words, nested under each other")
            } else {
                lines[path] = entry.line
                read(entry, at: place + [entry.key], path: path)
            }
        }
    }

    private mutating func read(_ entry: YAMLValue.Entry, at place: [String], path: String) {
        switch entry.value.content {
        case .null, .map([]): empty.append(path)
        case .scalar(let text): keep(Leaf(texts: [text], isList: false), at: path)
        case .map(let entries): read(entries, at: place)
        case .list(let items):
            var texts: [String] = []
            for item in items {
                guard case .scalar(let text) = item.content else {
                    report(
                        line: item.line, key: path, "holds a list element that is not a plain value",
                        remedy: "give plain values")
                    return
                }
                texts.append(text)
            }
            keep(Leaf(texts: texts, isList: true), at: path)
        }
    }

    /// How to write a key with dots; `nil` for one without, or with nothing between them.
    private static func nested(_ key: String) -> String? {
        let words = key.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count > 1, words.allSatisfy({ !$0.isEmpty }) else { return nil }
        return "nest it: " + words.map { "`\($0):`" }.joined(separator: ", and indented below it ")
            + "; names that you give hold no dots"
    }

    private mutating func keep(_ leaf: Leaf, at path: String) {
        leaves[path] = leaf
        order.append(path)
    }

    private mutating func report(line: Int, key: String, _ message: String, remedy: String) {
        unreadable.append(key)
        problems.append(
            SettingsProblem(origin: .file(path: path, line: line), key: key, message: message, remedy: remedy))
    }
}
