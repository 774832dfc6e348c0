internal import UsageModel

/// Goes through one JSON record once, checking all of it and noting where the values are that the plan asks for.
struct JSONWalk: Sendable {
    /// How many strings of JSON may stand in one another.
    static let maxTexts = 4

    var values = RecordValues()
    /// The objects on the way to sources that have been there, by node.
    private var visitedNodes: UInt128 = 0
    /// Where a field name with escapes is spelt out before it is looked up.
    private var spelledName = [UInt8](repeating: 0, count: KeyWords.maxBytes + 4)
    /// Where the JSON in strings is spelt out, by how many such strings are open: as large as the largest so far, which
    /// is a record at most.
    private var texts: [[UInt8]]
    /// How many of those are open.
    private var openTexts = 0
    /// The sources of this record that were found through a `*`, and the entry that led to each.
    private var combined: UInt64 = 0
    private var leadingEntries: [Int16]

    /// For each entry the one that came after it in its object when last seen, and behind those, for each node, the
    /// one that came first; -1 where none did. Sources write their fields in the same order again and again, so that a
    /// name is mostly recognised at one look, without finding its end or its place in a table.
    private var following: [Int16]

    init(_ plan: FieldPlan) {
        following = [Int16](repeating: -1, count: plan.entries.count + plan.nodes.count)
        texts = [[UInt8]](repeating: [], count: plan.readsText ? Self.maxTexts : 0)
        leadingEntries = [Int16](repeating: -1, count: plan.combinedSources == 0 ? 0 : FieldPlan.maxSources)
    }

    /// Forgets the record before.
    mutating func begin() {
        values.clear()
        visitedNodes = 0
        combined = 0
        openTexts = 0
    }

    /// Reads a whole record: an object and nothing after it.
    mutating func read(_ record: RawSpan, _ plan: borrowing FieldPlan) throws(Fault) {
        begin()
        var index = JSONText.skipSpace(record, 0)
        guard record.peek(index) == UInt8(ascii: "{") else {
            // What isn't an object is still told apart into JSON of another kind and no JSON at all.
            index = try JSONText.skipValue(record, index, depth: 0)
            index = JSONText.skipSpace(record, index)
            throw Fault(index == record.byteCount ? .notAnObject : .trailingBytes, at: index)
        }
        index = try object(record, from: index + 1, node: 0, depth: 1, plan: plan)
        index = JSONText.skipSpace(record, index)
        if index != record.byteCount { throw Fault(.trailingBytes, at: index) }
    }

