internal import BatchFormat
internal import Postgres
internal import UsageModel

/// From when on sums are kept: hours and minutes since 1970.
struct Floors {
    var hour = Int64.min
    var minute = Int64.min
    /// The first hour that segments are kept of, of batches that came before there were segments; only until
    /// ``SegmentHistory`` is complete.
    var segment = Int64.min
    /// The first day whose rows by tenant are complete; `nil` where all are, as they are once ``SegmentHistory`` is
    /// complete.
    var tenantDay: CalendarDate?

    /// The hour of the minute floor.
    var minuteHour: Int64 { minute == .min ? .min : minute / 60 }
    /// The first hour that any segments are kept of.
    var segments: Int64 { max(segment, min(hour, minuteHour)) }

    /// Whether segments of any granularity are kept of an hour.
    func keepAny(of place: Int64) -> Bool { SegmentGranularity.allCases.contains { keep($0, of: place) } }

    func keep(_ granularity: SegmentGranularity, of place: Int64) -> Bool {
        place >= segments && place >= (granularity == .hour ? hour : minuteHour)
    }
}

/// The rows of `sums_floor`, by `table_name`.
enum FloorName {
    static let hour = PartitionedTable.segmentHour.rawValue
    static let minute = PartitionedTable.segmentMinute.rawValue
    /// The first two before schema version 19, which ``SegmentHistory`` works on.
    static let hourBefore = "usage_hour"
    static let minuteBefore = "usage_minute"
    /// How far ``SegmentHistory`` has come: from when on there are segments, and days by tenant.
    static let segment = "segment"
    static let tenantDay = PartitionedTable.tenantDay.rawValue
}

extension StoreSession {
    /// From when on sums are kept; retention holds the rollup lock while it moves them.
    func floors() throws -> Floors {
        var floors = Floors()
        for row in try connection.query("SELECT table_name, kept_from FROM sums_floor") {
            let seconds = try row.decode(1, as: Timestamp.self).seconds
            switch try row.decode(0, as: String.self) {
            case FloorName.hour, FloorName.hourBefore: floors.hour = seconds / 3_600
            case FloorName.minute, FloorName.minuteBefore: floors.minute = seconds / 60
            case FloorName.segment: floors.segment = seconds / 3_600
            case FloorName.tenantDay: floors.tenantDay = calendar.date(atSecond: seconds)
            default: continue
            }
        }
        return floors
    }
}
