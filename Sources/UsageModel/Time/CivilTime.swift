/// Calendar arithmetic on integers, without Foundation: the proleptic Gregorian calendar, UTC, no leap seconds.
///
/// The two conversions are Howard Hinnant's `days_from_civil` and `civil_from_days`
/// (howardhinnant.github.io/date_algorithms.html), exact over the years that Steelyard accepts and far beyond.
package enum CivilTime {
    package static let secondsPerDay: Int64 = 86_400
    package static let minutesPerDay: Int64 = 1_440

    /// Days from 1970-01-01 to the given date. The date must be valid; see ``isValid(year:month:day:)``.
    @inlinable
    package static func days(year: Int, month: Int, day: Int) -> Int64 {
        let y = Int64(month <= 2 ? year - 1 : year)
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let shifted = Int64((month + 9) % 12)
        let dayOfYear = (153 * shifted + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date that lies `days` days after 1970-01-01.
    @inlinable
    package static func date(days: Int64) -> (year: Int, month: Int, day: Int) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * shifted + 2) / 5) + 1
        let month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        let year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
        return (year, month, day)
    }

    @inlinable
    package static func isLeap(year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    @inlinable
    package static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: isLeap(year: year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    @inlinable
    package static func isValid(year: Int, month: Int, day: Int) -> Bool {
        month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year: year, month: month)
    }
}

/// A calendar date without a zone: what "effective from" and reporting days are made of.
package struct CalendarDate: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Days since 1970-01-01.
    package var days: Int64

    package init(days: Int64) {
        self.days = days
    }

    /// The given date, or `nil` where there is no such day.
    package init?(year: Int, month: Int, day: Int) {
        guard CivilTime.isValid(year: year, month: month, day: day) else { return nil }
        days = CivilTime.days(year: year, month: month, day: day)
    }

    /// Parses `YYYY-MM-DD` exactly; years 0001 to 9999.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), year > 0, let month = number(5..<7), let day = number(8..<10) else {
            return nil
        }
        self.init(year: year, month: month, day: day)
    }

    package var components: (year: Int, month: Int, day: Int) { CivilTime.date(days: days) }

    package var description: String {
        let (year, month, day) = components
        return "\(year.zeroPadded(to: 4))-\(month.zeroPadded(to: 2))-\(day.zeroPadded(to: 2))"
    }

    package static func < (left: CalendarDate, right: CalendarDate) -> Bool { left.days < right.days }
}

/// A time zone as plain data: the moments at which its offset from UTC changes.
///
/// Built once from the system's zone database by whoever may use Foundation, then used on the event path and in rollups
/// by binary search.
package struct ZoneRules: Sendable, Hashable {
    package struct Transition: Sendable, Hashable {
        /// Seconds since 1970-01-01T00:00Z from which the offset holds.
        package var fromSecond: Int64
        /// Seconds to add to UTC to get local time.
        package var offsetSeconds: Int64

        package init(fromSecond: Int64, offsetSeconds: Int64) {
            self.fromSecond = fromSecond
            self.offsetSeconds = offsetSeconds
        }
    }

    /// The zone's IANA name, such as `Asia/Shanghai`.
    package var identifier: String
    /// The offset before the first transition, in seconds.
    package var initialOffsetSeconds: Int64
    /// In order of time.
    package var transitions: [Transition]

    package init(identifier: String, initialOffsetSeconds: Int64, transitions: [Transition]) {
        self.identifier = identifier
        self.initialOffsetSeconds = initialOffsetSeconds
        self.transitions = transitions
    }

    package static let utc = ZoneRules(identifier: "UTC", initialOffsetSeconds: 0, transitions: [])

    /// The offset in force at a moment, in seconds.
    ///
    /// - Complexity: O(log *n*) in the number of transitions.
    package func offset(atSecond second: Int64) -> Int64 {
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].fromSecond <= second { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? initialOffsetSeconds : transitions[low - 1].offsetSeconds
    }

    /// The moment that a local wall-clock second names, or `nil` where the clock skipped it. Of two moments with the
    /// same name (the clock was set back) it is the earlier.
    package func utcSecond(localSecond: Int64) -> Int64? {
        let guesses = [offset(atSecond: localSecond - 86_400), offset(atSecond: localSecond + 86_400)]
        for guess in guesses where offset(atSecond: localSecond - guess) == guess { return localSecond - guess }
        return nil
    }

    /// The calendar date in this zone at a moment.
    package func date(atSecond second: Int64) -> CalendarDate {
        let local = second + offset(atSecond: second)
        return CalendarDate(days: local.flooredDivision(by: CivilTime.secondsPerDay))
    }

    /// The first moment of a date in this zone, in seconds since 1970-01-01T00:00Z; where midnight was skipped, the
    /// moment that the clock jumped.
    package func startOfDay(_ date: CalendarDate) -> Int64 {
        let local = date.days * 86_400
        if let exact = utcSecond(localSecond: local) { return exact }
        return transitions.first { $0.fromSecond + $0.offsetSeconds > local }?.fromSecond ?? local
    }
}

extension Int64 {
    /// The quotient, rounded down also where the number is negative.
    ///
    /// - Parameter divisor: above 0.
    @inlinable
    package func flooredDivision(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self - divisor + 1) / divisor
    }
}

extension CivilTime {
    /// A second since 1970-01-01T00:00Z as date and time on the clock of UTC, without a zone: `2025-06-01T08:00:00`.
    /// With a zone's offset added it is the time on that zone's clock.
    package static func clockText(second: Int64) -> String {
        let day = second.flooredDivision(by: secondsPerDay)
        let time = second - day * secondsPerDay
        let clock = [time / 3_600, time / 60 % 60, time % 60].map { $0.zeroPadded(to: 2) }
        return "\(CalendarDate(days: day))T\(clock.joined(separator: ":"))"
    }

    /// Microseconds since 1970-01-01T00:00Z, exactly: `2025-06-01T08:00:00.000042Z`.
    package static func exactText(microseconds: Int64) -> String {
        let million: Int64 = 1_000_000
        let second = microseconds.flooredDivision(by: million)
        let fraction = (microseconds - second * million).zeroPadded(to: 6)
        return "\(clockText(second: second)).\(fraction)Z"
    }

    /// Milliseconds since 1970-01-01T00:00Z, as log lines write times: `2025-06-01T08:00:00.042Z`.
    package static func logText(milliseconds: Int64) -> String {
        let second = milliseconds.flooredDivision(by: 1_000)
        return "\(clockText(second: second)).\((milliseconds - second * 1_000).zeroPadded(to: 3))Z"
    }
}

extension BinaryInteger {
    /// The digits with zeros before them up to a width; longer numbers keep all of their digits. Not for negative
    /// numbers.
    package func zeroPadded(to width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
