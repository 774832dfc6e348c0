/// How a source writes times, as a pattern of `strptime`: `%d.%m.%Y %H:%M:%S`.
///
/// `%Y %y %m %d %e %j` are year, year of the century (69 to 99 are 19xx), month, day and day of the year, `%H %I %M %S
/// %p` hour, hour of twelve, minute, second, AM or PM, `%f %L %N` digits of a fraction, `%b %B %h` and `%a %A` English
/// names of month and weekday, `%z` an offset, `%Z` letters that say nothing, `%s` seconds since 1970, `%T %R %D %F` as
/// in C. A blank is any number of blanks; anything else stands for itself.
package struct TimePattern: Sendable, Hashable {
    private enum Part: Sendable, Hashable {
        case byte(UInt8)
        case blanks
        case field(UInt8)
    }

    private static let composites: [Character: String] = [
        "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "F": "%Y-%m-%d",
    ]
    private static let known = Array("YymdejHIMSpfLNbBhaAzZs".utf8)

    private var parts: [Part] = []

    /// - Throws: what is wrong with the pattern, as a sentence fragment.
    init(_ text: String) throws(PatternProblem) {
        var text = text
        for (letter, meaning) in Self.composites { text = text.replacing("%\(letter)", with: meaning) }
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case 0x20, 0x09: if parts.last != .blanks { parts.append(.blanks) }
            case UInt8(ascii: "%"):
                guard let letter = bytes.popFirst() else { throw PatternProblem(message: "ends with %") }
                if letter == UInt8(ascii: "%") {
                    parts.append(.byte(letter))
                } else if Self.known.contains(letter) {
                    parts.append(.field(letter))
                } else {
                    let name = String(decoding: [letter], as: UTF8.self)
                    throw PatternProblem(message: "holds %\(name), which is not known")
                }
            default: parts.append(.byte(byte))
            }
        }
        func has(_ letters: String) -> Bool { letters.utf8.contains { parts.contains(.field($0)) } }
        guard has("s") || has("Yy") && (has("j") || has("mbBh") && has("de")) else {
            throw PatternProblem(message: "names no whole date: it needs year, month and day, or %s")
        }
        if has("I"), !has("p") {
            throw PatternProblem(message: "has %I without %p, so that the half of the day is missing")
        }
    }

    struct PatternProblem: Error {
        var message: String
    }

    /// The time that the text says under this pattern.
    func read(_ bytes: RawSpan, from start: Int, to end: Int) -> WrittenTime? {
        guard var reader = TimeReader(bytes, from: start, to: end) else { return nil }
        var found = Found()
        reader.blanks()
        for part in parts {
            switch part {
            case .byte(let byte): guard reader.take(byte) else { return nil }
            case .blanks: reader.blanks()
            case .field(let letter): guard found.take(letter, &reader) else { return nil }
            }
        }
        reader.blanks()
        return reader.index == reader.end ? found.time : nil
    }

    /// What was read so far.
    private struct Found {
        private var written = WrittenTime()
        private var yearDay = 0
        private var hour = -1
        private var minute = 0
        private var second = 0
        private var isAfternoon: Bool?
        private var epoch: Int64?

        mutating func take(_ letter: UInt8, _ reader: inout TimeReader) -> Bool {
            func number(_ range: ClosedRange<Int>, digits: Int = 2) -> Int? {
                reader.blanks()
                let value = reader.number(most: digits, stops: true)
                return range.contains(value) ? value : nil
            }
            func set(_ field: inout Int, _ value: Int?) -> Bool {
                field = value ?? field
                return value != nil
            }
            switch letter {
            case UInt8(ascii: "Y"): return set(&written.year, number(1...9_999, digits: 4))
            case UInt8(ascii: "y"): return set(&written.year, number(0...99).map { $0 + ($0 < 69 ? 2_000 : 1_900) })
            case UInt8(ascii: "m"): return set(&written.month, number(1...12))
            case UInt8(ascii: "d"), UInt8(ascii: "e"): return set(&written.day, number(1...31))
            case UInt8(ascii: "j"): return set(&yearDay, number(1...366, digits: 3))
            case UInt8(ascii: "H"): return set(&hour, number(0...23))
            case UInt8(ascii: "I"): return set(&hour, number(1...12))
            case UInt8(ascii: "M"): return set(&minute, number(0...59))
            case UInt8(ascii: "S"): return set(&second, number(0...59))
            case UInt8(ascii: "f"), UInt8(ascii: "L"), UInt8(ascii: "N"): return reader.fraction(&written)
            case UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "h"):
                written.month = reader.monthName()
                return written.month > 0
            case UInt8(ascii: "a"), UInt8(ascii: "A"): return reader.letters() >= 3
            case UInt8(ascii: "Z"): return reader.letters() > 0
            case UInt8(ascii: "z"): return reader.offset(&written)
            case UInt8(ascii: "p"):
                isAfternoon = reader.meridiem()
                return isAfternoon != nil
            default:
                let value = reader.number(most: 12)
                epoch = Int64(value)
                return value >= 0
            }
        }

        var time: WrittenTime? {
            var time = written
            if let epoch {
                let day = CivilDay(second: epoch)
                (time.year, time.month, time.day) = (day.year, day.month, day.day)
                time.secondOfDay = day.secondOfDay
                time.offset = 0
                return time
            }
            if yearDay > 0 {
                let day = CivilDay(year: time.year, yearDay: yearDay)
                guard day.year == time.year else { return nil }
                (time.month, time.day) = (day.month, day.day)
            }
            if let isAfternoon {
                guard (1...12).contains(hour) else { return nil }
                time.secondOfDay = Int64(hour % 12 + (isAfternoon ? 12 : 0)) * 3_600 + Int64(minute * 60 + second)
            } else if hour >= 0 {
                time.secondOfDay = Int64(hour * 3_600 + minute * 60 + second)
            }
            return time
        }
    }
}
