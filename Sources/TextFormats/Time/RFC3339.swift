package import UsageModel

/// Times as RFC 3339 text, in integer arithmetic.
package enum RFC3339 {
    /// `2025-06-01T00:00:00.123Z`, with six digits where the time has microseconds.
    package static func text(_ time: Timestamp) -> String {
        let second = time.seconds
        let (milliseconds, rest) = (time.microseconds - second * 1_000_000).quotientAndRemainder(dividingBy: 1_000)
        let microseconds = rest == 0 ? "" : rest.zeroPadded(to: 3)
        return "\(CivilTime.clockText(second: second)).\(milliseconds.zeroPadded(to: 3))\(microseconds)Z"
    }

    /// A second on the clock of a zone: `2025-06-01T08:00:00+08:00`, or with `Z` where the offset is nothing.
    package static func text(second: Int64, in zone: ZoneRules) -> String {
        let offset = zone.offset(atSecond: second)
        if offset == 0 { return CivilTime.clockText(second: second) + "Z" }
        let minutes = abs(offset) / 60
        let local = CivilTime.clockText(second: second + offset)
        let (hours, rest) = minutes.quotientAndRemainder(dividingBy: 60)
        return "\(local)\(offset < 0 ? "-" : "+")\(hours.zeroPadded(to: 2)):\(rest.zeroPadded(to: 2))"
    }

    /// Parses a date and time with `Z` or an offset, up to six digits of a second; `nil` for anything else.
    package static func parse(_ text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let date = CalendarDate(String(text.prefix(10))),
            let hour = number(bytes[11..<13], below: 24), let minute = number(bytes[14..<16], below: 60),
            let second = number(bytes[17..<19], below: 60)
        else { return nil }
        var rest = bytes[19...]
        guard let microseconds = fraction(&rest), let offset = offset(rest) else { return nil }
        let seconds = date.days * CivilTime.secondsPerDay + hour * 3_600 + minute * 60 + second - offset
        return Timestamp(microseconds: seconds * 1_000_000 + microseconds)
    }

    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard rest.first == UInt8(ascii: ".") else { return 0 }
        let digits = rest.dropFirst().prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard (1...6).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count + 1)
        var value: Int64 = 0
        for index in 0..<6 {
            let digit = index < digits.count ? Int64(digits[digits.startIndex + index] - 0x30) : 0
            value = value * 10 + digit
        }
        return value
    }

    /// `Z` or `+08:00`, in seconds.
    private static func offset(_ rest: ArraySlice<UInt8>) -> Int64? {
        if rest.count == 1, let byte = rest.first, byte | 0x20 == UInt8(ascii: "z") { return 0 }
        let bytes = Array(rest)
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), bytes[0] == 0x2B || bytes[0] == 0x2D,
            let hours = number(bytes[1..<3], below: 24), let minutes = number(bytes[4..<6], below: 60)
        else { return nil }
        return (hours * 3_600 + minutes * 60) * (bytes[0] == 0x2D ? -1 : 1)
    }

    private static func number(_ bytes: ArraySlice<UInt8>, below limit: Int64) -> Int64? {
        var value: Int64 = 0
        for byte in bytes {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return value < limit ? value : nil
    }
}
