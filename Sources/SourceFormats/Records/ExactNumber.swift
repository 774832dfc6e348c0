/// A number as JSON writes it, exactly: ± `digits` × 10^`exponent`, without zeros at the digits' end.
struct ExactNumber: Sendable, Hashable {
    var isNegative = false
    var digits: UInt64 = 0
    var exponent = 0

    /// The most significant digits that are read.
    static let maxDigits = 19

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe self.init(bytes.span.bytes, from: 0, to: bytes.count)
    }

    /// Reads a sign, digits, a fraction and an exponent; `nil` for anything else, and for more digits or a larger
    /// exponent than are kept.
    init?(_ bytes: RawSpan, from start: Int, to end: Int) {
        var index = start
        if bytes.peek(index) == UInt8(ascii: "-"), index < end {
            isNegative = true
            index += 1
        }
        var kept = 0
        var isAfterPoint = false
        var seen = 0
        while index < end {
            let byte = bytes.peek(index)
            if byte == UInt8(ascii: "."), !isAfterPoint, seen > 0 {
                isAfterPoint = true
            } else if JSONText.isDigit(byte) {
                seen += 1
                // Zeros are kept in the exponent until a digit follows them.
                if digits != 0 || byte != 0x30 {
                    kept += 1
                    guard kept <= Self.maxDigits || byte == 0x30 else { return nil }
                    if kept <= Self.maxDigits { digits = digits * 10 + UInt64(byte - 0x30) } else { exponent += 1 }
                }
                if isAfterPoint { exponent -= 1 }
            } else {
                break
            }
            index += 1
        }
        guard seen > 0 else { return nil }
        if index < end {
            guard bytes.peek(index) | 0x20 == UInt8(ascii: "e"),
                let power = Self.exponent(bytes, from: index + 1, to: end)
            else { return nil }
            exponent += power
        }
        if digits == 0 { exponent = 0 }
        while digits != 0, digits % 10 == 0 {
            digits /= 10
            exponent += 1
        }
    }

    private static func exponent(_ bytes: RawSpan, from start: Int, to end: Int) -> Int? {
        var index = start
        let sign = bytes.peek(index)
        if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { index += 1 }
        guard index < end, end - index <= 6 else { return nil }
        var value = 0
        while index < end {
            guard JSONText.isDigit(bytes.peek(index)) else { return nil }
            value = value * 10 + Int(bytes.peek(index) - 0x30)
            index += 1
        }
        return sign == UInt8(ascii: "-") ? -value : value
    }

    /// The whole number that it is, or `UInt64.max` for a larger one; `nil` where it has a fraction.
    var whole: UInt64? {
        guard exponent >= 0 || digits == 0 else { return nil }
        guard exponent <= 19 else { return .max }
        var value = digits
        for _ in 0..<exponent {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return .max }
            value = product
        }
        return value
    }

    /// Whether it is less than another number.
    func isLess(than other: ExactNumber) -> Bool {
        if isNegative != other.isNegative { return isNegative && (digits != 0 || other.digits != 0) }
        let isBelow = magnitude(isBelow: other)
        return isNegative ? self != other && !isBelow : isBelow
    }

    private func magnitude(isBelow other: ExactNumber) -> Bool {
        if digits == 0 || other.digits == 0 { return digits == 0 && other.digits != 0 }
        let (own, others) = (Self.length(digits) + exponent, Self.length(other.digits) + other.exponent)
        if own != others { return own < others }
        // Of one order: brought to the same number of digits.
        var (left, right) = (UInt128(digits), UInt128(other.digits))
        for _ in 0..<max(0, exponent - other.exponent) { left *= 10 }
        for _ in 0..<max(0, other.exponent - exponent) { right *= 10 }
        return left < right
    }

    private static func length(_ value: UInt64) -> Int {
        var (value, count) = (value, 0)
        while value > 0 {
            value /= 10
            count += 1
        }
        return count
    }
}
