package import UsageModel

/// The body of a request: one JSON array of objects, one object on any number of lines, or JSON lines, told apart by
/// how it begins. In an array, "line" is the number of the element.
package struct JSONDocumentParser: SourceParser {
    private enum Shape: Sendable {
        /// The beginning hasn't been seen yet.
        case undecided
        case lines
        case object
        case array
        /// Nothing that follows can be read any more; it has been rejected.
        case rest
    }

    /// Where the parser is in an array.
    private struct ArrayState: Sendable {
        /// Whether a comma came last, so that an element must follow.
        var needsElement = false
        var isClosed = false
        /// The brackets that are open in a long record that goes by.
        var passed = ElementScan()
    }

    private var shape = Shape.undecided
    private var array = ArrayState()
    /// Reads records of every shape, and finds them where they are lines.
    private var lines: JSONLinesParser

    init(plan: FieldPlan, defaults: EventDefaults) throws(SourceFormatError) {
        lines = try JSONLinesParser(plan: plan, defaults: defaults)
    }

    package var checkpoint: ParserCheckpoint { lines.state }

    package func mappedFields(of record: RawSpan) -> [UInt8] { lines.mappedFields(of: record) }

    package mutating func resume(from checkpoint: ParserCheckpoint) {
        lines.resume(from: checkpoint)
        shape = .undecided
        array = ArrayState()
    }

    package mutating func consume(
        _ bytes: RawSpan, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        guard var index = lines.state.passByteOrderMark(bytes, endOfInput: endOfInput) else { return 0 }
        while index < bytes.byteCount || endOfInput {
            let before = shape
            switch shape {
            case .undecided: index = decide(bytes, from: index, endOfInput: endOfInput)
            case .lines: index = lines.consumeLines(bytes, from: index, endOfInput: endOfInput, into: &sink)
            case .object: index = consumeObject(bytes, from: index, endOfInput: endOfInput, into: &sink)
            case .array: index = consumeArray(bytes, from: index, endOfInput: endOfInput, into: &sink)
            case .rest: index = lines.state.advance(to: bytes.byteCount, from: index)
            }
            if shape == before { break }
        }
        return index
    }

    // MARK: Which shape it is

    private mutating func decide(_ bytes: RawSpan, from start: Int, endOfInput: Bool) -> Int {
        var index = start
        while index < bytes.byteCount, bytes.peek(index) <= 0x20,
            bytes.isBlank(from: index, to: index + 1) || bytes.peek(index) == 0x0A
        {
            if bytes.peek(index) == 0x0A { lines.state.position.line += 1 }
            index += 1
        }
        _ = lines.state.advance(to: index, from: start)
        guard index < bytes.byteCount else { return index }
        switch bytes.peek(index) {
        case UInt8(ascii: "["):
            shape = .array
            lines.state.position.line = 1
            return lines.state.advance(to: index + 1, from: index)
        case UInt8(ascii: "{"):
            if let decided = objectShape(bytes, from: index, endOfInput: endOfInput) { shape = decided }
        default: shape = .lines
        }
        return index
    }

    /// What a document is that begins with `{`: lines where the first one is a whole object, an object where the second
    /// one goes on with it; `nil` while there are too few bytes to tell.
    private func objectShape(_ bytes: RawSpan, from start: Int, endOfInput: Bool) -> Shape? {
        let lineEnd = bytes.firstIndex(of: 0x0A, from: start)
        if lineEnd - start > Limits.maxRecordBytes { return .lines }
        guard lineEnd < bytes.byteCount else { return endOfInput ? .lines : nil }
        if ElementScan.isBalanced(bytes, from: start, to: lineEnd) { return .lines }
        // The first line is open. Lines one of which is cut go on with `{`; an object goes on with a name or its end.
        let next = JSONText.skipSpace(bytes, lineEnd)
        guard next < bytes.byteCount else {
            return endOfInput || next - start > Limits.maxRecordBytes ? .lines : nil
        }
        return bytes.peek(next) == UInt8(ascii: "\"") || bytes.peek(next) == UInt8(ascii: "}") ? .object : .lines
    }

    // MARK: One object

    private mutating func consumeObject(
        _ bytes: RawSpan, from start: Int, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        let record = bytes.extracting(start..<bytes.byteCount)
        if record.byteCount > Limits.maxRecordBytes, !lines.state.isInsideLongRecord { lines.beginLong() }
        if lines.state.isInsideLongRecord {
            lines.takeLong(record, isLast: endOfInput, into: &sink)
        } else if endOfInput {
            lines.take(record, into: &sink)
        } else {
            return start
        }
        if endOfInput { shape = .rest }
        return lines.state.advance(to: bytes.byteCount, from: start)
    }

    // MARK: An array

    /// Reads the elements, each by itself: one that isn't sound is rejected alone.
    private mutating func consumeArray(
        _ bytes: RawSpan, from start: Int, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        var index = start
        while index < bytes.byteCount {
            if lines.state.isInsideLongRecord {
                guard let end = passLongElement(bytes, from: index, endOfInput: endOfInput, into: &sink) else {
                    index = bytes.byteCount
                    break
                }
                index = endElement(bytes, at: end)
                continue
            }
            index = lines.state.advance(to: JSONText.skipSpace(bytes, index), from: index)
            guard index < bytes.byteCount else { break }
            if array.isClosed {
                guard rejectTail(bytes, from: index, endOfInput: endOfInput, into: &sink) else { break }
                return index
            }
            if bytes.peek(index) == UInt8(ascii: "]"), !array.needsElement {
                array.isClosed = true
                index = lines.state.advance(to: index + 1, from: index)
                continue
            }
            var scan = ElementScan()
            guard let end = scan.end(bytes, from: index) else {
                index = takeOpenElement(bytes, from: index, scan, endOfInput: endOfInput, into: &sink)
                break
            }
            let record = bytes.extracting(index..<end)
            if record.byteCount > Limits.maxRecordBytes {
                lines.beginLong()
                lines.takeLong(record, isLast: true, into: &sink)
            } else {
                lines.take(record, into: &sink)
            }
            index = endElement(bytes, at: lines.state.advance(to: end, from: index))
        }
        if endOfInput, !array.isClosed {
            // Whatever was whole has been counted; that something is missing is said once, without bytes of its own.
            lines.reject(Fault(.arrayCut), bytes.extracting(0..<0), into: &sink)
            shape = .rest
        }
        return index
    }

    /// Goes on with a long element; `nil` where its end isn't among `bytes`.
    private mutating func passLongElement(
        _ bytes: RawSpan, from start: Int, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Int? {
        let end = array.passed.end(bytes, from: start)
        let stop = end ?? bytes.byteCount
        lines.takeLong(bytes.extracting(start..<stop), isLast: end != nil || endOfInput, into: &sink)
        _ = lines.state.advance(to: stop, from: start)
        return end
    }

    /// Takes an element whose end isn't among `bytes`: it may come yet, or the element is too long, or cut.
    private mutating func takeOpenElement(
        _ bytes: RawSpan, from start: Int, _ scan: ElementScan, endOfInput: Bool,
        into sink: inout some UsageEventSink & ~Copyable
    ) -> Int {
        let record = bytes.extracting(start..<bytes.byteCount)
        if record.byteCount > Limits.maxRecordBytes {
            lines.beginLong()
            lines.takeLong(record, isLast: endOfInput, into: &sink)
            // The brackets that are open at this byte: the next piece is scanned from here on.
            array.passed = scan
        } else if endOfInput {
            lines.take(record, into: &sink)
        } else {
            return start
        }
        return lines.state.advance(to: bytes.byteCount, from: start)
    }

    /// Rejects what follows the closed array. `false` while there is less of it than is kept with the rejection, so
    /// that the rejection is the same whatever the pieces that the input comes in.
    private mutating func rejectTail(
        _ bytes: RawSpan, from start: Int, endOfInput: Bool, into sink: inout some UsageEventSink & ~Copyable
    ) -> Bool {
        let available = bytes.byteCount - start
        guard endOfInput || available >= SourceLimits.rejectedPrefixBytes else { return false }
        let end = start + min(available, SourceLimits.rejectedPrefixBytes)
        lines.reject(Fault(.trailingBytes), bytes.extracting(start..<end), into: &sink)
        shape = .rest
        return true
    }

    /// Goes over the comma or bracket after an element.
    private mutating func endElement(_ bytes: RawSpan, at index: Int) -> Int {
        let isLast = bytes.peek(index) == UInt8(ascii: "]")
        array.isClosed = isLast
        array.needsElement = !isLast
        lines.state.position.line += 1
        return lines.state.advance(to: index + 1, from: index)
    }
}

/// Finds where an element of an array ends by its brackets and strings alone, whether or not it is sound otherwise.
struct ElementScan: Sendable, Hashable {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    /// The index of the comma or bracket that ends the element, or `nil` when it isn't among `bytes`. `start` is the
    /// first byte that hasn't been looked at.
    mutating func end(_ bytes: RawSpan, from start: Int) -> Int? {
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
    static func isBalanced(_ bytes: RawSpan, from start: Int, to end: Int) -> Bool {
        var scan = ElementScan()
        _ = scan.end(bytes.extracting(0..<end), from: start)
        return scan.depth == 0 && !scan.isInString
    }
}
