internal import TextFormats

/// Large counts as people read them: `536.7 trillion`, `536.7万亿`.
package enum TokenText {
    /// The words that a count can be said in.
    package enum Language: Sendable {
        case english, chinese

        /// Units by falling power of ten.
        var units: [(exponent: Int, word: String)] {
            switch self {
            case .english: [(12, " trillion"), (9, " billion"), (6, " million")]
            case .chinese: [(12, "万亿"), (8, "亿"), (4, "万")]
            }
        }
    }

    /// The most decimals that a count is said with.
    package static let maxDecimals = 9

    /// The count in the largest unit that it fills, rounded half up, with separators: `16.4 trillion`, `5,367亿`.
    /// Counts below the smallest unit are written out. A count that rounds up to the next unit is said in that one:
    /// 999,999,999,999 is `1.0 trillion`.
    package static func text(_ value: UInt128, decimals: Int = 1, language: Language = .english) -> String {
        precondition((0...maxDecimals).contains(decimals), "\(decimals) decimals")
        let units = language.units
        guard var chosen = units.firstIndex(where: { value >= DecimalText.powerOfTen($0.exponent) }) else {
            return DecimalText.grouped(value)
        }
        if chosen > 0 {
            let step = DecimalText.powerOfTen(units[chosen - 1].exponent - units[chosen].exponent + decimals)
            let scale = DecimalText.powerOfTen(decimals)
            let rounded = Ratio(value, over: DecimalText.powerOfTen(units[chosen].exponent)).rounded(times: scale)
            if let rounded, rounded >= step { chosen -= 1 }
        }
        let unit = units[chosen]
        return DecimalText.grouped(DecimalText.scaled(value, by: unit.exponent, decimals: decimals)) + unit.word
    }

    /// Tokens per day over a period, rounded half up to whole tokens.
    package static func perDay(_ total: UInt128, days: Int) -> UInt128 {
        precondition(days > 0, "a period has days")
        return Ratio(total, over: UInt128(days)).rounded() ?? 0
    }
}
