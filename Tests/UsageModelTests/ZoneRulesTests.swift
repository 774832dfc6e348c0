import Testing
import UsageModel

@Suite struct ZoneRulesTests {
    @Test func `Shanghai is eight hours ahead`() throws {
        let zone = try #require(ZoneRules(identifier: "Asia/Shanghai"))
        let june = try #require(CalendarDate("2025-06-01"))
        #expect(zone.startOfDay(june) == june.days * 86_400 - 8 * 3_600)
        #expect(zone.date(atSecond: zone.startOfDay(june)) == june)
        #expect(zone.date(atSecond: zone.startOfDay(june) - 1).days == june.days - 1)
    }

    @Test func `a skipped local time has no moment and a repeated one is the earlier`() throws {
        let zone = try #require(ZoneRules(identifier: "America/New_York"))
        let spring = CivilTime.days(year: 2025, month: 3, day: 9) * 86_400
        #expect(zone.utcSecond(localSecond: spring + 2 * 3_600 + 1_800) == nil)
        let autumn = CivilTime.days(year: 2025, month: 11, day: 2) * 86_400
        #expect(zone.utcSecond(localSecond: autumn + 3_600 + 1_800) == autumn + 5 * 3_600 + 1_800)
    }

    @Test func `an unknown zone is refused`() {
        #expect(ZoneRules(identifier: "Mars/Olympus") == nil)
    }
}
