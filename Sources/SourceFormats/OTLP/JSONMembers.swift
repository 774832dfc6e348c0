/// Goes through the members of an object. Between two calls of ``next(_:)`` the caller moves ``index`` over the value.
struct JSONMembers {
    /// Where the value of the member begins, and where its end is to be noted.
    var index: Int
    private var isFirst = true

    /// - Parameter start: where the object's `{` is.
    init(_ start: Int) {
        index = start
    }

    /// The next member's name; `nil` at the object's end, with ``index`` behind it.
    mutating func next(_ bytes: RawSpan) throws(Fault) -> Range<Int>? {
        if isFirst {
            isFirst = false
            guard bytes.peek(index) == UInt8(ascii: "{") else {
                throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .notAnObject, at: index)
            }
            index = JSONText.skipSpace(bytes, index + 1)
            if bytes.peek(index) == UInt8(ascii: "}") {
                index += 1
                return nil
            }
        } else {
            index = JSONText.skipSpace(bytes, index)
            switch bytes.peek(index) {
            case UInt8(ascii: ","): index = JSONText.skipSpace(bytes, index + 1)
            case UInt8(ascii: "}"):
                index += 1
                return nil
            default: throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedCommaOrEnd, at: index)
            }
        }
        guard bytes.peek(index) == UInt8(ascii: "\"") else {
            throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedName, at: index)
        }
        let start = index + 1
        let end = try JSONText.stringEnd(bytes, start).quote
        index = try JSONText.colon(bytes, end + 1)
        return start..<end
    }
}

/// Goes through the elements of an array. Between two calls of ``next(_:)`` the caller moves ``index`` over the element.
struct JSONElements {
    /// Where the element begins, and where its end is to be noted.
    var index: Int
    private var isFirst = true

    /// - Parameter start: where the array's `[` is.
    init(_ start: Int) {
        index = start
    }

    /// Whether there is another element; otherwise ``index`` is behind the array.
    mutating func next(_ bytes: RawSpan) throws(Fault) -> Bool {
        if isFirst {
            isFirst = false
            guard bytes.peek(index) == UInt8(ascii: "[") else {
                throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedValue, at: index)
            }
            index = JSONText.skipSpace(bytes, index + 1)
            if bytes.peek(index) == UInt8(ascii: "]") {
                index += 1
                return false
            }
            return true
        }
        index = JSONText.skipSpace(bytes, index)
        switch bytes.peek(index) {
        case UInt8(ascii: ","):
            index = JSONText.skipSpace(bytes, index + 1)
            return true
        case UInt8(ascii: "]"):
            index += 1
            return false
        default: throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedCommaOrEnd, at: index)
        }
    }
}

extension RawSpan {
    /// Whether these bytes are the word.
    func holds(_ word: StaticString, _ range: Range<Int>) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        // Safe: the offset is below the literal's own length.
        for offset in 0..<range.count where peek(range.lowerBound + offset) != (unsafe word.utf8Start[offset]) {
            return false
        }
        return true
    }
}
