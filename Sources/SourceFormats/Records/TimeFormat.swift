package import UsageModel

/// How a source writes the time of a call.
package enum TimeFormat: Sendable, Hashable {
    /// Text that says its offset, in any of the ways that ``TimeReader`` knows; or a count since 1970, as a number or
    /// as text, whose unit shows in its size.
    case automatic
    /// RFC 3339 with its offset: `2025-06-01T08:00:00.123+08:00`.
    case rfc3339
    /// Text in any of the ways that ``TimeReader`` knows, as a wall clock in the zone shows it where it says no offset.
    /// A time that the clock skipped is refused; one that it showed twice is the earlier. Where only a date stands, it
    /// is `dateOnly` seconds after midnight.
    case wallClock(ZoneRules, dateOnly: Int64 = 0)
    /// Text under a pattern; otherwise as ``wallClock(_:dateOnly:)``.
    case pattern(TimePattern, ZoneRules, dateOnly: Int64 = 0)
    /// A count since 1970-01-01T00:00Z: an integer or a decimal.
    case epoch(TimeUnit)
    /// A count since `start`: an integer or a decimal.
    case offset(TimeUnit, start: StartTime)
}

extension TimeFormat {
    private static let format = "time.format"
    private static let zone = "time.zone"
    private static let start = "time.start"
    private static let pattern = "time.pattern"
    private static let dateOnly = "time.of-dates"

    private static let ofClocks = SourceSetting.Condition(setting: format, values: ["wall-clock", "pattern"])

    /// The settings of formats whose times may be written in several ways.
    static let settings: [SourceSetting] = [
        SourceSetting(
            format, .word(["automatic", "rfc3339", "wall-clock", "pattern"] + TimeUnit.allCases.map(\.name)),
            presence: .byDefault(["automatic"]),
            summary: "how times are written: `automatic` (text with its offset, or a count since 1970 whose unit shows "
                + "in its size), `rfc3339` alone, `wall-clock` (text, in the zone where it says no offset), `pattern`, or "
                + "counted in a unit. See [times](#times)"),
        SourceSetting(
            pattern, .text, presence: .optional,
            summary: "what times look like, as `strptime` reads them, such as `%d.%m.%Y %H:%M:%S`",
            onlyWith: SourceSetting.Condition(setting: format, values: ["pattern"])),
        SourceSetting(
            zone, .text, presence: .inherited(from: "calendar.zone", otherwise: "UTC"),
            summary: "IANA zone (with a slash, or `UTC`) of times that say no offset", onlyWith: ofClocks),
        SourceSetting(
            dateOnly, .text, presence: .byDefault(["00:00"]),
            summary: "minute of the day, `hh:mm`, that usage counts in whose time is a date alone", onlyWith: ofClocks),
        SourceSetting(
            start, .text, presence: .optional, summary: "RFC 3339 moment that counted times are offsets from",
            onlyWith: SourceSetting.Condition(setting: format, values: TimeUnit.allCases.map(\.name))),
    ]

    init(_ options: SourceOptions) throws(SourceFormatError) {
        let format = options.requiredText(Self.format)
        if let unit = TimeUnit.allCases.first(where: { $0.name == format }) {
            self = try Self.counted(unit, from: options.text(Self.start))
            return
        }
        switch format {
        case "wall-clock":
            self = .wallClock(try Self.zone(options), dateOnly: try Self.dateOnly(options))
        case "pattern":
            self = .pattern(try Self.pattern(options), try Self.zone(options), dateOnly: try Self.dateOnly(options))
        case "rfc3339": self = .rfc3339
        default: self = .automatic
        }
    }

    private static func counted(_ unit: TimeUnit, from start: String?) throws(SourceFormatError) -> TimeFormat {
        guard let start else { return .epoch(unit) }
        guard let moment = StartTime(rfc3339: start) else {
            throw SourceFormatError(
                setting: Self.start, message: "\"\(start)\" is not an RFC 3339 time",
                remedy: "write it like 2025-06-01T00:00:00+08:00, in quotes")
        }
        return .offset(unit, start: moment)
    }

    private static func zone(_ options: SourceOptions) throws(SourceFormatError) -> ZoneRules {
        let zone = options.requiredText(Self.zone)
        guard let rules = ZoneRules(identifier: zone) else {
            throw SourceFormatError(
                setting: Self.zone, message: "\"\(zone)\" is not a known time zone",
                remedy: "give an IANA name such as Asia/Shanghai or UTC")
        }
        return rules
    }

    private static func pattern(_ options: SourceOptions) throws(SourceFormatError) -> TimePattern {
        guard let text = options.text(Self.pattern) else {
            throw SourceFormatError(
                setting: Self.pattern, message: "is missing, and \(format) is pattern",
                remedy: "say what times look like")
        }
        do throws(TimePattern.PatternProblem) {
            return try TimePattern(text)
        } catch {
            throw SourceFormatError(
                setting: Self.pattern, message: "\"\(text)\" \(error.message)",
                remedy: "use the conversions of strptime, such as %Y-%m-%d %H:%M:%S")
        }
    }

    private static func dateOnly(_ options: SourceOptions) throws(SourceFormatError) -> Int64 {
        let text = options.requiredText(Self.dateOnly)
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(JSONText.isDigit) }),
            let hour = Int64(parts[0]), let minute = Int64(parts[1]), hour < 24, minute < 60
        else {
            throw SourceFormatError(
                setting: Self.dateOnly, message: "\"\(text)\" is no minute of a day",
                remedy: "write it like 00:00 or 12:00, in quotes")
        }
        return hour * 3_600 + minute * 60
    }
}

/// The unit of a counted time.
package enum TimeUnit: Sendable, Hashable, CaseIterable {
    case seconds
    case milliseconds
    case microseconds
    case nanoseconds

    /// What `time.format` calls it.
    var name: String { "\(self)" }

    /// The unit of a count since 1970, by the number of its whole digits: seconds until the year 5138, and from 1973 on
    /// each of the others for as long.
    static func ofSize(digits: Int) -> TimeUnit {
        switch digits {
        case ...11: .seconds
        case 12...14: .milliseconds
        case 15...17: .microseconds
        default: .nanoseconds
        }
    }

    /// How many decimal digits of a second the unit's own last digit stands for: 0, 3, 6 or 9.
    var decimalDigits: Int {
        switch self {
        case .seconds: 0
        case .milliseconds: 3
        case .microseconds: 6
        case .nanoseconds: 9
        }
    }
}

/// The moment from which a trace counts its offsets.
package struct StartTime: Sendable, Hashable {
    /// Milliseconds since 1970-01-01T00:00Z.
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// Parses an RFC 3339 time, whole or with fractional digits (what is below a millisecond is cut off); `nil` where
    /// it is none.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard let moment = unsafe TimeText.rfc3339(bytes.span.bytes) else { return nil }
        milliseconds = moment.second * 1_000 + Int64(moment.nanosecond / 1_000_000)
    }
}
