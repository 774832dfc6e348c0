import SourceFormats
import Testing
import UsageModel

/// Times as sources write them, through a parser.
@Suite struct TimeTests {
    /// The minute that a JSON value stands for in a format, or `nil` when it is refused as a time.
    func minute(_ value: String, _ format: TimeFormat) throws -> Int64? {
        let mapping = MappedFormat(
            layout: .jsonLines,
            [.tenant: .constant("t"), .model: .constant("m"), .time: .path("at"), .input: .path("in")],
            timeFormat: format)
        let sink = try collect("{\"at\":\(value),\"in\":1}", mapping)
        if let rejected = sink.rejections.first?.rejection {
            #expect(rejected.reason == .badTime || rejected.reason == .wrongType)
            #expect(rejected.field == "at")
        }
        return sink.events.first?.minute
    }

    @Test(
        arguments: [
            ("2025-06-01T00:00:00Z", 0), ("2025-06-01t00:00:59.999999999z", 0), ("2025-06-01 00:01:00+00:00", 1),
            ("2025-06-01T08:00:00+08:00", 0), ("2025-05-31T19:30:00.5-04:30", 0), ("2025-06-01T00:00:00-00:00", 0),
            ("2025-06-30T23:59:60Z", 43_199), ("2025-07-01T07:59:60.9+08:00", 43_199),
            ("2025-06-01T05:29:59+05:30", -1),
            ("1970-01-01T00:00:00Z", -29_145_600), ("1969-12-31T23:59:59Z", -29_145_601),
            ("2025-06-01T00:00:00.000000000000000001Z", 0),
        ] as [(String, Int64)])
    func `reads times of RFC 3339`(_ text: String, _ minutesAfterJune: Int64) throws {
        #expect(try minute("\"\(text)\"", .rfc3339) == june2025 + minutesAfterJune)
        #expect(try minute("\"\(text)\"", .automatic) == june2025 + minutesAfterJune)
    }

    @Test(arguments: [
        "2025-06-01", "2025-06-01T00:00Z", "2025-06-01T00:00:00", "2025-06-01T00:00:00+0800",
        "2025-06-01T00:00:00+8:00",
        "2025-06-01T00:00:00+24:00", "2025-06-01T00:00:00+08:60", "2025-06-01T00:60:00Z", "2025-06-01T00:00:61Z",
        "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-06-31T00:00:00Z", "2025-06-00T00:00:00Z",
        "2023-02-29T00:00:00Z", "0000-06-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        "2025-06-01T00:00:00.Z", "2025-06-01T00:00:00,5Z", "2025/06/01T00:00:00Z", "2025-06-01X00:00:00Z",
        "2025-06-01T00:00:00Z ", " 2025-06-01T00:00:00Z", "2025-06-01T00:00:00ZZ", "2025-06-01T0\\u0030:00:00Z",
        "2025-06-01T00:00:0٠Z", "+2025-06-01T00:00:00Z", "2025-06-15T23:58:60Z", "２025-06-01T00:00:00Z",
    ])
    func `refuses what is no time of RFC 3339`(_ text: String) throws {
        #expect(try minute("\"\(text)\"", .rfc3339) == nil)
    }

    /// The shortcut for times in the minute of the one before must refuse what the long way refuses.
    @Test(
        arguments: [
            ("2025-06-01T00:00:30Z", 0), ("2025-06-01T00:00:59.123Z", 0), ("2025-06-01T00:00:60Z", nil),
            ("2025-06-01T00:00:61Z", nil), ("2025-06-01T00:00:3Z", nil), ("2025-06-01T00:00:30", nil),
            ("2025-06-01T00:00:30.Z", nil), ("2025-06-01T00:00:30.5", nil), ("2025-06-01T00:00:30z", 0),
            ("2025-06-01T00:00:30+01:00", -60), ("2025-06-01T00:00:30x5Z", nil), ("2025-06-01T00:00-30Z", nil),
            ("2025-06-01T00:00:30.1234567890123456789Z", nil), ("2025-06-01T00:00:30ZZ", nil),
            ("2025-06-01T00:00", nil),
        ] as [(String, Int64?)])
    func `refuses in a minute read before what it refuses alone`(_ text: String, _ minutesAfterJune: Int64?) throws {
        let lines = ["2025-06-01T00:00:00Z", text].map {
            #"{"time":"\#($0)","tenant":"t","model":"m","input_tokens":1,"output_tokens":1}"#
        }
        let sink = try collect(lines.joined(separator: "\n"))
        #expect(sink.events.dropFirst().first?.minute == minutesAfterJune.map { june2025 + $0 })
        #expect(sink.reasons == (minutesAfterJune == nil ? [.badTime] : []))
    }

