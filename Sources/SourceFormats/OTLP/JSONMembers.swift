/// Goes from item to item of an object or an array. Between two calls of ``next(_:opening:closing:otherwise:)`` the caller
/// moves ``index`` over the item.
private struct JSONItems {
    var index: Int
    private var isFirst = true

    init(_ start: Int) {
        index = start
    }

    /// Whether there is another item, at ``index``; otherwise ``index`` is behind the last bracket.
    ///
    /// - Parameter otherwise: the fault where no such bracket opens.
    mutating func next(
        _ bytes: RawSpan, opening: UInt8, closing: UInt8, otherwise: Fault.Kind
    ) throws(Fault) -> Bool {
        if isFirst {
            isFirst = false
            guard bytes.peek(index) == opening else {
                throw Fault(index >= bytes.byteCount ? .unexpectedEnd : otherwise, at: index)
            }
            index = JSONText.skipSpace(bytes, index + 1)
            if bytes.peek(index) != closing { return true }
        } else {
            index = JSONText.skipSpace(bytes, index)
            if bytes.peek(index) == UInt8(ascii: ",") {
                index = JSONText.skipSpace(bytes, index + 1)
                return true
            }
            guard bytes.peek(index) == closing else {
                throw Fault(index >= bytes.byteCount ? .unexpectedEnd : .expectedCommaOrEnd, at: index)
            }
        }
        index += 1
        return false
    }
}

/// Goes through the members of an object. Between two calls of ``next(_:)`` the caller moves ``index`` over the value.
struct JSONMembers {
    private var items: JSONItems

    /// - Parameter start: where the object's `{` is.
    init(_ start: Int) {
        items = JSONItems(start)
    }

    /// Where the value of the member begins, and where its end is to be noted.
    var index: Int {
        get { items.index }
        set { items.index = newValue }
    }

    /// The next member's name; `nil` at the object's end, with ``index`` behind it.
    mutating func next(_ bytes: RawSpan) throws(Fault) -> Range<Int>? {
        guard
            try items.next(
                bytes, opening: UInt8(ascii: "{"), closing: UInt8(ascii: "}"), otherwise: .notAnObject)
        else { return nil }
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
    private var items: JSONItems

    /// - Parameter start: where the array's `[` is.
    init(_ start: Int) {
        items = JSONItems(start)
    }

    /// Where the element begins, and where its end is to be noted.
    var index: Int {
        get { items.index }
        set { items.index = newValue }
    }

    /// Whether there is another element; otherwise ``index`` is behind the array.
    mutating func next(_ bytes: RawSpan) throws(Fault) -> Bool {
        try items.next(bytes, opening: UInt8(ascii: "["), closing: UInt8(ascii: "]"), otherwise: .expectedValue)
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
