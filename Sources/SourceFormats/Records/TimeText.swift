internal import UsageModel

/// Times as text, in place, in integers.
enum TimeText {
    /// A moment: seconds since 1970-01-01T00:00Z (rounded down) and what is above them.
    struct Moment: Sendable, Equatable {
        var second: Int64
        var nanosecond: Int64
    }

    /// What a date and a time of day say, before a zone is applied.
    private struct Clock {
        /// Seconds since 1970-01-01T00:00 on the same clock; a leap second counts as the one before it.
        var second: Int64
        var nanosecond: Int64
        var isLeapSecond: Bool
        /// The index after the last digit.
        var end: Int
    }

    /// The most fractional digits that are read; more are an error.
    static let maxFractionDigits = 18

    static func rfc3339(_ bytes: RawSpan) -> Moment? {
        rfc3339(bytes, from: 0, to: bytes.byteCount)
    }

    /// Reads RFC 3339 with `T` (or a space) and an offset, in either case. `:60` is taken where a leap second can be,
    /// in the last minute of a UTC day, and belongs to that minute.
    static func rfc3339(_ bytes: RawSpan, from start: Int, to end: Int) -> Moment? {
        guard let clock = clock(bytes, from: start, to: end) else { return nil }
        var offset: Int64 = 0
        switch bytes.peek(clock.end) {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            guard clock.end + 1 == end else { return nil }
        case UInt8(ascii: "+"):
            guard let seconds = offsetSeconds(bytes, from: clock.end + 1, to: end) else { return nil }
            offset = seconds
        case UInt8(ascii: "-"):
            guard let seconds = offsetSeconds(bytes, from: clock.end + 1, to: end) else { return nil }
            offset = -seconds
        default: return nil
        }
        let second = clock.second - offset
        if clock.isLeapSecond, (second + 1) % CivilTime.secondsPerDay != 0 { return nil }
        return Moment(second: second, nanosecond: clock.nanosecond)
    }

    /// Reads a time that says its offset, in any of the ways that ``TimeReader`` knows.
    static func withOffset(_ bytes: RawSpan, from start: Int, to end: Int) -> Moment? {
        guard let time = TimeReader.read(bytes, from: start, to: end), let offset = time.offset,
            let local = time.localSecond(dateOnly: 0)
        else { return nil }
        return Moment(second: local - offset, nanosecond: time.nanosecond)
    }

    /// The unit that shows in the size of a count since 1970.
    static func unit(_ bytes: RawSpan, from start: Int, to end: Int) -> TimeUnit {
        var index = start
        if bytes.peek(index) == UInt8(ascii: "-") { index += 1 }
        while index < end, bytes.peek(index) == 0x30 { index += 1 }
        let first = index
        while index < end, JSONText.isDigit(bytes.peek(index)) { index += 1 }
        return .ofSize(digits: index - first)
    }

