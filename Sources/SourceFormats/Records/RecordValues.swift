/// What one record holds at the places that its format reads: where each value is and of what kind, not yet what it
/// means.
struct RecordValues: Sendable {
    enum Kind: UInt8, Sendable {
        /// Text between quotes without escapes, or an unquoted CSV field.
        case text
        /// Text with backslash escapes.
        case escapedText
        /// A CSV field with doubled quotes.
        case doubledQuotes
        /// A CSV field or other text that may stand for a number.
        case bareText
        /// Digits only.
        case integer
        /// A minus sign and digits.
        case negativeInteger
        /// A number with a fraction or an exponent.
        case fraction
        case boolean
        /// A time as a number of nanoseconds since 1970, whatever the format's times are otherwise.
        case nanoseconds
        case array
        case object
    }

    struct Slot: Sendable {
        var start: UInt32
        var count: UInt32
        var kind: Kind
        /// The value of an integer of up to 19 digits; whether there is anything in an array or object.
        var number: UInt64 = 0
    }

    /// The sources that have a value other than null.
    var present: UInt64 = 0
    /// The sources whose name was there at all.
    var named: UInt64 = 0
    /// By source; only those in `present` mean anything. One buffer for all records of a parser: as a value in place
    /// it would be copied from call to call.
    private(set) var slots = [Slot](
        repeating: Slot(start: 0, count: 0, kind: .text), count: FieldPlan.maxSources)

    /// What was copied out of the record, by plans that read JSON within strings: slots then say where in it.
    private(set) var copied: [UInt8] = []

    /// The most bytes of one value that are copied: more than any value that means something has.
    static let maxCopiedBytes = 8 << 10

    @inline(__always)
    mutating func clear() {
        present = 0
        named = 0
        if !copied.isEmpty { copied.removeAll(keepingCapacity: true) }
    }

    /// Copies a value out of `bytes`, which its record doesn't hold or not for long.
    mutating func copy(_ source: Int, _ kind: Kind, of bytes: RawSpan, start: Int, end: Int, number: UInt64 = 0) {
        let first = copied.count
        if kind != .array, kind != .object {
            for index in start..<min(end, start + Self.maxCopiedBytes) { copied.append(bytes.peek(index)) }
        }
        set(source, kind, start: first, end: copied.count, number: number)
    }

    /// Takes a value away again, or puts back the one that was there.
    mutating func restore(_ source: Int, _ slot: Slot?) {
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: source)
        present &= ~bit
        guard let slot else { return }
        present |= bit
        slots[source] = slot
    }

    /// The value of a source that has one.
    func slot(_ source: Int) -> Slot? {
        present & (1 &<< UInt64(truncatingIfNeeded: source)) == 0 ? nil : slots[source]
    }

    @inline(__always)
    mutating func set(_ source: Int, _ kind: Kind, start: Int, end: Int, number: UInt64 = 0) {
        present |= 1 &<< UInt64(truncatingIfNeeded: source)
        slots[source] = Slot(
            start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: end &- start), kind: kind,
            number: number)
    }

    /// The preferred source of a field that has a value, or -1.
    @inline(__always)
    func choose(_ mask: UInt64) -> Int {
        let found = present & mask
        return found == 0 ? -1 : found.trailingZeroBitCount
    }
}
