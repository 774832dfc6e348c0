/// Integers as text with a decimal point, a unit or separators, in integer arithmetic throughout.
package enum DecimalText {
    /// 10 to the given power. `exponent` must be 0 to 38.
    package static func powerOfTen(_ exponent: Int) -> UInt128 {
        precondition((0...38).contains(exponent), "10^\(exponent) leaves 128 bits")
        var power: UInt128 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }

    /// `units` × 10^-`decimals`, with all decimals written: `render(492, decimals: 1)` is `49.2`.
    package static func render(_ units: UInt128, decimals: Int) -> String {
        let digits = String(units)
        guard decimals > 0 else { return digits }
        let padding = String(repeating: "0", count: max(0, decimals + 1 - digits.utf8.count))
        let padded = padding + digits
        return "\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
    }

    /// A number with its sign, its magnitude written by `text`: `-49.2`.
    package static func signed(_ value: Int128, _ text: (UInt128) -> String) -> String {
        (value < 0 ? "-" : "") + text(value.magnitude)
    }

    /// The same without zeros at the end of the fraction, but for so many decimals: `0.5`, `2`, or `0.50`, `2.00`.
    package static func trimmed(_ units: UInt128, decimals: Int, atLeast kept: Int = 0) -> String {
        var (units, decimals) = (units, decimals)
        while decimals > kept, units.isMultiple(of: 10) {
            units /= 10
            decimals -= 1
        }
        return render(units, decimals: decimals)
    }

    /// Parses `49`, `49.2`, `0.000001`: no sign, no exponent, no separators.
    ///
    /// - Parameters:
    ///   - decimals: the most digits after the point.
    ///   - wholeDigits: the most digits before it. Together they must be at most 38.
    /// - Returns: the number in units of 10^-`decimals`; `nil` for anything else.
    package static func parse(_ text: String, decimals: Int, wholeDigits: Int) -> UInt128? {
        precondition(decimals >= 0 && wholeDigits > 0 && decimals + wholeDigits <= 38, "more digits than 128 bits hold")
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), (1...wholeDigits).contains(parts[0].count) else { return nil }
        let fraction = parts.count == 2 ? parts[1] : parts[0].prefix(0)
        guard parts.count == 1 || (!fraction.isEmpty && fraction.count <= decimals) else { return nil }
        var value: UInt128 = 0
        for byte in Array(parts[0]) + Array(fraction) {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + UInt128(byte - 0x30)
        }
        return value * powerOfTen(decimals - fraction.count)
    }

    /// Groups of three: `536,700,000,000,000`. A fraction after a point stays as it is.
    package static func grouped(_ text: String, separator: String = ",") -> String {
        let point = text.firstIndex(of: ".") ?? text.endIndex
        let whole = text[..<point]
        let sign = whole.prefix { !$0.isNumber }
        let digits = Array(whole.dropFirst(sign.count))
        var result = String(sign)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += separator }
            result.append(digit)
        }
        return result + text[point...]
    }

    /// Groups of three: `536,700,000,000,000`.
    package static func grouped(_ value: UInt128) -> String {
        grouped(String(value))
    }

    /// A count in a unit of powers of ten, rounded half up: `scaled(536_700_000_000_000, by: 12, decimals: 1)` is
    /// `536.7`.
    package static func scaled(_ value: UInt128, by exponent: Int, decimals: Int) -> String {
        guard let text = Ratio(value, over: powerOfTen(exponent)).decimal(decimals) else {
            preconditionFailure("\(value) with \(decimals) decimals leaves 128 bits")
        }
        return text
    }
}
