internal import UsageModel

/// What a format boils down to: the places that are read, in order of preference, and a tree of the names that lead to
/// them.
///
/// Sources are numbered so that those of one field are neighbours, the preferred one first. A record's finds are then
/// one 64-bit mask, and choosing among alternatives is a count of trailing zeros.
struct FieldPlan: Sendable {
    /// The most places that one format may read: a mask's bits.
    static let maxSources = 64
    /// A count that isn't there; beyond any that is allowed.
    static let absentCount = UInt64.max

    /// How names, counts and times of this format are to be understood.
    struct Rules: Sendable {
        /// Whether a name that isn't known is an error instead of something to skip.
        var refusesUnknownFields = false
        /// Whether a whole number stands for its digits where a name is wanted, and empty text for nothing.
        var isLenientAboutNames = true
        var acceptsDecimalStrings = false
        /// Whether `cacheRead` and `cacheWrite` are on top of `input` whatever else the record holds.
        var cacheIsAlwaysAdditional = false
        /// Whether no input count means none.
        var inputIsOptional = false
        /// Whether no output count means none, even where no total confirms it.
        var outputIsOptional = false
        var time = TimeFormat.automatic
    }

    var rules: Rules
    private(set) var sources: [FieldSource] = []
    /// For each field the mask of its sources.
    private(set) var masks = [UInt64](repeating: 0, count: EventField.count)
    /// By field, what the configuration says once for all records; `absentCount` where it says nothing.
    var constantCounts = [UInt64](repeating: FieldPlan.absentCount, count: EventField.count)
    var constantMinute: Int64?
    private(set) var nodes: [Node] = []
    private(set) var entries: [Entry] = []
    /// The bytes of each entry's name.
    private(set) var names: [[UInt8]] = []

    /// One object on the way to a source: a small open-addressing table of the names in it.
    struct Node: Sendable {
        var firstEntry: Int
        var entryMask: Int
        /// The place of the object itself, for errors.
        var name: String
    }

    /// One name in a node's table.
    struct Entry: Sendable {
        var key: KeyWords
        /// The source that the name's value is, or -1.
        var source: Int16
        /// The node that the name's object is, or -1.
        var node: Int16
    }

    init(rules: Rules) {
        self.rules = rules
    }

    func mask(_ field: EventField) -> UInt64 { masks[Int(field.rawValue)] }

    /// Adds the sources of one field, the preferred one first. Each inner array holds names for one and the same value.
    mutating func add(_ field: EventField, _ names: [String]) throws(SourceFormatError) -> Range<Int> {
        let first = sources.count
        for name in names {
            guard sources.count < FieldPlan.maxSources else {
                throw SourceFormatError(
                    setting: "\(field)", message: "more than \(FieldPlan.maxSources) places are read; name fewer")
            }
            masks[Int(field.rawValue)] |= 1 << UInt64(sources.count)
            sources.append(FieldSource(field: field, name: name))
        }
        return first..<sources.count
    }

    /// Lays out the tables from a finished tree.
    mutating func compile(_ tree: FieldTree) throws(SourceFormatError) {
        nodes = []
        entries = []
        names = []
        _ = try place(tree, name: "")
    }

    private mutating func place(_ tree: FieldTree, name: String) throws(SourceFormatError) -> Int {
        var size = 4
        while size < tree.children.count * 2 { size *= 2 }
        let index = nodes.count
        guard index < FieldPlan.maxSources else {
            throw SourceFormatError(
                setting: name, message: "more than \(FieldPlan.maxSources) objects lead to fields; name fewer")
        }
        let firstEntry = entries.count
        nodes.append(Node(firstEntry: firstEntry, entryMask: size - 1, name: name))
        entries.append(contentsOf: repeatElement(Entry(key: .none, source: -1, node: -1), count: size))
        names.append(contentsOf: repeatElement([], count: size))
        for child in tree.children {
            let path = name.isEmpty ? child.key : "\(name).\(child.key)"
            guard let key = KeyWords(configured: child.key) else {
                throw SourceFormatError(
                    setting: path,
                    message: "a field name has 1 to \(KeyWords.maxBytes) bytes, and no quotes, backslashes or controls")
            }
            var slot = key.hash & (size - 1)
            while !entries[firstEntry + slot].key.isNone { slot = (slot + 1) & (size - 1) }
            entries[firstEntry + slot] = Entry(key: key, source: child.source, node: -1)
            names[firstEntry + slot] = Array(child.key.utf8)
            if !child.tree.children.isEmpty {
                let node = try place(child.tree, name: path)
                entries[firstEntry + slot].node = Int16(node)
            }
        }
        return index
    }
}

/// Names as they are nested, before they become tables.
struct FieldTree {
    struct Child {
        var key: String
        var source: Int16
        var tree: FieldTree
    }

    private(set) var children: [Child] = []

    /// Makes the value at `path` the given source.
    mutating func insert(
        _ path: ArraySlice<String>, source: Int, setting: String
    ) throws(SourceFormatError) {
        guard let key = path.first, !key.isEmpty else {
            throw SourceFormatError(setting: setting, message: "a path is names joined by dots, none empty")
        }
        let rest = path.dropFirst()
        guard let index = children.firstIndex(where: { $0.key == key }) else {
            var child = Child(key: key, source: -1, tree: FieldTree())
            if rest.isEmpty {
                child.source = Int16(source)
            } else {
                try child.tree.insert(rest, source: source, setting: setting)
            }
            children.append(child)
            return
        }
        if rest.isEmpty {
            guard children[index].source < 0, children[index].tree.children.isEmpty else {
                throw SourceFormatError(setting: setting, message: "\(key) is already read for another field")
            }
            children[index].source = Int16(source)
        } else {
            guard children[index].source < 0 else {
                throw SourceFormatError(
                    setting: setting, message: "\(key) is read both as a value and an object")
            }
            try children[index].tree.insert(rest, source: source, setting: setting)
        }
    }

    mutating func insert(path: String, source: Int, setting: String) throws(SourceFormatError) {
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        try insert(names[...], source: source, setting: setting)
    }
}
