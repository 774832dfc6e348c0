/// PostgreSQL's binary representations: big-endian integers, NUMERIC in digits of base 10,000, times from 2000-01-01.
enum BinaryFormat {
    /// Microseconds from 1970-01-01 to 2000-01-01.
    static let epochMicroseconds: Int64 = 946_684_800_000_000
    /// Days from 1970-01-01 to 2000-01-01.
    static let epochDays: Int64 = 10_957

    /// The sign field of a NUMERIC below 0.
    private static let negativeSign: Int16 = 0x4000

    /// Appends a whole NUMERIC, without its length.
    static func appendNumeric(_ value: Int128, to bytes: inout [UInt8]) {
        appendNumeric(value.magnitude, isNegative: value < 0, to: &bytes)
    }

    /// Appends a whole NUMERIC by its magnitude, without its length.
    static func appendNumeric(_ value: UInt128, isNegative: Bool = false, to bytes: inout [UInt8]) {
        var digits: [Int16] = []
        var rest = value
        while rest > UInt128(UInt64.max) {
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10_000)
            digits.append(Int16(remainder))
            rest = quotient
        }
        var small = UInt64(rest)
        while small > 0 {
            digits.append(Int16(small % 10_000))
            small /= 10_000
        }
        bytes.appendBigEndian(Int16(digits.count))
        bytes.appendBigEndian(Int16(max(0, digits.count - 1)))
        bytes.appendBigEndian(isNegative ? negativeSign : 0)
        bytes.appendBigEndian(Int16(0))
        for digit in digits.reversed() { bytes.appendBigEndian(digit) }
    }

    /// Reads a NUMERIC; `nil` where it is negative, fractional, not a number or beyond 128 bits.
    static func numeric(_ bytes: [UInt8]) -> UInt128? {
        guard let (magnitude, sign) = parts(bytes), sign == 0 else { return nil }
        return magnitude
    }

    /// Reads a NUMERIC of either sign; `nil` where it is fractional, not a number or beyond 128 bits with the sign.
    static func signedNumeric(_ bytes: [UInt8]) -> Int128? {
        guard let (magnitude, sign) = parts(bytes) else { return nil }
        switch sign {
        case 0: return Int128(exactly: magnitude)
        case negativeSign:
            guard magnitude <= Int128.min.magnitude else { return nil }
            return Int128(truncatingIfNeeded: 0 &- magnitude)
        default: return nil
        }
    }

    /// The digits of a whole NUMERIC as a number, and its sign field.
    private static func parts(_ bytes: [UInt8]) -> (magnitude: UInt128, sign: Int16)? {
        guard bytes.count >= 8 else { return nil }
        func field(_ index: Int) -> Int { Int(Int16(bitPattern: UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1]))) }
        let count = field(0)
        let weight = field(2)
        guard count >= 0, bytes.count == 8 + 2 * count, weight < 10 else { return nil }
        var value: UInt128 = 0
        for index in 0..<max(0, weight + 1) {
            let digit = index < count ? UInt128(UInt16(truncatingIfNeeded: field(8 + 2 * index))) : 0
            let (product, overflow) = value.multipliedReportingOverflow(by: 10_000)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            value = sum
        }
        for index in max(0, weight + 1)..<max(count, weight + 1, 0) where field(8 + 2 * index) != 0 { return nil }
        return (value, Int16(field(4)))
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }
}
