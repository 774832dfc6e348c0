internal import UsageModel

/// Finds JSON objects by their brackets and gives each to another parser: objects one behind the other, with or without
/// line ends between or in them, and the elements of an array.
///
/// An object that was cut in the middle ends where nothing that JSON allows can follow: at a `{` that comes where no
/// value may stand, or at a line end within a string. What begins there is read.
struct ObjectsParser: SourceParser {
    private var inner: any SourceParser
    private var innerMemory: [UInt8] = []
    private var state = ParserCheckpoint.start
    /// Within a record that was refused for its length, what is open there.
    private var passed = ObjectScan()

    init(inner: any SourceParser) {
        self.inner = inner
    }

    var checkpoint: ParserCheckpoint {
        var checkpoint = state
        checkpoint.memory = (state.isInsideLongRecord ? passed.memory : []) + innerMemory
        return checkpoint
    }

    func mappedFields(of record: RawSpan) -> [UInt8] { inner.mappedFields(of: record) }

    var recordMemory: [UInt8] { inner.recordMemory }

    mutating func resume(from checkpoint: ParserCheckpoint) {
        state = checkpoint
        state.memory = []
        var memory = checkpoint.memory[...]
        passed = ObjectScan()
        if checkpoint.isInsideLongRecord {
            passed = ObjectScan(memory: memory.prefix(ObjectScan.memoryBytes))
            memory = memory.dropFirst(ObjectScan.memoryBytes)
        }
        innerMemory = Array(memory)
    }

    mutating func consume(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        guard var index = state.passByteOrderMark(bytes, endOfInput: endOfInput) else { return 0 }
        while index < bytes.byteCount {
            if state.isInsideLongRecord {
                let end = passed.end(bytes, from: index, limit: 0)
                index = pass(bytes, to: end ?? bytes.byteCount, from: index)
                state.isInsideLongRecord = end == nil
                continue
            }
            let start = Self.skipSeparators(bytes, from: index)
            index = pass(bytes, to: start, from: index)
            guard index < bytes.byteCount else { break }
            var scan = ObjectScan(isObject: bytes.peek(index) == UInt8(ascii: "{"))
            let end = scan.end(bytes, from: index, limit: index + Limits.maxRecordBytes)
            let record = bytes.extracting(index..<(end ?? bytes.byteCount))
            if record.byteCount > Limits.maxRecordBytes {
                sink.rejectLong(record, because: "its end isn't there", position: state.position)
                state.isInsideLongRecord = end == nil
                passed = scan
            } else if end != nil || endOfInput {
                inner.resume(from: ParserCheckpoint(position: state.position, memory: innerMemory))
                _ = inner.consume(record, endOfInput: true, into: &sink)
                innerMemory = inner.checkpoint.memory
            } else {
                break
            }
            index = pass(bytes, to: index + record.byteCount, from: index)
        }
        if endOfInput { state.isInsideLongRecord = false }
        return index
    }

    /// Moves on over bytes and the lines that end in them; returns `end`.
    private mutating func pass(_ bytes: RawSpan, to end: Int, from start: Int) -> Int {
        var index = bytes.extracting(0..<end).firstIndex(of: 0x0A, from: start)
        while index < end {
            state.position.line += 1
            index = bytes.extracting(0..<end).firstIndex(of: 0x0A, from: index + 1)
        }
        return state.advance(to: end, from: start)
    }

    /// White space, and what stands between the elements of an array and around them.
    private static func skipSeparators(_ bytes: RawSpan, from start: Int) -> Int {
        var index = start
        while index < bytes.byteCount {
            switch bytes.peek(index) {
            case 0x20, 0x09, 0x0A, 0x0D, 0x1E, UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"): index += 1
            default: return index
            }
        }
        return index
    }
}

/// Finds where an object ends, or what is none.
struct ObjectScan: Sendable {
    /// Bytes of ``memory``.
    static let memoryBytes = 6

    private var depth: UInt32 = 0
    private var isInString = false
    private var isEscaped = false
    /// Whether it began with `{`. Anything else goes on to the next `{` or the end of its line.
    private var isObject = true
    /// The last byte outside of strings that wasn't white space; 0 at first.
    private var last: UInt8 = 0

    init(isObject: Bool = true) {
        self.isObject = isObject
    }

    init(memory: ArraySlice<UInt8>) {
        guard memory.count == Self.memoryBytes else { return }
        let bytes = Array(memory)
        isInString = bytes[0] & 1 != 0
        isEscaped = bytes[0] & 2 != 0
        isObject = bytes[0] & 4 != 0
        last = bytes[1]
        depth = bytes[2...].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// What it takes to go on in the middle.
    var memory: [UInt8] {
        [(isInString ? 1 : 0) | (isEscaped ? 2 : 0) | (isObject ? 4 : 0), last]
            + (0..<4).map { UInt8(truncatingIfNeeded: depth >> ($0 * 8)) }
    }

    /// The index behind what is looked for, or `nil` when it isn't among `bytes`. `start` is the first byte that hasn't
    /// been looked at.
    ///
    /// - Parameter limit: up to where a string that a cut object ends in is looked for, so that what follows it on the
    ///   same line is found.
    mutating func end(_ bytes: RawSpan, from start: Int, limit: Int) -> Int? {
        guard isObject else { return otherEnd(bytes, from: start) }
        var index = start
        var quote = start
        while index < bytes.byteCount {
            if isInString, !isEscaped, index + 8 <= bytes.byteCount, RawSpan.stringEnds(bytes.word(at: index)) == 0 {
                index += 8
                continue
            }
            let byte = bytes.peek(index)
            if isInString {
                // No string goes on over a line end.
                if byte == 0x0A { return index }
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                    last = byte
                    quote = index
                }
            } else if byte > 0x20 {
                if last == UInt8(ascii: "\""), index < limit, !Self.mayFollowString(byte) {
                    // The string that was open where the object was cut ended in the next one's first name.
                    return quote > start && bytes.peek(quote - 1) == UInt8(ascii: "{") ? quote - 1 : index
                }
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"):
                    // No object can begin here: the one before it was cut.
                    if depth > 0, last != UInt8(ascii: ":"), last != UInt8(ascii: ","), last != UInt8(ascii: "[") {
                        return index
                    }
                    depth &+= 1
                case UInt8(ascii: "["): depth &+= 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth &-= 1
                    if depth == 0 { return index + 1 }
                default: break
                }
                last = byte
            }
            index += 1
        }
        return nil
    }

    private static func mayFollowString(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"): true
        default: false
        }
    }

    private func otherEnd(_ bytes: RawSpan, from start: Int) -> Int? {
        let brace = bytes.firstIndex(of: UInt8(ascii: "{"), from: start)
        let end = bytes.extracting(0..<brace).firstIndex(of: 0x0A, from: start)
        return end < bytes.byteCount ? end : nil
    }
}
