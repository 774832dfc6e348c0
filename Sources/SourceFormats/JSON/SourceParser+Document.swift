internal import UsageModel

/// Where a parser is in a JSON array.
struct ArrayState: Sendable, Hashable {
    /// Whether a comma came last, so that an element must follow.
    var needsElement = false
    var isClosed = false
    /// The brackets that are open in a record that is being skipped.
    var skipped = ElementScan()
}

/// Finds where an element of an array ends by its brackets and strings alone, whether or not it is sound otherwise.
struct ElementScan: Sendable, Hashable {
    var depth = 0
    var isInString = false
    var isEscaped = false

    /// The index of the comma or bracket that ends the element, or `nil` when it isn't among `bytes`. `start` is the
    /// first byte that hasn't been looked at.
    mutating func end(_ bytes: RawSpan, _ start: Int) -> Int? {
        var index = start
        while index < bytes.byteCount {
            if isInString, !isEscaped, index + 8 <= bytes.byteCount, RawSpan.stringEnds(bytes.word(at: index)) == 0 {
                index += 8
                continue
            }
            let byte = bytes.peek(index)
            if isInString {
                step(inString: byte)
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "]") where depth == 0, UInt8(ascii: ",") where depth == 0: return index
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
                default: break
                }
            }
            index += 1
        }
        return nil
    }

    /// Goes over one byte of a string. Even one with a raw line end in it mostly ends at its quote.
    private mutating func step(inString byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
        }
    }

    /// Whether every bracket that opens from `start` to `end` closes there too.
    static func isBalanced(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
        var scan = ElementScan()
        _ = scan.end(bytes.extracting(0..<end), start)
        return scan.depth == 0 && !scan.isInString
    }
}

extension SourceParser {
    /// Tells an array, an object on several lines and JSON lines apart by how they begin.
    mutating func decide(_ bytes: RawSpan, _ start: Int, endOfInput: Bool) -> Int {
        var index = start
        while index < bytes.byteCount, bytes.peek(index) <= 0x20,
            isBlank(bytes, index, index + 1) || bytes.peek(index) == 0x0A
        {
            if bytes.peek(index) == 0x0A { state.position.line += 1 }
            index += 1
        }
        _ = advance(to: index, from: start)
        guard index < bytes.byteCount else { return index }
        switch bytes.peek(index) {
        case UInt8(ascii: "["):
            mode = .array
            state.position.line = 1
            return advance(to: index + 1, from: index)
        case UInt8(ascii: "{"):
            if let decided = objectMode(bytes, index, endOfInput: endOfInput) { mode = decided }
        default: mode = .lines
        }
        return index
    }

    /// What a document is that begins with `{`: its first line is a whole object, or the second goes on with it.
    private func objectMode(_ bytes: RawSpan, _ start: Int, endOfInput: Bool) -> Mode? {
        let lineEnd = bytes.firstIndex(of: 0x0A, from: start)
        if lineEnd - start > Limits.maxRecordBytes { return .lines }
        guard lineEnd < bytes.byteCount else { return endOfInput ? .lines : nil }
        if ElementScan.isBalanced(bytes, start, lineEnd) { return .lines }
        let next = JSONText.skipSpace(bytes, lineEnd)
        guard next < bytes.byteCount else {
            return endOfInput || next - start > Limits.maxRecordBytes ? .lines : nil
        }
        return bytes.peek(next) == UInt8(ascii: "\"") || bytes.peek(next) == UInt8(ascii: "}") ? .object : .lines
    }

    /// One object that takes up the whole document.
    mutating func consumeObject(
        _ bytes: RawSpan, _ start: Int, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        let record = bytes.extracting(start..<bytes.byteCount)
        if record.byteCount > Limits.maxRecordBytes {
            rejectLong(record, into: &sink)
        } else if endOfInput {
            take(record, into: &sink)
        } else {
            return start
        }
        mode = .rest
        return advance(to: bytes.byteCount, from: start)
    }

    /// The elements of an array, each read by itself.
    mutating func consumeArray(
        _ bytes: RawSpan, _ start: Int, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        var index = start
        while index < bytes.byteCount {
            if state.isInsideLongRecord {
                let end = array.skipped.end(bytes, index)
                index = advance(to: end ?? bytes.byteCount, from: index)
                if end == nil { break }
                state.isInsideLongRecord = false
                index = endElement(bytes, index)
                continue
            }
            index = advance(to: JSONText.skipSpace(bytes, index), from: index)
            guard index < bytes.byteCount else { break }
            if array.isClosed {
                // Enough to be kept with the rejection, whatever the pieces that the input comes in.
                if !endOfInput, bytes.byteCount - index < SourceParser.longRecordPrefixBytes { break }
                let rest = bytes.extracting(index..<min(bytes.byteCount, index + SourceParser.longRecordPrefixBytes))
                sink.reject(rejection(Fault(.trailingBytes), rest), record: rest, position: state.position)
                mode = .rest
                return index
            }
            if bytes.peek(index) == UInt8(ascii: "]"), !array.needsElement {
                array.isClosed = true
                index = advance(to: index + 1, from: index)
                continue
            }
            var scan = ElementScan()
            guard let end = scan.end(bytes, index) else {
                if bytes.byteCount - index > Limits.maxRecordBytes {
                    rejectLong(bytes.extracting(index..<bytes.byteCount), into: &sink)
                    state.isInsideLongRecord = true
                    array.skipped = scan
                    index = advance(to: bytes.byteCount, from: index)
                } else if endOfInput {
                    take(bytes.extracting(index..<bytes.byteCount), into: &sink)
                    index = advance(to: bytes.byteCount, from: index)
                }
                break
            }
            let record = bytes.extracting(index..<end)
            if record.byteCount > Limits.maxRecordBytes {
                rejectLong(record, into: &sink)
            } else {
                take(record, into: &sink)
            }
            index = endElement(bytes, advance(to: end, from: index))
        }
        if endOfInput, !array.isClosed {
            // Whatever was whole has been counted; that something is missing is said once, without bytes of its own.
            let nothing = bytes.extracting(0..<0)
            sink.reject(rejection(Fault(.arrayCut), nothing), record: nothing, position: state.position)
            mode = .rest
        }
        return index
    }

    /// Goes over the comma or bracket after an element.
    private mutating func endElement(_ bytes: RawSpan, _ index: Int) -> Int {
        let isLast = bytes.peek(index) == UInt8(ascii: "]")
        array.isClosed = isLast
        array.needsElement = !isLast
        state.position.line += 1
        return advance(to: index + 1, from: index)
    }
}
