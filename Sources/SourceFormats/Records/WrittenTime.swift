internal import UsageModel

/// A time as it was written: a date, perhaps a time of day, perhaps an offset from UTC.
struct WrittenTime: Sendable {
    /// What a clock shows in the zone where it was written.
    var year = 0
    var month = 0
    var day = 0
    /// Negative where only the date was written.
    var secondOfDay: Int64 = -1
    var nanosecond: Int64 = 0
    /// Seconds east of UTC; `nil` where nothing says it.
    var offset: Int64?

    /// The second since 1970-01-01T00:00 on the clock that it was read from; `nil` where the date is none.
    func localSecond(dateOnly: Int64) -> Int64? {
        guard CivilTime.isValid(year: year, month: month, day: day), year >= 1 else { return nil }
        return CivilTime.days(year: year, month: month, day: day) * CivilTime.secondsPerDay
            + (secondOfDay >= 0 ? secondOfDay : dateOnly)
    }
}

/// Reads dates and times as programs write them that don't hold to RFC 3339.
///
/// - Python's and log4j's `2026-06-01 10:00:05,123`; spreadsheets' `2026/6/1 10:00` and `2026/6/1 10:00 AM`; gin's
///   `2026/06/01 - 10:00:05`; nginx's `$time_local`, `01/Jun/2026:10:00:05 +0800`, with or without brackets; RFC 1123's
///   `Mon, 01 Jun 2026 02:00:05 GMT`; dates alone.
/// - Offsets `+08:00`, `+0800`, `+08`, `Z`, `UTC`, `GMT`, perhaps behind a blank; behind an offset Go's abbreviation
///   and monotonic clock (`+0800 CST m=+0.1`) and Java's `[Asia/Shanghai]` say nothing more. An abbreviation alone is
///   no offset: `CST` is three.
struct TimeReader {
    /// The longest text that is read as a time, in bytes.
    static let maxBytes = 96

    private var text = InlineArray<96, UInt8>(repeating: 0)
    let end: Int
    var index = 0

    static func read(_ bytes: RawSpan, from start: Int, to end: Int) -> WrittenTime? {
        var (start, end) = (start, end)
        while start < end, bytes.peek(start) == 0x20 { start += 1 }
        while end > start, bytes.peek(end - 1) == 0x20 { end -= 1 }
        if bytes.peek(start) == UInt8(ascii: "["), bytes.peek(end - 1) == UInt8(ascii: "]") {
            (start, end) = (start + 1, end - 1)
        }
        guard var reader = TimeReader(bytes, from: start, to: end) else { return nil }
        var time = WrittenTime()
        guard reader.date(&time) else { return nil }
        if reader.index == reader.end { return time }
        guard reader.separator(), reader.timeOfDay(&time), reader.zone(&time) else { return nil }
        return reader.index == reader.end ? time : nil
    }

    /// - Returns: `nil` for text that is empty or too long to be a time.
    init?(_ bytes: RawSpan, from start: Int, to end: Int) {
        guard start < end, end <= bytes.byteCount, end - start <= Self.maxBytes else { return nil }
        self.end = end - start
        for offset in 0..<end - start { text[offset] = bytes.peek(start + offset) }
    }

    /// The byte at an index, or 0 past the end.
    func byte(at index: Int) -> UInt8 { index < end ? text[index] : 0 }

    var byte: UInt8 { byte(at: index) }

    /// Reads `least` to `most` digits; -1 where fewer stand here.
    ///
    /// - Parameter stops: whether further digits are left for what follows; otherwise -1 where there are any.
    mutating func number(most: Int, least: Int = 1, stops: Bool = false) -> Int {
        var value = 0
        let start = index
        while JSONText.isDigit(byte) {
            guard index - start < most else {
                if stops { break }
                return -1
            }
            value = value * 10 + Int(byte - 0x30)
            index += 1
        }
        return index - start >= least ? value : -1
    }

    mutating func take(_ wanted: UInt8) -> Bool {
        guard byte == wanted else { return false }
        index += 1
        return true
    }

    mutating func blanks() { while byte == 0x20 { index += 1 } }

    /// Reads letters and says how many.
    mutating func letters() -> Int {
        let start = index
        while byte | 0x20 >= 0x61, byte | 0x20 <= 0x7A { index += 1 }
        return index - start
    }