    @Test func `reads the years 1 to 9999 and no others`() throws {
        #expect(try minute(#""0001-01-01T00:00:00Z""#, .rfc3339) == -62_135_596_800 / 60)
        #expect(try minute(#""9999-12-31T23:59:59Z""#, .rfc3339) == 253_402_300_799 / 60)
        #expect(try minute("253402300799", .epoch(.seconds)) == 253_402_300_799 / 60)
        #expect(try minute("253402300800", .epoch(.seconds)) == nil)
        #expect(try minute("-62135596801", .epoch(.seconds)) == nil)
    }

    @Test func `reads times that are counted since 1970`() throws {
        #expect(try minute("1748736000", .automatic) == june2025)
        #expect(try minute("1748736059.999999999999", .automatic) == june2025)
        #expect(try minute("1748736060", .epoch(.seconds)) == june2025 + 1)
        #expect(try minute("1748736059999", .epoch(.milliseconds)) == june2025)
        #expect(try minute("1748736060000000", .epoch(.microseconds)) == june2025 + 1)
        #expect(try minute("1748736059999999999", .epoch(.nanoseconds)) == june2025)
        #expect(try minute("9223372036854775807", .epoch(.nanoseconds)) == 153_722_867)
        #expect(try minute("9223372036854775808", .epoch(.nanoseconds)) == nil)
        #expect(try minute("\"1748736060\"", .epoch(.seconds)) == june2025 + 1)
        #expect(try minute("-1", .epoch(.seconds)) == -1)
        #expect(try minute("-0.000000000000000001", .epoch(.seconds)) == -1)
        #expect(try minute("-60", .epoch(.seconds)) == -1)
        #expect(try minute("-60.5", .epoch(.seconds)) == -2)
        for bad in [
            "1e9", "1.5e3", "99999999999999999999", "\"x\"", "\"1 \"", "\"\"", "true", "[]", "\"1.\"", "\".5\"",
        ] {
            #expect(try minute(bad, .epoch(.seconds)) == nil, "\(bad)")
        }
    }

    @Test func `adds offsets to their start`() throws {
        let start = try #require(StartTime(rfc3339: "2025-06-01T07:59:59.250+08:00"))
        #expect(start.milliseconds == 1_748_735_999_250)
        #expect(try minute("0", .offset(.milliseconds, start: start)) == june2025 - 1)
        #expect(try minute("749", .offset(.milliseconds, start: start)) == june2025 - 1)
        #expect(try minute("750", .offset(.milliseconds, start: start)) == june2025)
        #expect(try minute("0.7499999999", .offset(.seconds, start: start)) == june2025 - 1)
        #expect(try minute("0.75", .offset(.seconds, start: start)) == june2025)
        #expect(try minute("-59.25", .offset(.seconds, start: start)) == june2025 - 1)
        #expect(try minute("-59.26", .offset(.seconds, start: start)) == june2025 - 2)
        #expect(StartTime(rfc3339: "1969-12-31T23:59:59.5Z")?.milliseconds == -500)
        #expect(StartTime(rfc3339: "yesterday") == nil)
    }

