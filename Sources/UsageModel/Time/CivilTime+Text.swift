extension CivilTime {
    /// A second since 1970-01-01T00:00Z as date and time on the clock of UTC, without a zone: `2025-06-01T08:00:00`. With a
    /// zone's offset added it is the time on that zone's clock.
    package static func clockText(second: Int64) -> String {
        let day = second.flooredDivision(by: secondsPerDay)
        let time = second - day * secondsPerDay
        let clock = [time / 3_600, time / 60 % 60, time % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return "\(CalendarDate(days: day))T\(clock.joined(separator: ":"))"
    }

    /// Microseconds since 1970-01-01T00:00Z, exactly: `2025-06-01T08:00:00.000042Z`.
    package static func exactText(microseconds: Int64) -> String {
        let million: Int64 = 1_000_000
        let second = microseconds.flooredDivision(by: million)
        let digits = String(microseconds - second * million + million).dropFirst()
        return "\(clockText(second: second)).\(digits)Z"
    }
}
