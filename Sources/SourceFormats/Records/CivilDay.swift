internal import UsageModel

/// A day with a second of it, from a second since 1970 or from a day of a year.
struct CivilDay {
    var year: Int
    var month: Int
    var day: Int
    var secondOfDay: Int64

    init(second: Int64) {
        let days = second.flooredDivision(by: CivilTime.secondsPerDay)
        (year, month, day) = CivilTime.date(days: days)
        secondOfDay = second - days * CivilTime.secondsPerDay
    }

    /// - Parameter yearDay: 1 for 1 January. One beyond the year's end gives a day of the next year.
    init(year: Int, yearDay: Int) {
        let days = CivilTime.days(year: year, month: 1, day: 1) + Int64(yearDay - 1)
        self.init(second: days * CivilTime.secondsPerDay)
    }
}
