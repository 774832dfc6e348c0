internal import Postgres
internal import UsageModel

/// The tables of sums, with what their rows are compared by.
enum RebuildTable: String, CaseIterable {
    case minute, hour, day, month

    var name: String { "usage_\(rawValue)" }

    var keys: [String] {
        switch self {
        case .minute: ["minute", "provider_id", "granularity", "subject_id"]
        case .hour, .day, .month:
            [rawValue, "tenant_id", "model_id", "region_id", "layer", "workload", "modality"]
        }
    }

    var columns: [String] {
        let key = keys.contains("provider_id") ? keys : keys + ["provider_id"]
        return key + SumWriter.countColumns
    }
}

extension RebuildJob {
    /// The rows of a table that lie whole in the range: the first bucket that does and the first that doesn't.
    private func bounds(_ table: RebuildTable, floors: Floors) -> [Parameter] {
        let calendar = job.calendar
        let from = calendar.startOfDay(dates.lowerBound)
        let to = calendar.startOfDay(dates.upperBound)
        func moments(_ size: Int64, floor: Int64) -> [Parameter] {
            let first = max((from + size - 1).flooredDivision(by: size), floor)
            let last = max(to.flooredDivision(by: size), first)
            return [.timestamp(Timestamp(seconds: first * size)), .timestamp(Timestamp(seconds: last * size))]
        }
        switch table {
        case .minute: return moments(60, floor: floors.minute)
        case .hour: return moments(3_600, floor: floors.hour)
        case .day: return [.date(days: dates.lowerBound.days), .date(days: dates.upperBound.days)]
        case .month:
            let start = Month(day: dates.lowerBound.days)
            let first = dates.lowerBound == start.firstDay ? start : start.next
            let last = max(first, Month(day: dates.upperBound.days))
            return [.date(days: first.firstDay.days), .date(days: last.firstDay.days)]
        }
    }

    private func joined(_ table: RebuildTable) -> String {
        let time = table.rawValue
        let matches = table.keys.map { "s.\($0) = r.\($0)" }.joined(separator: " AND ")
        return """
            (SELECT * FROM \(table.name) WHERE \(time) >= $1 AND \(time) < $2) s
            FULL JOIN (SELECT * FROM refold_\(table.name) WHERE \(time) >= $1 AND \(time) < $2) r ON \(matches)
            """
    }

    func compare(_ table: RebuildTable, floors: Floors) throws -> RebuildReport.Table {
        let counts = SumWriter.countColumns
        let stored = counts.map { "coalesce(sum(s.\($0)), 0)" }
        let rebuilt = counts.map { "coalesce(sum(r.\($0)), 0)" }
        let differs = counts.map { "s.\($0) IS DISTINCT FROM r.\($0)" }.joined(separator: " OR ")
        let row = try connection.query(
            """
            SELECT count(r.\(table.rawValue)), count(*) FILTER (WHERE \(differs)),
                   \((stored + rebuilt).joined(separator: ", "))
              FROM \(joined(table))
            """, bounds(table, floors: floors), isOneOff: true
        ).one()
        return RebuildReport.Table(
            name: table.name, rows: try row.decode(0), differing: try row.decode(1),
            stored: try StoreSession.counts(row, from: 2), rebuilt: try StoreSession.counts(row, from: 7))
    }

    func replace(_ table: RebuildTable, floors: Floors) throws {
        let time = table.rawValue
        let bounds = bounds(table, floors: floors)
        let columns = table.columns.joined(separator: ", ")
        try connection.query(
            "DELETE FROM \(table.name) WHERE \(time) >= $1 AND \(time) < $2", bounds, isOneOff: true)
        try connection.query(
            """
            INSERT INTO \(table.name) (\(columns))
            SELECT \(columns) FROM refold_\(table.name) WHERE \(time) >= $1 AND \(time) < $2
            """, bounds, isOneOff: true)
    }
}
