internal import UsageModel

/// Reads an object that is too long to be held, in pieces of any size, and keeps a short one that says the same to the
/// plan: its structure on the way to what is read, and those values. What isn't read (prompts, images, embeddings) goes
/// by and costs no memory; of it only brackets and quotes are looked at.
///
/// It is plain data, so that it can stand in a checkpoint (``encoded``).
struct JSONCondenser: Sendable {
    /// What is expected next, or going on.
    enum Mode: UInt8 {
        case start, nameOrEnd, name, inName, colon, value, elementOrEnd, inValue, commaOrEnd, done
    }

    /// How the value that goes by is treated.
    enum Treatment: UInt8 {
        case skipped
        /// Kept as it is.
        case kept
        /// An array or object of which only is kept whether there is anything in it.
        case summarised
        /// Skipped, with `null` in its place.
        case replaced
    }

    /// An object or array on the way to what is read.
    struct Frame {
        var node: Int16
        var isArray: Bool
        var hasMembers = false
        /// The number of the element that comes next.
        var number: UInt32 = 0
    }

    /// The most bytes of a name as it is written.
    static let maxNameBytes = 6 * KeyWords.maxBytes

    /// Where the record starts in its source.
    var startOffset: UInt64
    var mode = Mode.start
    var treatment = Treatment.skipped
    /// The entry that the name before the value leads to; -1 for none.
    var entry: Int16 = -1
    var scan = ValueScan()
    var frames: [Frame] = []
    /// The name that is being read, without its quotes.
    var name: [UInt8] = []
    var nameIsEscaped = false
    /// What was kept so far.
    private(set) var kept: [UInt8] = []
    /// The record's first bytes, to be shown where it can't be read.
    private(set) var head: [UInt8] = []

    init(startOffset: UInt64) {
        self.startOffset = startOffset
    }

    /// Whether there was nothing but white space.
    var isBlank: Bool { mode == .start }

