internal import UsageModel

/// Goes through one JSON record once, checking all of it and noting where the values are that the plan asks for.
struct JSONWalk: Sendable {
    var values = RecordValues()
    /// The objects on the way to sources that have been there, by node.
    private var visitedNodes: UInt128 = 0
    /// Where a field name with escapes is spelt out before it is looked up.
    private var spelledName = [UInt8](repeating: 0, count: KeyWords.maxBytes + 4)

    /// For each entry the one that came after it in its object when last seen, and behind those, for each node, the
    /// one that came first; -1 where none did. Sources write their fields in the same order again and again, so that a
    /// name is mostly recognised at one look, without finding its end or its place in a table.
    private var following: [Int16]

    init(_ plan: FieldPlan) {
        following = [Int16](repeating: -1, count: plan.entries.count + plan.nodes.count)
    }

    /// Reads a whole record: an object and nothing after it.
    mutating func read(_ record: RawSpan, _ plan: borrowing FieldPlan) throws(Fault) {
        values.clear()
        visitedNodes = 0
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
        var previous = plan.entries.count &+ node
        while true {
            guard bytes.peek(index) == UInt8(ascii: "\"") else {
                throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedName, at: index)
            }
            let name = index &+ 1
            // What came after the last name in the record before is most likely what comes now.
            let guess = Int(following[previous])
            if guess >= 0, plan.holds(guess, bytes, at: name) {
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
        let end = try JSONText.stringEnd(bytes, name)
        let entry =
            end.isEscaped
            ? findSpelled(bytes, from: name, to: end.quote, node: node, plan: plan)
            : plan.find(bytes, start: name, count: end.quote - name, in: node)
        let index = try JSONText.colon(bytes, end.quote + 1)
        if entry >= 0 {
            following[previous] = Int16(entry)
            previous = entry
            return try member(bytes, from: index, entry: entry, depth: depth, plan: plan)
        }
        if plan.rules.refusesUnknownFields { throw Fault(.unknown, at: name, extent: end.quote - name) }
        return try JSONText.skipValue(bytes, index, depth: depth)
    }

    /// Reads the value of a known name.
    @inline(__always)
    private mutating func member(
        _ bytes: RawSpan, from start: Int, entry: Int, depth: Int, plan: borrowing FieldPlan
    ) throws(Fault) -> Int {
        let source = Int(plan.entries[entry].source)
        if source >= 0 { return try value(bytes, start, source: source, depth: depth) }
        let node = Int(plan.entries[entry].node)
        let bit: UInt128 = 1 << UInt128(truncatingIfNeeded: node)
        if visitedNodes & bit != 0 { throw Fault(.duplicateObject, source: node, at: start) }
        visitedNodes |= bit
        if bytes.peek(start) == UInt8(ascii: "{") {
            guard depth < Limits.maxJSONDepth else { throw Fault(.tooDeep, at: start) }
            return try object(bytes, from: start + 1, node: node, depth: depth + 1, plan: plan)
        }
        // Null, or something that can't hold the fields: they count as absent.
        return try JSONText.skipValue(bytes, start, depth: depth)
    }

    /// Notes where the value of a source is.
    @inline(__always)
    private mutating func value(_ bytes: RawSpan, _ start: Int, source: Int, depth: Int) throws(Fault) -> Int {
        let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: source)
        if values.named & bit != 0 { throw Fault(.duplicate, source: source, at: start) }
        values.named |= bit
        switch bytes.peek(start) {
        case UInt8(ascii: "\""):
            let end = try JSONText.stringEnd(bytes, start + 1)
            values.set(source, end.isEscaped ? .escapedText : .text, start: start + 1, end: end.quote)
            return end.quote + 1
        case UInt8(ascii: "-"), 0x30...0x39:
            var kind = RecordValues.Kind.integer
            var number: UInt64 = 0
            let end = try JSONText.number(bytes, start, kind: &kind, value: &number)
            values.set(source, kind, start: start, end: end, number: number)
            return end
        case UInt8(ascii: "n"):
            return try JSONText.literal(bytes, start)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let end = try JSONText.skipValue(bytes, start, depth: depth)
            values.set(source, bytes.peek(start) == UInt8(ascii: "{") ? .object : .array, start: start, end: end)
            return end
        default:
            let end = try JSONText.literal(bytes, start)
            values.set(source, .boolean, start: start, end: end)
            return end
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
