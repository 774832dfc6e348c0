internal import UsageModel

/// Reads counts: whole numbers, however they are written.
///
/// A number of JSON may have a fraction of zeros and an exponent (`12.0`, `1e+05`), since its value is exact. Text may
/// have a fraction of zeros, which is how spreadsheets and data frames write whole numbers, but no exponent: a
/// spreadsheet that shows `1.23457E+11` has lost digits.
enum CountText {
    struct Rules {
        /// Whether a string of JSON may be a count.
        var acceptsStrings: Bool
        /// What separates thousands in text; 0 for nothing.
        var thousandsSeparator: UInt8
        /// The highest count.
        var limit: UInt64

        init(_ plan: borrowing FieldPlan, source: Int) {
            acceptsStrings = plan.rules.acceptsDecimalStrings
            thousandsSeparator = plan.rules.thousandsSeparator
            // A total is of two counts.
            let field = plan.sources[source].field
            limit = field == .total ? 2 * Limits.maxTokensPerField : Limits.maxTokensPerField
        }
    }

    /// One count; ``FieldPlan/absentCount`` for empty text.
    static func read(
        _ bytes: RawSpan, _ slot: RecordValues.Slot, by rules: Rules, source: Int
    ) throws(Fault) -> UInt64 {
        let start = Int(slot.start)
        let end = start + Int(slot.count)
        switch slot.kind {
        // Nineteen digits are sure to fit in 64 bits.
        case .integer where slot.count <= 19 && slot.number <= rules.limit: return slot.number
        case .integer: throw Fault(.tooLarge, source: source)
        case .negativeInteger: throw Fault(.negative, source: source)
        case .fraction:
            guard let number = ExactNumber(bytes, from: start, to: end) else {
                throw Fault(.fractional, source: source)
            }
            if number.isNegative { throw Fault(.negative, source: source) }
            guard let whole = number.whole else { throw Fault(.fractional, source: source) }
            guard whole <= rules.limit else { throw Fault(.tooLarge, source: source) }
            return whole
        case .bareText: return try decimal(bytes, from: start, to: end, rules, source: source)
        case .text where rules.acceptsStrings: return try decimal(bytes, from: start, to: end, rules, source: source)
        default: throw Fault(.wantedCount, source: source)
        }
    }

    /// Reads text as a count: digits, perhaps in groups of three, perhaps with a fraction of zeros.
    private static func decimal(
        _ bytes: RawSpan, from start: Int, to end: Int, _ rules: Rules, source: Int
    ) throws(Fault) -> UInt64 {
        var (index, end) = (start, end)
        while index < end, bytes.peek(index) == 0x20 { index += 1 }
        while end > index, bytes.peek(end - 1) == 0x20 { end -= 1 }
        if index == end { return FieldPlan.absentCount }
        if bytes.peek(index) == UInt8(ascii: "-"), index + 1 < end, JSONText.isDigit(bytes.peek(index + 1)) {
            throw Fault(.negative, source: source)
        }
        let separator = rules.thousandsSeparator
        var value: UInt64 = 0
        // Digits since the start or the last separator; and whether there was one.
        var (group, isGrouped) = (0, false)
        while index < end {
            let byte = bytes.peek(index)
            if JSONText.isDigit(byte) {
                value = value * 10 + UInt64(byte - 0x30)
                if value > rules.limit { throw Fault(.tooLarge, source: source) }
                group += 1
                index += 1
                continue
            }
            let width = separator == 0 ? 0 : separatorBytes(bytes, at: index, separator)
            guard width > 0 else { break }
            guard isGrouped ? group == 3 : (1...3).contains(group) else { throw Fault(.wantedCount, source: source) }
            (group, isGrouped) = (0, true)
            index += width
        }
        guard group > 0, !isGrouped || group == 3 else { throw Fault(.wantedCount, source: source) }
        if index < end { try checkFraction(bytes, from: index, to: end, separator, source: source) }
        return value
    }

    /// How many bytes the separator at `index` has; 0 where none stands there. A blank may be one that doesn't break.
    private static func separatorBytes(_ bytes: RawSpan, at index: Int, _ separator: UInt8) -> Int {
        if bytes.peek(index) == separator { return 1 }
        guard separator == 0x20 else { return 0 }
        if bytes.peek(index) == 0xC2, bytes.peek(index + 1) == 0xA0 { return 2 }
        return bytes.peek(index) == 0xE2 && bytes.peek(index + 1) == 0x80 && bytes.peek(index + 2) == 0xAF ? 3 : 0
    }

    /// Checks what follows a count's whole digits: a point and zeros.
    private static func checkFraction(
        _ bytes: RawSpan, from start: Int, to end: Int, _ separator: UInt8, source: Int
    ) throws(Fault) {
        let point = separator == UInt8(ascii: ".") ? UInt8(ascii: ",") : UInt8(ascii: ".")
        let byte = bytes.peek(start)
        guard byte == point || byte | 0x20 == UInt8(ascii: "e") else { throw Fault(.wantedCount, source: source) }
        guard byte == point, start + 1 < end else { throw Fault(.fractional, source: source) }
        for index in start + 1..<end where bytes.peek(index) != 0x30 { throw Fault(.fractional, source: source) }
    }
}
