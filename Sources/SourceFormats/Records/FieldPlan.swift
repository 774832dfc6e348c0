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
        /// Whether what came from a cache or went into it is on top of the input, whatever else the record says.
        var cacheIsAlwaysAdditional = false
        /// Whether reasoning is on top of the output, whatever else the record says.
        var reasoningIsAlwaysAdditional = false
        /// Whether the shapes of `usage` objects are told apart, and repaired where ``UsageRepair`` has a rule.
        var tellsUsageShapes = false
        /// Whether counts are a sender's estimate only where they come without details of the cache.
        var detailsProveCounts = false
        /// What separates the thousands in counts that are text; 0 for nothing.
        var thousandsSeparator: UInt8 = 0
        /// Whether records of no tokens are counted as calls.
        var countsNoUsage = true
        /// Whether no input count means none.
        var inputIsOptional = false
        /// Whether no output count means none, even where no total confirms it.
        var outputIsOptional = false
        /// Whether an event's id is what all of the id's places say together, and none may be missing.
        var joinsIDs = false
        var time = TimeFormat.automatic
    }

    var rules: Rules
    private(set) var sources: [FieldSource] = []
    private(set) var masks = FieldMasks()
    /// By field, what the configuration says once for all records; `absentCount` where it says nothing.
    private(set) var constantCounts = [UInt64](repeating: FieldPlan.absentCount, count: EventField.count)
    /// The sources whose senders leave counts out that are 0.
    private(set) var zeroOmitters: UInt64 = 0
    var nodes: [Node] = []
    var entries: [Entry] = []
    /// The bytes of each entry's name.
    var names: [[UInt8]] = []
    /// What stands for several members or elements of its node; ``Node/patterns`` is a range of it.
    var patterns: [Pattern] = []
    /// The elements that are read by their number; ``Node/elements`` is a range of it.
    var elements: [Element] = []
    /// The sources that are counts.
    private(set) var countSources: UInt64 = 0
    /// The sources whose values are combined where there are several: what a `*` leads to.
    var combinedSources: UInt64 = 0
    /// Whether something is read in JSON that a string holds: all values are then copied out of the record.
    var readsText = false
    /// Tells one plan from another: what was half read under one isn't gone on with under another.
    var digest: UInt64 = 0
    /// What leaves records out.
    var filter = RecordFilter()

    /// The most objects that may lead to fields.
    static let maxNodes = 128

    /// One object or array on the way to a source: a small open-addressing table of the names in it.
    struct Node: Sendable {
        var firstEntry: Int
        var entryMask: Int
        /// In ``FieldPlan/patterns``.
        var patterns: Range<Int>
        /// In ``FieldPlan/elements``.
        var elements: Range<Int>
        /// Whether elements of an array are read.
        var readsElements: Bool
        /// Whether it may be there several times, behind a `*`.
        var isRepeated: Bool
        /// The place of the object itself, for errors.
        var name: String
    }

    /// One name in a node's table, or what one of its patterns leads to.
    struct Entry: Sendable {
        var key: KeyWords
        /// The source that the name's value is, or -1.
        var source: Int16
        /// The node that the name's object is, or -1.
        var node: Int16
        /// The node of the JSON that the name's string holds, or -1.
        var textNode: Int16 = -1
        /// Whether the value is a source, seen once, and nothing else.
        var isPlain = false
    }

    /// One element of an array.
    struct Element: Sendable {
        var number: Int
        var entry: Int
    }

    /// Each member whose name begins with the prefix; with an empty one each element, too.
    struct Pattern: Sendable {
        var prefix: [UInt8]
        var entry: Int
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
            if field.properties.kind == .count { countSources |= 1 << UInt64(sources.count) }
            sources.append(FieldSource(field: field, name: name))
        }
        return first..<sources.count
    }

    /// Adds what a filter looks at: the source that is read there already, or one of its own.
    mutating func addCondition(at path: RecordPath, named name: String, to tree: inout FieldTree, setting: String)
        throws(SourceFormatError) -> Int
    {
        if let known = tree.source(at: path) { return known }
        let source = try add(.condition, [name], setting: setting).lowerBound
        try tree.insert(path, source: source, for: .condition, setting: setting)
        return source
    }
}