    /// Reads `YYYY-MM-DD`, a separator, `hh:mm:ss` and perhaps a fraction.
    @inline(__always)
    private static func clock(_ bytes: RawSpan, from start: Int, to end: Int) -> Clock? {
        guard end - start >= 19, end <= bytes.byteCount else { return nil }
        let separators =
            bytes.peek(start + 4) == UInt8(ascii: "-") && bytes.peek(start + 7) == UInt8(ascii: "-")
            && bytes.peek(start + 13) == UInt8(ascii: ":") && bytes.peek(start + 16) == UInt8(ascii: ":")
        guard separators else { return nil }
        switch bytes.peek(start + 10) {
        case UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " "): break
        default: return nil
        }
        let century = pair(bytes, start)
        let yearOfCentury = pair(bytes, start + 2)
        let month = pair(bytes, start + 5)
        let day = pair(bytes, start + 8)
        let hour = pair(bytes, start + 11)
        let minute = pair(bytes, start + 14)
        let second = pair(bytes, start + 17)
        let year = century * 100 + yearOfCentury
        guard century | yearOfCentury | month | day | hour | minute | second >= 0, year >= 1, hour < 24, minute < 60,
            second <= 60, CivilTime.isValid(year: year, month: month, day: day)
        else { return nil }
        let isLeapSecond = second == 60
        let secondOfDay = hour * 3_600 + minute * 60 + (isLeapSecond ? 59 : second)
        var clock = Clock(
            second: CivilTime.days(year: year, month: month, day: day) * CivilTime.secondsPerDay + Int64(secondOfDay),
            nanosecond: 0, isLeapSecond: isLeapSecond, end: start + 19)
        guard clock.end < end, bytes.peek(clock.end) == UInt8(ascii: ".") else { return clock }
        return fraction(bytes, &clock, to: end) ? clock : nil
    }

    private static func fraction(_ bytes: RawSpan, _ clock: inout Clock, to end: Int) -> Bool {
        var index = clock.end + 1
        let first = index
        var scale: Int64 = 100_000_000
        while index < end, JSONText.isDigit(bytes.peek(index)) {
            clock.nanosecond += Int64(bytes.peek(index) - 0x30) * scale
            scale /= 10
            index += 1
        }
        clock.end = index
        return index > first && index - first <= maxFractionDigits
    }

    /// Two digits as a number, or a negative number.
    @inline(__always)
    private static func pair(_ bytes: RawSpan, _ start: Int) -> Int {
        let tens = Int(bytes.peek(start)) - 0x30
        let ones = Int(bytes.peek(start + 1)) - 0x30
        return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
    }

    /// Reads `hh:mm` to the end.
    private static func offsetSeconds(_ bytes: RawSpan, from start: Int, to end: Int) -> Int64? {
        guard end - start == 5, bytes.peek(start + 2) == UInt8(ascii: ":") else { return nil }
        let hours = pair(bytes, start)
        let minutes = pair(bytes, start + 3)
        guard hours >= 0, hours < 24, minutes >= 0, minutes < 60 else { return nil }
        return Int64(hours * 3_600 + minutes * 60)
    }

    /// Reads a count of units as a moment after 1970: an integer or a decimal, without an exponent, perhaps negative.
    /// What is below a nanosecond is cut off, towards the past.
    static func counted(_ bytes: RawSpan, from start: Int, to end: Int, unit: TimeUnit) -> Moment? {
        var index = start
        let isNegative = bytes.peek(index) == UInt8(ascii: "-")
        if isNegative { index += 1 }
        var whole: Int64 = 0
        let firstDigit = index
        while index < end, JSONText.isDigit(bytes.peek(index)) {
            let (tens, overflow) = whole.multipliedReportingOverflow(by: 10)
            let (sum, overflowOfSum) = tens.addingReportingOverflow(Int64(bytes.peek(index) - 0x30))
            if overflow || overflowOfSum { return nil }
            whole = sum
            index += 1
        }
        guard index > firstDigit else { return nil }
        let unitsPerSecond = power(unit.decimalDigits)
        var second = whole / unitsPerSecond
        var nanosecond = whole % unitsPerSecond * power(9 - unit.decimalDigits)
        var isBelowNanosecond = false
        if index < end {
            guard bytes.peek(index) == UInt8(ascii: "."), index + 1 < end else { return nil }
            index += 1
            var scale = power(9 - unit.decimalDigits) / 10
            while index < end {
                guard JSONText.isDigit(bytes.peek(index)) else { return nil }
                let digit = Int64(bytes.peek(index) - 0x30)
                nanosecond += digit * scale
                if scale == 0, digit > 0 { isBelowNanosecond = true }
                scale /= 10
                index += 1
            }
        }
        guard isNegative else { return Moment(second: second, nanosecond: nanosecond) }
        if isBelowNanosecond { nanosecond += 1 }
        second = -second
        if nanosecond > 0 {
            second -= 1
            nanosecond = 1_000_000_000 - nanosecond
        }
        return Moment(second: second, nanosecond: nanosecond)
    }

    private static func power(_ digits: Int) -> Int64 {
        switch digits {
        case 0: 1
        case 3: 1_000
        case 6: 1_000_000
        default: 1_000_000_000
        }
    }
}
