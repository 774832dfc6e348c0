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
        guard let text = Ratio(value, powerOfTen(exponent)).decimal(decimals) else {
            preconditionFailure("\(value) with \(decimals) decimals leaves 128 bits")
        }
        return text
    }
}
