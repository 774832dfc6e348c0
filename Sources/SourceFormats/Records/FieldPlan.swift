internal import UsageModel

/// What a format boils down to: the places that are read, in order of preference, and a tree of the names that lead to
/// them.
///
/// Sources are numbered so that those of one field are neighbours, the preferred one first. A record's finds are then
/// one 64-bit mask, and choosing among alternatives is a count of trailing zeros.
struct FieldPlan: Sendable {
    /// The most places that one format may read: a mask's bits.
    static let maxSources = 64
    /// The most objects that may lead to them.
    static let maxNodes = 128
    /// A count that isn't there; beyond any that is allowed.
    static let absentCount = UInt64.max

    /// How names, counts and times of this format are to be understood.
    struct Rules: Sendable {
        /// Whether a name that isn't known is an error instead of something to skip.
        var refusesUnknownFields = false
        /// Whether a whole number stands for its digits where a name is wanted, and empty text for nothing.
        var isLenientAboutNames = true
        var acceptsDecimalStrings = false
        /// Whether what came from a cache or went into it is on top of the input, whatever else the record says.
        var cacheIsAlwaysAdditional = false
        /// Whether reasoning is on top of the output, whatever else the record says.
        var reasoningIsAlwaysAdditional = false
        /// Whether the shapes of `usage` objects are told apart, and repaired where ``UsageRepair`` has a rule.
        var tellsUsageShapes = false
        /// Whether counts are a sender's estimate only where they come without details of the cache.
        var detailsProveCounts = false
        /// Whether no input count means none.
        var inputIsOptional = false
        /// Whether no output count means none, even where no total confirms it.
        var outputIsOptional = false
        var time = TimeFormat.automatic
    }

    var rules: Rules
    private(set) var sources: [FieldSource] = []
    private(set) var masks = FieldMasks()
    /// By field, what the configuration says once for all records; `absentCount` where it says nothing.
    private(set) var constantCounts = [UInt64](repeating: FieldPlan.absentCount, count: EventField.count)
    /// The sources whose senders leave counts out that are 0.
    private(set) var zeroOmitters: UInt64 = 0
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

    /// Says once for all records what a count is where they have no value.
    mutating func setConstant(_ field: EventField, to count: UInt64) {
        constantCounts[Int(field.rawValue)] = count
    }

    /// Says that whoever writes this source leaves counts out that are 0.
    mutating func noteThatZerosAreLeftOut(with source: Int) {
        zeroOmitters |= 1 << UInt64(source)
    }

    /// Adds a field's sources, the preferred one first, and the way to each.
    mutating func add(
        _ field: EventField, paths: [String], to tree: inout FieldTree, setting: String
    ) throws(SourceFormatError) {
        let range = try add(field, paths, setting: setting)
        for (source, path) in zip(range, paths) { try tree.insert(path: path, source: source, setting: setting) }
    }

    /// Adds the sources of one field, the preferred one first.
    ///
    /// - Parameter setting: the setting that names them, for errors.
    mutating func add(
        _ field: EventField, _ names: [String], setting: String
    ) throws(SourceFormatError) -> Range<Int> {
        let first = sources.count
        for name in names {
            guard sources.count < FieldPlan.maxSources else {
                throw SourceFormatError(
                    setting: setting, message: "more than \(FieldPlan.maxSources) places are read",
                    remedy: "name fewer")
            }
            masks[field] |= 1 << UInt64(sources.count)
            sources.append(FieldSource(field: field, name: name))
        }
        return first..<sources.count
    }

    /// Lays out the tables from a finished tree.
    mutating func compile(_ tree: FieldTree) throws(SourceFormatError) {
        nodes = []
        entries = []
        names = []
        _ = try place(tree, name: "", setting: "")
    }

    private mutating func place(_ tree: FieldTree, name: String, setting: String) throws(SourceFormatError) -> Int {
        var size = 4
        while size < tree.children.count * 2 { size *= 2 }
        let index = nodes.count
        guard index < FieldPlan.maxNodes else {
            throw SourceFormatError(
                setting: setting, message: "more than \(FieldPlan.maxNodes) objects lead to fields",
                remedy: "name fewer paths")
        }
        let firstEntry = entries.count
        nodes.append(Node(firstEntry: firstEntry, entryMask: size - 1, name: name))
        entries.append(contentsOf: repeatElement(Entry(key: .none, source: -1, node: -1), count: size))
        names.append(contentsOf: repeatElement([], count: size))
        for child in tree.children {
            let path = name.isEmpty ? child.key : "\(name).\(child.key)"
            guard let key = KeyWords(configured: child.key) else {
                throw SourceFormatError(
                    setting: child.setting, message: "\(child.key) can't be a field's name",
                    remedy: "use 1 to \(KeyWords.maxBytes) bytes without quotes, backslashes and controls")
            }
            var slot = key.hash & (size - 1)
            while !entries[firstEntry + slot].key.isNone { slot = (slot + 1) & (size - 1) }
            entries[firstEntry + slot] = Entry(key: key, source: child.source, node: -1)
            names[firstEntry + slot] = Array(child.key.utf8)
            if !child.tree.children.isEmpty {
                let node = try place(child.tree, name: path, setting: child.setting)
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
        /// The setting that named it first, for errors.
        var setting: String
    }

    private(set) var children: [Child] = []

    /// Makes the value at `path` the given source.
    mutating func insert(
        _ path: ArraySlice<String>, source: Int, setting: String
    ) throws(SourceFormatError) {
        guard let key = path.first, !key.isEmpty else {
            throw SourceFormatError(
                setting: setting, message: "a name in the path is empty", remedy: "join names by single dots")
        }
        let rest = path.dropFirst()
        guard let index = children.firstIndex(where: { $0.key == key }) else {
            var child = Child(key: key, source: -1, tree: FieldTree(), setting: setting)
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
                throw SourceFormatError(
                    setting: setting, message: "\(key) is already read for another field",
                    remedy: "give each field a place of its own")
            }
            children[index].source = Int16(source)
        } else {
            guard children[index].source < 0 else {
                throw SourceFormatError(
                    setting: setting, message: "\(key) is read both as a value and an object",
                    remedy: "give each field a place of its own")
            }
            try children[index].tree.insert(rest, source: source, setting: setting)
        }
    }

    mutating func insert(path: String, source: Int, setting: String) throws(SourceFormatError) {
        let names = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        try insert(names[...], source: source, setting: setting)
    }
}
