internal import UsageModel

/// Reading what stands around a record on its line.
enum LineText {
    /// The index of the first `{` that an object may begin with, or the count of bytes.
    static func objectStart(_ bytes: RawSpan) -> Int {
        var index = bytes.firstIndex(of: UInt8(ascii: "{"), from: 0)
        while index < bytes.byteCount {
            let next = bytes.peek(JSONText.skipSpace(bytes, index + 1))
            if next == UInt8(ascii: "\"") || next == UInt8(ascii: "}") { return index }
            index = bytes.firstIndex(of: UInt8(ascii: "{"), from: index + 1)
        }
        return index
    }

    /// Copies a line without the escape sequences that colour it (ECMA-48's control sequences).
    ///
    /// - Returns: whether there were any; otherwise nothing is copied.
    static func withoutColours(_ bytes: RawSpan, into copy: inout [UInt8]) -> Bool {
        let escape: UInt8 = 0x1B
        var index = bytes.firstIndex(of: escape, from: 0)
        guard index < bytes.byteCount else { return false }
        var kept = 0
        while index < bytes.byteCount {
            copy.append(bytes.extracting(kept..<index))
            index += 1
            if bytes.peek(index) == UInt8(ascii: "[") {
                index += 1
                // Parameters and intermediates, then one final byte.
                while index < bytes.byteCount, (0x20...0x3F).contains(bytes.peek(index)) { index += 1 }
                if (0x40...0x7E).contains(bytes.peek(index)) { index += 1 }
            }
            kept = index
            index = bytes.firstIndex(of: escape, from: index)
        }
        copy.append(bytes.extracting(kept..<bytes.byteCount))
        return true
    }

    /// Copies a line with the bytes in the place of nginx's `\xHH`: as JSON spells them within a string, and as they
    /// are outside of one, where the whole line was escaped.
    ///
    /// - Returns: whether there were any; otherwise nothing is copied.
    static func withoutNginxEscapes(_ bytes: RawSpan, into copy: inout [UInt8]) -> Bool {
        var index = bytes.firstIndex(of: UInt8(ascii: "\\"), from: 0)
        guard index < bytes.byteCount else { return false }
        var isInString = false
        var hasChanged = false
        var kept = 0
        index = 0
        while index < bytes.byteCount {
            switch bytes.peek(index) {
            case UInt8(ascii: "\""):
                isInString.toggle()
                index += 1
            case UInt8(ascii: "\\"):
                guard bytes.peek(index + 1) == UInt8(ascii: "x"), let high = JSONText.hexValue(bytes.peek(index + 2)),
                    let low = JSONText.hexValue(bytes.peek(index + 3))
                else {
                    index += 2
                    continue
                }
                copy.append(bytes.extracting(kept..<index))
                put(UInt8(truncatingIfNeeded: high << 4 | low), isInString: isInString, into: &copy)
                index += 4
                kept = index
                hasChanged = true
            default: index += 1
            }
        }
        copy.append(bytes.extracting(kept..<bytes.byteCount))
        return hasChanged
    }

    /// Puts a byte as it is, or within a JSON string as that spells it.
    static func put(_ byte: UInt8, isInString: Bool, into copy: inout [UInt8]) {
        guard isInString else { return copy.append(byte) }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): copy += [UInt8(ascii: "\\"), byte]
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            copy += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: copy.append(byte)
        }
    }

    /// Spells out the inside of a JSON string of any length.
    ///
    /// - Returns: `false` for text that has no UTF-8 form.
    static func spell(_ bytes: RawSpan, _ text: Range<Int>, into copy: inout [UInt8]) -> Bool {
        // No escape is longer than what it stands for, so that the text itself is room enough, and one scalar beyond.
        copy.append(contentsOf: repeatElement(0, count: text.count + 4))
        let count = Unescape.json(
            bytes, from: text.lowerBound, to: text.upperBound, into: &copy, at: 0, room: text.count)
        copy.removeLast(copy.count - max(0, count))
        return count >= 0
    }
}

/// `TIME STREAM TAGS CONTENT`, as containerd and CRI-O write each line.
struct CRILine {
    var isErrorStream: Bool
    /// Whether the record ends with this line (`F`) or was cut (`P`).
    var isLast: Bool
    /// Where the content begins.
    var content: Int

