import Testing
import UsageModel

@Suite struct CivilTimeTests {
    @Test func `every day of four centuries comes back and follows the one before`() {
        var days = CivilTime.days(year: 1800, month: 1, day: 1)
        for year in 1800..<2200 {
            for month in 1...12 {
                for day in 1...CivilTime.daysInMonth(year: year, month: month) {
                    guard CivilTime.days(year: year, month: month, day: day) == days else {
                        Issue.record("\(year)-\(month)-\(day)")
                        return
                    }
                    let date = CivilTime.date(days: days)
                    guard date == (year, month, day) else {
                        Issue.record("day \(days)")
                        return
                    }
                    days += 1
                }
            }
        }
        #expect(CivilTime.days(year: 1970, month: 1, day: 1) == 0)
        #expect(CivilTime.days(year: 2025, month: 6, day: 1) == 20_240)
    }

    @Test(arguments: ["2025-02-29", "2025-13-01", "2025-00-01", "2025-1-01", "0000-01-01", "2025-01-01 ", "25-01-01"])
    func `refuses what is no date`(text: String) {
        #expect(CalendarDate(text) == nil)
    }

    @Test(arguments: ["0001-01-01", "2024-02-29", "1969-12-31", "9999-12-31"])
    func `dates round trip`(text: String) {
        #expect(CalendarDate(text)?.description == text)
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (1_767_225_600_042, "2026-01-01T00:00:00.042Z"),
    ])
    func `log times are UTC to the millisecond`(milliseconds: Int64, text: String) {
        #expect(CivilTime.logText(milliseconds: milliseconds) == text)
    }

    @Test func `exact times keep the microsecond`() {
        #expect(CivilTime.exactText(microseconds: -1) == "1969-12-31T23:59:59.999999Z")
        #expect(CivilTime.exactText(microseconds: 42) == "1970-01-01T00:00:00.000042Z")
    }

    @Test func `zero padding never cuts a number`() {
        #expect(7.zeroPadded(to: 2) == "07")
        #expect(12_345.zeroPadded(to: 2) == "12345")
        #expect(UInt64.max.zeroPadded(to: 4) == "18446744073709551615")
    }
}
