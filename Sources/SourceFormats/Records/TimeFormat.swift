package import UsageModel

/// How a source writes the time of a call.
package enum TimeFormat: Sendable, Hashable {
    /// RFC 3339 where it is text, seconds since 1970 (an integer or a decimal) where it is a number.
    case automatic
    /// RFC 3339 with its offset: `2025-06-01T08:00:00.123+08:00`.
    case rfc3339
    /// `YYYY-MM-DD hh:mm:ss[.f…]` (or with a `T`), up to nine fractional digits, as a wall clock in the zone shows it.
    /// A time that the clock skipped is refused; one that it showed twice is the earlier.
    case wallClock(ZoneRules)
    /// A count since 1970-01-01T00:00Z: an integer or a decimal.
    case epoch(TimeUnit)
    /// A count since `start`: an integer or a decimal.
    case offset(TimeUnit, start: StartTime)
}

extension TimeFormat {
    private static let format = "time.format"
    private static let zone = "time.zone"
    private static let start = "time.start"

    /// The settings of formats whose times may be written in several ways.
    static let settings: [SourceSetting] = [
        SourceSetting(
            format, .word(["automatic", "rfc3339", "wall-clock"] + TimeUnit.allCases.map(\.name)),
            presence: .byDefault(["automatic"]),
            summary: "how times are written: `automatic` (RFC 3339 text, or seconds), `rfc3339`, `wall-clock` "
                + "(`YYYY-MM-DD hh:mm:ss[.f]`), or counted in a unit"),
        SourceSetting(
            zone, .text, presence: .byDefault(["UTC"]),
            summary: "IANA zone (with a slash, or `UTC`) of `wall-clock` times",
            onlyWith: SourceSetting.Condition(setting: format, values: ["wall-clock"])),
        SourceSetting(
            start, .text, presence: .optional, summary: "RFC 3339 moment that counted times are offsets from",
            onlyWith: SourceSetting.Condition(setting: format, values: TimeUnit.allCases.map(\.name))),
    ]

    init(_ options: SourceOptions) throws(SourceFormatError) {
        let format = options.requiredText(Self.format)
        if let unit = TimeUnit.allCases.first(where: { $0.name == format }) {
            guard let start = options.text(Self.start) else {
                self = .epoch(unit)
                return
            }
            guard let moment = StartTime(rfc3339: start) else {
                throw SourceFormatError(
                    setting: Self.start, message: "\"\(start)\" is not an RFC 3339 time",
                    remedy: "write it like 2025-06-01T00:00:00+08:00, in quotes")
            }
            self = .offset(unit, start: moment)
        } else if format == "wall-clock" {
            let zone = options.requiredText(Self.zone)
            guard let rules = ZoneRules(identifier: zone) else {
                throw SourceFormatError(
                    setting: Self.zone, message: "\"\(zone)\" is not a known time zone",
                    remedy: "give an IANA name such as Asia/Shanghai or UTC")
            }
            self = .wallClock(rules)
        } else {
            self = format == "rfc3339" ? .rfc3339 : .automatic
        }
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