    /// `nil` for a line of another form.
    init?(_ bytes: RawSpan) {
        let space = UInt8(ascii: " ")
        let time = bytes.firstIndex(of: space, from: 0)
        // The time is RFC 3339: it begins with a digit and has a `T` behind its date.
        guard time > 10, JSONText.isDigit(bytes.peek(0)), bytes.peek(10) == UInt8(ascii: "T") else { return nil }
        let stream = time + 1
        if LineWord.stdout.stands(in: bytes, at: stream) {
            isErrorStream = false
        } else if LineWord.stderr.stands(in: bytes, at: stream) {
            isErrorStream = true
        } else {
            return nil
        }
        let tag = stream + LineWord.stdout.count
        guard bytes.peek(tag - 1) == space else { return nil }
        switch bytes.peek(tag) {
        case UInt8(ascii: "F"): isLast = true
        case UInt8(ascii: "P"): isLast = false
        default: return nil
        }
        // More tags may follow after colons.
        guard tag + 1 >= bytes.byteCount || bytes.peek(tag + 1) == space || bytes.peek(tag + 1) == UInt8(ascii: ":")
        else { return nil }
        content = min(bytes.firstIndex(of: space, from: tag + 1) + 1, bytes.byteCount)
    }
}

/// A word that a line may hold, with the blank behind it.
struct LineWord {
    static let stdout = LineWord("stdout ")
    static let stderr = LineWord("stderr ")

    private let bytes: [UInt8]
    var count: Int { bytes.count }

    init(_ word: String) {
        bytes = Array(word.utf8)
    }

    func stands(in text: RawSpan, at start: Int) -> Bool {
        for offset in bytes.indices where text.peek(start + offset) != bytes[offset] { return false }
        return true
    }
}

/// A line of Docker's `json-file`: `{"log":"…\n","stream":"stdout",…}`.
struct DockerLine {
    var isErrorStream = false
    /// The inside of the string `log`.
    var log: Range<Int>

    private static let logName = LineWord("log\"")
    private static let streamName = LineWord("stream\"")
    private static let errorStream = LineWord("stderr\"")

    /// `nil` for a line of another form.
    init?(_ bytes: RawSpan) {
        var found: Range<Int>?
        do throws(Fault) {
            var index = JSONText.skipSpace(bytes, 0)
            guard bytes.peek(index) == UInt8(ascii: "{") else { return nil }
            repeat {
                index = JSONText.skipSpace(bytes, index + 1)
                guard bytes.peek(index) == UInt8(ascii: "\"") else { return nil }
                let name = index + 1
                index = try JSONText.colon(bytes, try JSONText.stringEnd(bytes, name).quote + 1)
                let value = index + 1
                index = try JSONText.skipValue(bytes, index, depth: 1)
                if bytes.peek(value - 1) == UInt8(ascii: "\"") {
                    if Self.logName.stands(in: bytes, at: name) { found = value..<index - 1 }
                    if Self.streamName.stands(in: bytes, at: name) {
                        isErrorStream = Self.errorStream.stands(in: bytes, at: value)
                    }
                }
                index = JSONText.skipSpace(bytes, index)
            } while bytes.peek(index) == UInt8(ascii: ",")
            guard bytes.peek(index) == UInt8(ascii: "}"),
                JSONText.skipSpace(bytes, index + 1) == bytes.byteCount
            else { return nil }
        } catch {
            return nil
        }
        guard let found else { return nil }
        log = found
    }
}

/// A line of server-sent events.
enum EventLine {
    /// An empty line: the event ends.
    case end
    /// A comment, or a field that holds no data.
    case ignored
    /// Data from this index on.
    case data(Int)
    /// No field of an event.
    case other

    private static let dataName = LineWord("data")
    private static let otherNames = [LineWord("event"), LineWord("id"), LineWord("retry")]
    private static let done = LineWord("[DONE]")

    init(_ bytes: RawSpan) {
        guard !bytes.isBlank(from: 0, to: bytes.byteCount) else {
            self = .end
            return
        }
        let colon = bytes.firstIndex(of: UInt8(ascii: ":"), from: 0)
        if colon == 0 {
            self = .ignored
        } else if colon == Self.dataName.count, Self.dataName.stands(in: bytes, at: 0) {
            let start = bytes.peek(colon + 1) == UInt8(ascii: " ") ? colon + 2 : min(colon + 1, bytes.byteCount)
            self = Self.done.stands(in: bytes, at: start) ? .ignored : .data(start)
        } else if Self.otherNames.contains(where: { $0.count == colon && $0.stands(in: bytes, at: 0) }) {
            self = .ignored
        } else {
            self = .other
        }
    }
}