    /// The short record, once ``finish()`` has found it whole.
    mutating func takeKept() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &kept)
        return taken
    }

    func finish() throws(Fault) {
        guard mode == .done || mode == .start else { throw Fault(.unexpectedEnd) }
    }

    /// Goes over the next piece of the record.
    mutating func consume(_ bytes: RawSpan, _ plan: borrowing FieldPlan) throws(Fault) {
        var index = 0
        while index < bytes.byteCount, head.count < SourceLimits.rejectedPrefixBytes {
            head.append(bytes.peek(index))
            index += 1
        }
        index = 0
        while index < bytes.byteCount {
            switch mode {
            case .inValue: index = try passValue(bytes, from: index)
            case .inName: index = passName(bytes, from: index)
            default:
                let byte = bytes.peek(index)
                switch byte {
                case 0x20, 0x09, 0x0A, 0x0D: index += 1
                default: index = try step(byte, at: index, plan)
                }
            }
        }
    }

    /// Takes a byte of the structure; returns the index to go on at.
    private mutating func step(_ byte: UInt8, at index: Int, _ plan: borrowing FieldPlan) throws(Fault) -> Int {
        switch (mode, byte) {
        case (.start, UInt8(ascii: "{")):
            try open(node: 0, isArray: false)
        case (.nameOrEnd, UInt8(ascii: "}")), (.elementOrEnd, UInt8(ascii: "]")):
            try close()
        case (.nameOrEnd, UInt8(ascii: "\"")), (.name, UInt8(ascii: "\"")):
            name.removeAll(keepingCapacity: true)
            nameIsEscaped = false
            scan = ValueScan()
            mode = .inName
        case (.colon, UInt8(ascii: ":")):
            mode = .value
        case (.elementOrEnd, _), (.value, _):
            try beginValue(byte, plan)
            return mode == .inValue ? index : index + 1
        case (.commaOrEnd, UInt8(ascii: ",")):
            mode = frames.last?.isArray == true ? .value : .name
        case (.commaOrEnd, UInt8(ascii: "}")) where frames.last?.isArray == false,
            (.commaOrEnd, UInt8(ascii: "]")) where frames.last?.isArray == true:
            try close()
        default: throw Fault(fault(of: mode))
        }
        return index + 1
    }

    private func fault(of mode: Mode) -> Fault.Kind {
        switch mode {
        case .start: .notAnObject
        case .nameOrEnd, .name: .expectedName
        case .colon: .expectedColon
        case .commaOrEnd: .expectedCommaOrEnd
        case .done: .trailingBytes
        default: .expectedValue
        }
    }

    // MARK: What is kept

    private mutating func keep(_ byte: UInt8) throws(Fault) {
        guard kept.count < SourceLimits.maxKeptBytes else { throw Fault(.keptTooLong) }
        kept.append(byte)
    }

    private mutating func keep(_ text: StaticString) throws(Fault) {
        // Safe: the index is below the literal's own length.
        for index in 0..<text.utf8CodeUnitCount { try keep(unsafe text.utf8Start[index]) }
    }

    private mutating func open(node: Int, isArray: Bool) throws(Fault) {
        guard frames.count < Limits.maxJSONDepth else { throw Fault(.tooDeep) }
        frames.append(Frame(node: Int16(node), isArray: isArray))
        try keep(isArray ? UInt8(ascii: "[") : UInt8(ascii: "{"))
        mode = isArray ? .elementOrEnd : .nameOrEnd
    }

    private mutating func close() throws(Fault) {
        let frame = frames.removeLast()
        try keep(frame.isArray ? UInt8(ascii: "]") : UInt8(ascii: "}"))
        mode = frames.isEmpty ? .done : .commaOrEnd
    }

    /// Writes the comma and the name before a value that is kept.
    private mutating func keepName() throws(Fault) {
        guard let frame = frames.last else { return }
        if frame.hasMembers { try keep(UInt8(ascii: ",")) }
        frames[frames.count - 1].hasMembers = true
        if frame.isArray { return }
        try keep(UInt8(ascii: "\""))
        for byte in name { try keep(byte) }
        try keep("\":")
    }

    // MARK: Names

    private mutating func passName(_ bytes: RawSpan, from start: Int) -> Int {
        var index = start
        while index < bytes.byteCount {
            let byte = bytes.peek(index)
            index += 1
            if scan.isEscaped {
                scan.isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                scan.isEscaped = true
                nameIsEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                mode = .colon
                break
            }
            // One byte more than any known name has tells that it is none.
            if name.count <= Self.maxNameBytes { name.append(byte) }
        }
        return index
    }

    // MARK: Values

    /// Decides what becomes of the value that begins with `byte`.
    private mutating func beginValue(_ byte: UInt8, _ plan: borrowing FieldPlan) throws(Fault) {
        guard let frame = frames.last, byte != UInt8(ascii: ","), byte != UInt8(ascii: ":"),
            byte != UInt8(ascii: "]"), byte != UInt8(ascii: "}")
        else { throw Fault(.expectedValue) }
        var isVerbatim = false
        entry = -1
        if frame.isArray {
            frames[frames.count - 1].number += 1
            find(element: Int(frame.number), in: Int(frame.node), plan, &isVerbatim)
        } else {
            try findName(in: Int(frame.node), plan, &isVerbatim)
        }
        let isObject = byte == UInt8(ascii: "{")
        let isContainer = isObject || byte == UInt8(ascii: "[")
        if entry < 0, !isVerbatim {
            // Elements keep their numbers as far as numbers are read.
            let last = plan.nodes[Int(frame.node)].elements.map { plan.elements[$0].number }.max() ?? -1
            treatment = frame.isArray && Int(frame.number) < last ? .replaced : .skipped
        } else if isVerbatim {
            treatment = .kept
        } else {
            let target = plan.entries[Int(entry)]
            let node = target.node >= 0 ? target.node : target.textNode
            let isBoth = target.node >= 0 && target.textNode >= 0
            if isContainer, target.source < 0, !isBoth, node >= 0, isObject || plan.nodes[Int(node)].readsElements {
                try keepName()
                return try open(node: Int(node), isArray: !isObject)
            }
            if target.source >= 0, node >= 0 {
                treatment = .kept
            } else if isContainer {
                treatment = target.source >= 0 ? .summarised : isBoth ? .kept : .replaced
            } else {
                let isText = target.textNode >= 0 && byte == UInt8(ascii: "\"")
                treatment = target.source >= 0 || isText ? .kept : .replaced
            }
        }
        if treatment != .skipped { try keepName() }
        scan = ValueScan()
        mode = .inValue
    }

    private mutating func findName(
        in node: Int, _ plan: borrowing FieldPlan, _ isVerbatim: inout Bool
    ) throws(Fault) {
        var spelled = name
        var count = name.count
        if nameIsEscaped {
            spelled += [0, 0, 0, 0]
            count = Unescape.json(
                unsafe name.span.bytes, from: 0, to: name.count, into: &spelled, at: 0, room: name.count)
        }
        if count >= 0, name.count <= Self.maxNameBytes {
            entry = Int16(unsafe plan.find(spelled.span.bytes, start: 0, count: count, in: node))
            let known = spelled.prefix(count)
            for pattern in plan.nodes[node].patterns where known.starts(with: plan.patterns[pattern].prefix) {
                isVerbatim = true
            }
        }
        if entry < 0, !isVerbatim, plan.rules.refusesUnknownFields { throw Fault(.unknown) }
    }

    private mutating func find(
        element number: Int, in node: Int, _ plan: borrowing FieldPlan, _ isVerbatim: inout Bool
    ) {
        var found: [Int] = []
        for element in plan.nodes[node].elements where plan.elements[element].number == number {
            found.append(plan.elements[element].entry)
        }
        for pattern in plan.nodes[node].patterns where plan.patterns[pattern].prefix.isEmpty {
            found.append(plan.patterns[pattern].entry)
        }
        // What two entries ask for is kept whole for both.
        isVerbatim = found.count > 1
        if found.count == 1 { entry = Int16(found[0]) }
    }

    /// Goes over a value until its end.
    private mutating func passValue(_ bytes: RawSpan, from start: Int) throws(Fault) -> Int {
        let end = try scan.end(bytes, from: start, depth: frames.count)
        let stop = end ?? bytes.byteCount
        if treatment == .kept {
            for index in start..<stop { try keep(bytes.peek(index)) }
        }
        guard end != nil else { return stop }
        switch treatment {
        case .replaced: try keep("null")
        case .summarised where scan.isObject: try keep(scan.isEmpty ? "{}" : "{\"\":0}")
        case .summarised: try keep(scan.isEmpty ? "[]" : "[0]")
        case .skipped, .kept: break
        }
        mode = .commaOrEnd
        return stop
    }
}