    @Test func `reads wall clocks in their zones`() throws {
        let shanghai = try #require(ZoneRules(identifier: "Asia/Shanghai"))
        #expect(try minute(#""2025-06-01 08:00:00.1234567""#, .wallClock(shanghai)) == june2025)
        #expect(try minute(#""2025-06-01T08:00:59""#, .wallClock(shanghai)) == june2025)
        // An offset that the record says is the truth.
        #expect(try minute(#""2025-06-01 00:00:00Z""#, .wallClock(shanghai)) == june2025)
        #expect(try minute(#""2025-06-01 00:00:00 CST""#, .wallClock(shanghai)) == nil)
        #expect(try minute(#""2025-06-01 08:00:60""#, .wallClock(shanghai)) == nil)
        #expect(try minute("20250601", .wallClock(shanghai)) == nil)

        let berlin = try #require(ZoneRules(identifier: "Europe/Berlin"))
        // 2025-03-30: 02:00 to 03:00 didn't happen; 2025-10-26: 02:00 to 03:00 happened twice, and the first counts.
        #expect(try minute(#""2025-03-30 01:59:00""#, .wallClock(berlin)) == 29_054_939)
        #expect(try minute(#""2025-03-30 02:30:00""#, .wallClock(berlin)) == nil)
        #expect(try minute(#""2025-03-30 03:00:00""#, .wallClock(berlin)) == 29_054_940)
        #expect(try minute(#""2025-10-26 02:30:00""#, .wallClock(berlin)) == 29_357_310)
        #expect(try minute(#""2025-10-26 03:00:00""#, .wallClock(berlin)) == 29_357_400)
    }

    /// 2025-06-01T00:00Z, as programs write it that say the offset.
    @Test(arguments: [
        "2025-06-01T08:00:00+0800", "2025-06-01T08:00:05.123+0800", "2025-06-01T00:00:00.123+0000",
        "2025-06-01 08:00:05,123 +0800", "2025-06-01 08:00:05 +08:00", "2025-06-01T08:00:00+08",
        "2025-06-01 00:00:00 Z",
        "2025-06-01 08:00:00.123456 +0800 CST", "2025-06-01 08:00:00.123456 +0800 CST m=+0.000123",
        "2025-06-01 00:00:00 +0000 UTC m=-1.5", "2025-06-01 08:00:00 +0800 +08", "2025-06-01 08:00:00 +0800",
        "2025-06-01 00:00:05 UTC", "2025-06-01T08:00:00+08:00[Asia/Shanghai]", "01/Jun/2025:08:00:05 +0800",
        "[01/Jun/2025:08:00:05 +0800]", "Sun, 01 Jun 2025 00:00:05 GMT", "1-June-2025 08:00 +0800",
        "2025/06/01 - 08:00:05 +0800", "2025/6/1 8:00 +08", "2025-06-01T00:00Z", "2025-06-01 12:00 AM UTC",
        "20250601T08:00:00+0800", "1748736000", "1748736000.123", "1748736000123", "1748736000123456",
        "1748736000123456789", " 2025-06-01T00:00:00Z",
    ])
    func `reads times as programs write them with their offset`(_ text: String) throws {
        #expect(try minute("\"\(text)\"", .automatic) == june2025)
        let csv = try collect(
            "time,tenant,model,in,out\n\"\(text)\",t,m,1,1\n", MappingTests.csv)
        #expect(csv.events.first?.minute == june2025)
    }

    /// 2025-06-01 08:00 on the wall.
    @Test(arguments: [
        "2025-06-01 08:00:05,123", "2025-06-01T08:00:05.1", "2025/06/01 - 08:00:05", "2025/6/1 8:00",
        "2025/6/1 08:00:59",
        "2025.6.1 8:00", "2025-06-01 8:00 AM", "01/Jun/2025:08:00:00", "1 Jun 2025 08:00", "2025-06-01 00:00:00Z",
        "2025-05-31 20:00 -0400",
    ])
    func `reads times as programs write them on their clock`(_ text: String) throws {
        let shanghai = try #require(ZoneRules(identifier: "Asia/Shanghai"))
        #expect(try minute("\"\(text)\"", .wallClock(shanghai)) == june2025)
    }

    @Test func `a date alone counts in the minute that is said`() throws {
        let shanghai = try #require(ZoneRules(identifier: "Asia/Shanghai"))
        for text in ["2025-06-01", "2025/6/1", "2025.06.01", "20250601", "01-Jun-2025"] {
            #expect(try minute("\"\(text)\"", .wallClock(shanghai)) == june2025 - 480)
            #expect(try minute("\"\(text)\"", .wallClock(shanghai, dateOnly: 28_800)) == june2025)
            #expect(try minute("\"\(text)\"", .automatic) != june2025)
        }
    }