    /// Reads the members of the object whose first byte after `{` is at `start`.
    private mutating func object(
        _ bytes: RawSpan, from start: Int, node: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) -> Int {
        var index = JSONText.skipSpace(bytes, start)
        if bytes.peek(index) == UInt8(ascii: "}") { return index &+ 1 }
        let hasPatterns = !plan.nodes[node].patterns.isEmpty
        var previous = plan.entries.count &+ node
        while true {
            guard bytes.peek(index) == UInt8(ascii: "\"") else {
                throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedName, at: index)
            }
            let name = index &+ 1
            // What came after the last name in the record before is most likely what comes now.
            let guess = Int(following[previous])
            if guess >= 0, !hasPatterns, plan.holds(guess, bytes, at: name) {
                index = try JSONText.colon(bytes, name &+ plan.entries[guess].key.count &+ 1)
                index = try member(bytes, from: index, entry: guess, depth: depth, plan: plan)
                previous = guess
            } else {
                index = try unexpectedMember(
                    bytes, name: name, node: node, depth: depth, plan: plan, previous: &previous)
            }
            index = JSONText.skipSpace(bytes, index)
            switch bytes.peek(index) {
            case UInt8(ascii: ","): index = JSONText.skipSpace(bytes, index &+ 1)
            case UInt8(ascii: "}"): return index &+ 1
            default: throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedCommaOrEnd, at: index)
            }
        }
    }

    /// Reads a member whose name isn't the one that was expected after `previous`.
    private mutating func unexpectedMember(
        _ bytes: RawSpan, name: Int, node: Int, depth: Int, plan: borrowing FieldPlan, previous: inout Int
    ) throws(Fault) -> Int {
        let end = try JSONText.skippedStringEnd(bytes, name)
        let entry =
            end.isEscaped
            ? findSpelled(bytes, from: name, to: end.quote, node: node, plan: plan)
            : plan.find(bytes, start: name, count: end.quote - name, in: node)
        let index = try JSONText.colon(bytes, end.quote + 1)
        var next = -1
        if entry >= 0 {
            following[previous] = Int16(entry)
            previous = entry
            next = try member(bytes, from: index, entry: entry, depth: depth, plan: plan)
        }
        for pattern in plan.nodes[node].patterns
        where holds(plan.patterns[pattern].prefix, bytes, from: name, to: end) {
            next = try place(bytes, from: index, entry: plan.patterns[pattern].entry, depth: depth, plan: plan)
        }
        if next >= 0 { return next }
        if plan.rules.refusesUnknownFields { throw Fault(.unknown, at: name, extent: end.quote - name) }
        return try JSONText.skipValue(bytes, index, depth: depth)
    }

    /// Whether a name begins with a pattern's prefix. One with escapes is spelt out as far as names are.
    private mutating func holds(
        _ prefix: [UInt8], _ bytes: RawSpan, from start: Int, to end: JSONText.StringEnd
    ) -> Bool {
        guard end.isEscaped else {
            guard end.quote - start >= prefix.count else { return false }
            for offset in 0..<prefix.count where bytes.peek(start + offset) != prefix[offset] { return false }
            return true
        }
        let count = Unescape.json(
            bytes, from: start, to: end.quote, into: &spelledName, at: 0, room: KeyWords.maxBytes)
        return count >= prefix.count && spelledName[..<prefix.count].elementsEqual(prefix)
    }

    /// Reads the elements of the array whose first byte after `[` is at `start`.
    private mutating func array(
        _ bytes: RawSpan, from start: Int, node: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) -> Int {
        var index = JSONText.skipSpace(bytes, start)
        if bytes.peek(index) == UInt8(ascii: "]") { return index + 1 }
        var number = 0
        while true {
            var next = -1
            for element in plan.nodes[node].elements where plan.elements[element].number == number {
                next = try place(bytes, from: index, entry: plan.elements[element].entry, depth: depth, plan: plan)
            }
            for pattern in plan.nodes[node].patterns where plan.patterns[pattern].prefix.isEmpty {
                next = try place(bytes, from: index, entry: plan.patterns[pattern].entry, depth: depth, plan: plan)
            }
            index = next >= 0 ? next : try JSONText.skipValue(bytes, index, depth: depth)
            number += 1
            index = JSONText.skipSpace(bytes, index)
            switch bytes.peek(index) {
            case UInt8(ascii: ","): index = JSONText.skipSpace(bytes, index + 1)
            case UInt8(ascii: "]"): return index + 1
            default: throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedCommaOrEnd, at: index)
            }
        }
    }

    /// Reads the value of a known name.
    @inline(__always)
    private mutating func member(
        _ bytes: RawSpan, from start: Int, entry: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) -> Int {
        if plan.entries[entry].isPlain {
            return try value(bytes, start, source: Int(plan.entries[entry].source), depth: depth, plan: plan)
        }
        return try place(bytes, from: start, entry: entry, depth: depth, plan: plan)
    }

    /// Reads a value with what is read in it.
    private mutating func place(
        _ bytes: RawSpan, from start: Int, entry: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) -> Int {
        let (node, textNode) = (Int(plan.entries[entry].node), Int(plan.entries[entry].textNode))
        var end = -1
        if node >= 0 { end = try container(bytes, start, node: node, depth: depth, plan: plan) }
        if textNode >= 0 {
            end =
                bytes.peek(start) == UInt8(ascii: "\"")
                ? try text(bytes, start, node: textNode, depth: depth, plan: plan)
                : try container(bytes, start, node: textNode, depth: depth, plan: plan)
        }
        let source = Int(plan.entries[entry].source)
        if source >= 0 {
            let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: source)
            end =
                plan.combinedSources & bit == 0
                ? try value(bytes, start, source: source, depth: depth, plan: plan)
                : try combine(bytes, start, source: source, entry: entry, depth: depth, plan: plan)
        }
        // Null, or something that can't hold the fields: they count as absent.
        return end >= 0 ? end : try JSONText.skipValue(bytes, start, depth: depth)
    }

    /// Reads what is read in an object or array; -1 where the value is neither.
    private mutating func container(
        _ bytes: RawSpan, _ start: Int, node: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) -> Int {
        let bit: UInt128 = 1 << UInt128(truncatingIfNeeded: node)
        if visitedNodes & bit != 0, !plan.nodes[node].isRepeated {
            throw Fault(.duplicateObject, source: node, at: start)
        }
        visitedNodes |= bit
        let isObject = bytes.peek(start) == UInt8(ascii: "{")
        guard isObject || (bytes.peek(start) == UInt8(ascii: "[") && plan.nodes[node].readsElements) else { return -1 }
        guard depth < Limits.maxJSONDepth else { throw Fault(.tooDeep, at: start) }
        return isObject
            ? try object(bytes, from: start + 1, node: node, depth: depth + 1, plan: plan)
            : try array(bytes, from: start + 1, node: node, depth: depth + 1, plan: plan)
    }

    /// Notes where the value of a source is.
    @inline(__always)
    private mutating func value(
        _ bytes: RawSpan, _ start: Int, source: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) -> Int {
        let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: source)
        if values.named & bit != 0 { throw Fault(.duplicate, source: source, at: start) }
        values.named |= bit
        switch bytes.peek(start) {
        case UInt8(ascii: "\""):
            let end = try JSONText.stringEnd(bytes, start + 1)
            note(
                source, end.isEscaped ? .escapedText : .text, in: bytes, start: start + 1, end: end.quote, plan: plan)
            return end.quote + 1
        case UInt8(ascii: "-"), 0x30...0x39:
            var kind = RecordValues.Kind.integer
            var number: UInt64 = 0
            let end = try JSONText.number(bytes, start, kind: &kind, value: &number)
            note(source, kind, in: bytes, start: start, end: end, number: number, plan: plan)
            return end
        case UInt8(ascii: "n"):
            return try JSONText.literal(bytes, start)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let end = try JSONText.skipValue(bytes, start, depth: depth)
            let kind = bytes.peek(start) == UInt8(ascii: "{") ? RecordValues.Kind.object : .array
            // Its "number" says whether there is anything in it.
            let isEmpty = JSONText.skipSpace(bytes, start + 1) == end - 1
            note(source, kind, in: bytes, start: start, end: end, number: isEmpty ? 0 : 1, plan: plan)
            return end
        default:
            let end = try JSONText.literal(bytes, start)
            note(source, .boolean, in: bytes, start: start, end: end, plan: plan)
            return end
        }
    }

    @inline(__always)
    private mutating func note(
        _ source: Int, _ kind: RecordValues.Kind, in bytes: RawSpan, start: Int, end: Int, number: UInt64 = 0,
        plan: borrowing FieldPlan
    ) {
        if plan.readsText {
            values.copy(source, kind, of: bytes, start: start, end: end, number: number)
        } else {
            values.set(source, kind, start: start, end: end, number: number)
        }
    }

    /// Looks up a name that was written with escapes: `"\u0074enant"` is `tenant`, or a record could say it twice.
    private mutating func findSpelled(
        _ bytes: RawSpan, from start: Int, to end: Int, node: Int, plan: borrowing FieldPlan
    ) -> Int {
        let count = Unescape.json(bytes, from: start, to: end, into: &spelledName, at: 0, room: KeyWords.maxBytes)
        guard count >= 0 else { return -1 }
        return unsafe plan.find(spelledName.span.bytes, start: 0, count: count, in: node)
    }
}

