import Testing
import UsageModel

@Suite struct LimitsTests {
    @Test func noBatchCanWrapASum() {
        let (product, overflow) = Limits.maxTokensPerField.multipliedReportingOverflow(
            by: UInt64(Limits.maxRowsPerBatch))
        #expect(!overflow)
        #expect(product > Limits.maxTokensPerField)
    }
}

@Suite struct TokenCountsTests {
    @Test func addingStopsBeforeAnyOfTheFiveSumsWraps() {
        let one = TokenCounts(requests: 1, input: 1, cachedInput: 1, output: 1, reasoningOutput: 1)
        for full in [
            TokenCounts(requests: .max), TokenCounts(input: .max), TokenCounts(cachedInput: .max),
            TokenCounts(output: .max), TokenCounts(reasoningOutput: .max),
        ] {
            var sum = full
            let isAdded = sum.add(one)
            #expect(!isAdded)
            #expect(sum == full)
        }
        var sum = one
        let isAdded = sum.add(one)
        #expect(isAdded)
        #expect(sum == TokenCounts(requests: 2, input: 2, cachedInput: 2, output: 2, reasoningOutput: 2))
    }
}

@Suite struct NameRuleTests {
    @Test(arguments: ["a", "t-000001", "deepseek-v3.1", "org/model:free", "华东一区", "A b", "用户+1", "_x"])
    func acceptsOrdinaryNames(name: String) {
        #expect(NameRule.problem(in: name, maxBytes: 128) == nil)
    }

    @Test(arguments: [
        "=1+1", "+a", "-a", "@a", " a", "a ", "a\tb", "a\u{0}b", "../etc", "a\u{202E}b", "a\u{200B}b", "＝1",
        "\u{FEFF}a",
        "a\"b", "a,b", "a;b", "a\u{E000}b", "a\u{FFFE}b",
    ])
    func refusesNamesThatCouldMislead(name: String) {
        guard case .forbiddenCharacter = NameRule.problem(in: name, maxBytes: 128) else {
            Issue.record("\(name.debugDescription) was accepted")
            return
        }
    }

    @Test func limitsCountBytes() {
        #expect(NameRule.problem(in: "", maxBytes: 4) == .empty)
        #expect(NameRule.problem(in: "abcd", maxBytes: 4) == nil)
        #expect(NameRule.problem(in: "abcde", maxBytes: 4) == .tooLong(limitBytes: 4))
        #expect(NameRule.problem(in: "万亿", maxBytes: 5) == .tooLong(limitBytes: 5))
    }

    @Test(arguments: [
        [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE4, 0xB8], [0x80],
    ])
    func refusesMalformedUTF8(bytes: [UInt8]) {
        #expect(unsafe NameRule.problem(in: bytes.span.bytes, maxBytes: 16) == .invalidUTF8(atByte: 0))
    }

    @Test func identifiersAreLowerCaseLettersDigitsAndInnerHyphens() {
        #expect(NameRule.isIdentifier("baidu-cloud", maxBytes: 64))
        for name in ["", "-a", "a-", "A", "a_b", "a.b", "a/b", "é"] {
            #expect(!NameRule.isIdentifier(name, maxBytes: 64), "\(name)")
        }
    }
}

@Suite struct CivilTimeTests {
    @Test func everyDayOfFourCenturiesComesBackAndFollowsTheOneBefore() {
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
    func refusesWhatIsNoDate(text: String) {
        #expect(CalendarDate(text) == nil)
    }

    @Test(arguments: ["0001-01-01", "2024-02-29", "1969-12-31", "9999-12-31"])
    func datesRoundTrip(text: String) {
        #expect(CalendarDate(text)?.description == text)
    }
}

@Suite struct ZoneRulesTests {
    @Test func shanghaiIsEightHoursAhead() throws {
        let zone = try #require(ZoneRules(identifier: "Asia/Shanghai"))
        let june = try #require(CalendarDate("2025-06-01"))
        #expect(zone.startOfDay(june) == june.days * 86_400 - 8 * 3_600)
        #expect(zone.date(atSecond: zone.startOfDay(june)) == june)
        #expect(zone.date(atSecond: zone.startOfDay(june) - 1).days == june.days - 1)
    }

    @Test func aSkippedLocalTimeHasNoMomentAndARepeatedOneIsTheEarlier() throws {
        let zone = try #require(ZoneRules(identifier: "America/New_York"))
        let spring = CivilTime.days(year: 2025, month: 3, day: 9) * 86_400
        #expect(zone.utcSecond(localSecond: spring + 2 * 3_600 + 1_800) == nil)
        let autumn = CivilTime.days(year: 2025, month: 11, day: 2) * 86_400
        #expect(zone.utcSecond(localSecond: autumn + 3_600 + 1_800) == autumn + 5 * 3_600 + 1_800)
    }

    @Test func anUnknownZoneIsRefused() {
        #expect(ZoneRules(identifier: "Mars/Olympus") == nil)
    }
}