    private mutating func date(_ time: inout WrittenTime) -> Bool {
        if letters() > 0 {
            // A day of the week.
            _ = take(UInt8(ascii: ","))
            blanks()
        }
        let start = index
        let first = number(most: 8)
        if index - start == 8 {
            (time.year, time.month, time.day) = (first / 10_000, first / 100 % 100, first % 100)
            return true
        }
        let separator = byte
        switch separator {
        case UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "."), 0x20: guard first >= 0 else { return false }
        default: return false
        }
        let isYearFirst = index - start == 4
        guard isYearFirst || index - start <= 2 else { return false }
        index += 1
        if isYearFirst {
            guard separator != 0x20 else { return false }
            time.year = first
            time.month = number(most: 2)
            guard take(separator) else { return false }
            time.day = number(most: 2)
        } else {
            // Of two numbers nobody knows which is the month; a name is one.
            time.day = first
            time.month = monthName()
            guard take(separator) else { return false }
            time.year = number(most: 4, least: 4)
        }
        return time.month > 0 && time.day > 0 && time.year > 0
    }

    private static let months: [36 of UInt8] = [
        0x6A, 0x61, 0x6E, 0x66, 0x65, 0x62, 0x6D, 0x61, 0x72, 0x61, 0x70, 0x72, 0x6D, 0x61, 0x79, 0x6A, 0x75, 0x6E,
        0x6A, 0x75, 0x6C, 0x61, 0x75, 0x67, 0x73, 0x65, 0x70, 0x6F, 0x63, 0x74, 0x6E, 0x6F, 0x76, 0x64, 0x65, 0x63,
    ]

    /// Reads the English name of a month, whole or its first three letters; 0 where it is none.
    mutating func monthName() -> Int {
        let start = index
        guard letters() >= 3 else { return 0 }
        for month in 0..<12 {
            let isIt = (0..<3).allSatisfy { byte(at: start + $0) | 0x20 == Self.months[month * 3 + $0] }
            if isIt { return month + 1 }
        }
        return 0
    }

    /// Goes over what stands between date and time.
    private mutating func separator() -> Bool {
        if take(UInt8(ascii: "T")) || take(UInt8(ascii: "t")) || take(UInt8(ascii: ":")) { return true }
        guard byte == 0x20 else { return false }
        blanks()
        if take(UInt8(ascii: "-")) { blanks() }
        return true
    }

    private mutating func timeOfDay(_ time: inout WrittenTime) -> Bool {
        var hour = number(most: 2)
        guard hour >= 0, hour < 24, take(UInt8(ascii: ":")) else { return false }
        let minute = number(most: 2, least: 2)
        guard minute >= 0, minute < 60 else { return false }
        var second = 0
        if take(UInt8(ascii: ":")) {
            second = number(most: 2, least: 2)
            guard second >= 0, second < 60 else { return false }
            if byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",") {
                index += 1
                guard fraction(&time) else { return false }
            }
        }
        if let isAfternoon = meridiem() {
            guard (1...12).contains(hour) else { return false }
            hour = hour % 12 + (isAfternoon ? 12 : 0)
        }
        time.secondOfDay = Int64(hour * 3_600 + minute * 60 + second)
        return true
    }

    /// Reads the digits behind a second's point.
    mutating func fraction(_ time: inout WrittenTime) -> Bool {
        let start = index
        var scale: Int64 = 100_000_000
        while JSONText.isDigit(byte) {
            time.nanosecond += Int64(byte - 0x30) * scale
            scale /= 10
            index += 1
        }
        return index > start && index - start <= TimeText.maxFractionDigits
    }

    /// Reads AM or PM, perhaps behind a blank; goes nowhere where neither stands here.
    mutating func meridiem() -> Bool? {
        let start = index
        blanks()
        let letter = byte | 0x20
        guard letter == UInt8(ascii: "a") || letter == UInt8(ascii: "p"),
            byte(at: index + 1) | 0x20 == UInt8(ascii: "m")
        else {
            index = start
            return nil
        }
        index += 2
        return letter == UInt8(ascii: "p")
    }

    private mutating func zone(_ time: inout WrittenTime) -> Bool {
        if index == end { return true }
        blanks()
        guard offset(&time) else { return false }
        // What may follow says the same again.
        if take(UInt8(ascii: "[")) {
            while index < end, byte != UInt8(ascii: "]") { index += 1 }
            return take(UInt8(ascii: "]"))
        }
        if byte == 0x20 {
            blanks()
            if !isMonotonic { guard abbreviation() else { return false } }
            blanks()
            if isMonotonic { index = end }
        }
        return true
    }

    /// Reads `Z`, `UTC`, `GMT`, or a sign with hours and perhaps minutes.
    mutating func offset(_ time: inout WrittenTime) -> Bool {
        time.offset = 0
        let start = index
        switch letters() {
        case 0: break
        case 1: return byte(at: start) | 0x20 == UInt8(ascii: "z")
        case 3:
            guard isWord("utc", at: start) || isWord("gmt", at: start) else { return false }
            if byte != UInt8(ascii: "+"), byte != UInt8(ascii: "-") { return true }
        default: return false
        }
        let isWest = byte == UInt8(ascii: "-")
        guard isWest || byte == UInt8(ascii: "+") else { return false }
        index += 1
        let first = index
        let digits = number(most: 4)
        var (hours, minutes) = (digits, 0)
        switch index - first {
        case 1, 2:
            if take(UInt8(ascii: ":")) { minutes = number(most: 2, least: 2) }
        case 4: (hours, minutes) = (digits / 100, digits % 100)
        default: return false
        }
        guard digits >= 0, hours < 24, minutes >= 0, minutes < 60 else { return false }
        let seconds = Int64(hours * 3_600 + minutes * 60)
        time.offset = isWest ? -seconds : seconds
        return true
    }

    /// Whether three letters stand at `start`, in either case.
    private func isWord(_ word: StaticString, at start: Int) -> Bool {
        // Safe: the offsets are below the literal's own length.
        (0..<3).allSatisfy { byte(at: start + $0) | 0x20 == (unsafe word.utf8Start[$0]) }
    }

    /// Whether Go's reading of the monotonic clock stands here: `m=+0.123`.
    private var isMonotonic: Bool {
        byte == UInt8(ascii: "m") && byte(at: index + 1) == UInt8(ascii: "=")
    }

    /// Goes over a zone's abbreviation: letters, or a sign and digits where the zone has none.
    private mutating func abbreviation() -> Bool {
        if (1...6).contains(letters()) { return true }
        guard byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") else { return false }
        index += 1
        return number(most: 4, least: 2) >= 0
    }
}