// MARK: Several values of one source

extension JSONWalk {
    /// Reads one of several values of a source: counts are added up, of anything else the first is taken.
    private mutating func combine(
        _ bytes: RawSpan, _ start: Int, source: Int, entry: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) -> Int {
        let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: source)
        let isFirst = values.named & bit == 0
        // The same source by another path is a second statement of it, not a further part.
        guard isFirst || (combined & bit != 0 && Int(leadingEntries[source]) == entry) else {
            throw Fault(.duplicate, source: source, at: start)
        }
        combined |= bit
        leadingEntries[source] = Int16(entry)
        let before = values.slot(source)
        values.named &= ~bit
        values.restore(source, nil)
        let end = try value(bytes, start, source: source, depth: depth, plan: plan)
        guard let found = values.slot(source) else {
            values.restore(source, before)
            return end
        }
        guard plan.countSources & bit != 0 else {
            if let before { values.restore(source, before) }
            return end
        }
        let rules = CountText.Rules(plan, source: source)
        let count =
            plan.readsText
            ? unsafe try CountText.read(values.copied.span.bytes, found, by: rules, source: source)
            : try CountText.read(bytes, found, by: rules, source: source)
        // Text without a count is none.
        guard count != FieldPlan.absentCount else {
            values.restore(source, before)
            return end
        }
        let sum = (before?.number ?? 0) + count
        guard sum <= rules.limit else { throw Fault(.tooLarge, source: source) }
        values.restore(source, RecordValues.Slot(start: found.start, count: 1, kind: .integer, number: sum))
        return end
    }
}