extension JSONCondenser {
    /// Everything, to go on from under the same plan.
    func encoded(_ plan: borrowing FieldPlan) -> [UInt8] {
        var bytes: [UInt8] = []
        func put(_ value: UInt64, _ count: Int) {
            for offset in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * offset))) }
        }
        put(plan.digest, 8)
        put(startOffset, 8)
        put(UInt64(mode.rawValue), 1)
        put(UInt64(treatment.rawValue), 1)
        put(UInt64(UInt16(bitPattern: entry)), 2)
        put(nameIsEscaped ? 1 : 0, 1)
        bytes += scan.encoded
        put(UInt64(frames.count), 1)
        for frame in frames {
            put(UInt64(UInt16(bitPattern: frame.node)), 2)
            put((frame.isArray ? 1 : 0) | (frame.hasMembers ? 2 : 0), 1)
            put(UInt64(frame.number), 4)
        }
        for part in [name, head, kept] {
            put(UInt64(part.count), 4)
            bytes += part
        }
        return bytes
    }

    /// `nil` for bytes of another plan, or damaged ones.
    init?(encoded bytes: [UInt8], _ plan: borrowing FieldPlan) {
        var left = bytes[...]
        func take(_ count: Int) -> UInt64? {
            guard left.count >= count else { return nil }
            var value: UInt64 = 0
            for (offset, byte) in left.prefix(count).enumerated() { value |= UInt64(byte) << UInt64(8 * offset) }
            left = left.dropFirst(count)
            return value
        }
        guard take(8) == plan.digest, let start = take(8), let mode = take(1).flatMap({ Mode(rawValue: UInt8($0)) }),
            let treatment = take(1).flatMap({ Treatment(rawValue: UInt8($0)) }), let entry = take(2),
            let isEscaped = take(1), let scan = ValueScan(encoded: left.prefix(ValueScan.encodedBytes))
        else { return nil }
        left = left.dropFirst(ValueScan.encodedBytes)
        self.init(startOffset: start)
        (self.mode, self.treatment, self.scan) = (mode, treatment, scan)
        self.entry = Int16(bitPattern: UInt16(entry))
        nameIsEscaped = isEscaped == 1
        guard let frameCount = take(1), frameCount <= Limits.maxJSONDepth else { return nil }
        for _ in 0..<frameCount {
            guard let node = take(2), node < plan.nodes.count, let flags = take(1), let number = take(4) else {
                return nil
            }
            frames.append(
                Frame(
                    node: Int16(node), isArray: flags & 1 != 0, hasMembers: flags & 2 != 0, number: UInt32(number)))
        }
        var parts: [[UInt8]] = []
        for _ in 0..<3 {
            guard let count = take(4), count <= left.count else { return nil }
            parts.append(Array(left.prefix(Int(count))))
            left = left.dropFirst(Int(count))
        }
        guard left.isEmpty, mode == .start || mode == .done || !frames.isEmpty else { return nil }
        (name, head, kept) = (parts[0], parts[1], parts[2])
    }
}