    @Test(arguments: [
        "2025-06-01 08:00:00 CST", "2025-06-01", "2025/06/01 08:00:00", "06/01/2025 08:00:00 +0800", "2025-06-01 8",
        "2025-06-31 08:00 +0800", "2025-06-01 24:00 +0800", "2025-06-01 08:60 +0800", "2025-06-01 08:00:00 +2400",
        "2025-06-01 13:00 PM +0800", "2025-06-01 08:00:00 +0800 x y", "2025-06-01 08:00:00 +08:0",
        "01/Foo/2025:08:00:00 +0800",
        "yesterday", "2025-06-01 08:00:00.+0800", "0000-01-01 00:00 +0000", "[2025-06-01 08:00 +0800",
    ])
    func `refuses what is no time with an offset`(_ text: String) throws {
        #expect(try minute("\"\(text)\"", .automatic) == nil)
    }

    /// The shortcut for the minute of the time before doesn't take what the long way refuses.
    @Test func `a shortcut for another form of time doesn't misread the next`() throws {
        let lines = ["2025-06-01 08:00:00Z", "2025-06-01 08:00:60Z", "2025-06-01 08:00x30Z", "2025-06-01 08:00:31Z"].map
        {
            #"{"ts":"\#($0)","tenant":"t","model":"m","usage":{"prompt_tokens":1,"completion_tokens":1}}"#
        }
        let sink = try collect(lines.joined(separator: "\n"), OpenAIFormat())
        #expect(sink.events.map(\.minute) == [june2025 + 480, june2025 + 480])
        #expect(sink.reasons == [.badTime, .badTime])
    }

    @Test(
        arguments: [
            ("%d.%m.%Y %H:%M:%S", "01.06.2025 08:00:05"), ("%m/%d/%y %I:%M %p", "6/1/25 8:00 AM"), ("%s", "1748736000"),
            ("%Y%m%d%H%M%S", "20250601080000"), ("%a %b %e %H:%M:%S %Y", "Sun Jun  1 08:00:05 2025"),
            ("%Y年%m月%d日 %H时%M分", "2025年6月1日 8时00分"), ("%F %T.%f", "2025-06-01 08:00:05.123"),
            ("%Y-%j %R", "2025-152 08:00"),
            ("%D %T %z", "06/01/25 00:00:00 +0000"), ("%Y-%m-%dT%H:%M:%S,%L%z", "2025-06-01T00:00:00,123Z"),
            ("%d %B %Y %H:%M %Z", "1 June 2025 08:00 CST"), ("100%% %F %R", "100% 2025-06-01 08:00"),
        ] as [(String, String)])
    func `reads a pattern of strptime`(_ pattern: String, _ text: String) throws {
        var given = [
            "layout": ["json-lines"], "fields.time": ["at"], "constants.tenant": ["t"], "constants.model": ["m"],
            "fields.input-tokens": ["in"], "time.format": ["pattern"], "time.zone": ["Asia/Shanghai"],
        ]
        given["time.pattern"] = [pattern]
        let format = try SourceFormatRegistry.makeFormat(MappedFormat.self, given: given).get()
        #expect(try collect("{\"at\":\"\(text)\",\"in\":1}", format).events.first?.minute == june2025)
        #expect(try collect("{\"at\":\"\(text)!\",\"in\":1}", format).reasons == [.badTime])
    }

    @Test(arguments: ["%Y-%m", "%H:%M", "%Y-%m-%d %Q", "%Y-%m-%d %", "%I:%M %F", ""])
    func `a pattern that can't say a time is refused`(_ pattern: String) {
        let given = [
            "layout": ["json-lines"], "fields.time": ["at"], "fields.input-tokens": ["in"], "time.format": ["pattern"],
            "time.pattern": [pattern],
        ]
        guard case .failure(let problems) = SourceFormatRegistry.makeFormat(MappedFormat.self, given: given) else {
            Issue.record("\(pattern) was taken")
            return
        }
        #expect(problems.errors.map(\.setting) == ["time.pattern"])
    }
}