// MARK: JSON in strings

extension JSONWalk {
    /// Reads the JSON that the string at `start` holds. Text of another kind holds no fields.
    private mutating func text(
        _ bytes: RawSpan, _ start: Int, node: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) -> Int {
        let end = try JSONText.stringEnd(bytes, start + 1)
        try inner(bytes, from: start + 1, to: end.quote, .json, node: node, depth: depth, plan: plan)
        return end.quote + 1
    }

    /// How a text is written that holds JSON.
    enum Spelling {
        /// With JSON's escapes.
        case json
        /// In a CSV field with doubled quotes.
        case csv
        /// As it is.
        case plain
    }

    /// Reads the JSON that the text from `start` to `end` stands for.
    mutating func inner(
        _ bytes: RawSpan, from start: Int, to end: Int, _ spelling: Spelling, node: Int, depth: Int,
        plan: borrowing FieldPlan
    ) throws(Fault) {
        guard openTexts < texts.count else { throw Fault(.tooDeep, at: start) }
        if spelling == .plain {
            return try readInner(bytes.extracting(start..<end), node: node, depth: depth, plan: plan)
        }
        // Taken out of its place while it is read, and put back with its memory.
        var spelled: [UInt8] = []
        swap(&spelled, &texts[openTexts])
        let level = openTexts
        openTexts += 1
        defer {
            swap(&spelled, &texts[level])
            openTexts = level
        }
        let room = end - start
        if spelled.count < room + 4 {
            spelled.append(contentsOf: repeatElement(0, count: max(room + 4, 2 * spelled.count) - spelled.count))
        }
        let count =
            switch spelling {
            case .json:
                Unescape.json(bytes, from: start, to: end, into: &spelled, at: 0, room: room, replacesHalves: true)
            default: Unescape.csv(bytes, from: start, to: end, into: &spelled, at: 0, room: room)
            }
        do throws(Fault) {
            try unsafe readInner(
                spelled.span.bytes.extracting(0..<max(0, count)), node: node, depth: depth, plan: plan)
        } catch {
            // Its place within the text says nothing about the record.
            var fault = error
            if fault.at >= 0, fault.kind != .unknown { fault.at = Int32(truncatingIfNeeded: start) }
            throw fault
        }
    }

    private mutating func readInner(
        _ bytes: RawSpan, node: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) {
        let start = JSONText.skipSpace(bytes, 0)
        let end = try container(bytes, start, node: node, depth: depth, plan: plan)
        guard end >= 0 else { return }
        let index = JSONText.skipSpace(bytes, end)
        if index != bytes.byteCount { throw Fault(.trailingBytes, at: index) }
    }
}
