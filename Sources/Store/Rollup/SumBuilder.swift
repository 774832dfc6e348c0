internal import BatchFormat
internal import Reporting
internal import UsageModel

/// The ids behind the names of one batch's dictionaries, by position.
struct BatchNames {
    var provider: Int16
    var tenants: [Int64]
    var models: [Int32]
    var regions: [Int32]
    /// Which of them stand for names beyond a budget.
    var overLimit = OverLimitNames()
}

/// Merges batch rows to unique keys, in memory, for all tables of sums at once.
struct SumBuilder {
    private let calendar: ZoneRules
    private let daysFollowHours: Bool
    /// Rows outside are skipped: the range of a rebuild, in minutes since 1970.
    private let range: Range<Int64>?
    private(set) var hours: SumTable
    private(set) var days = SumTable()
    private(set) var months = SumTable()
    private(set) var minutes: SumTable
    private(set) var providers: [Int64: Int16] = [:]
    /// Of the rows that were added.
    private(set) var totals = SignedTokenCounts()

    init(calendar: ZoneRules, range: Range<Int64>? = nil, expectedRows: Int) {
        self.calendar = calendar
        self.range = range
        daysFollowHours = calendar.hasWholeHours
        hours = SumTable(minimumCapacity: expectedRows)
        minutes = SumTable(minimumCapacity: expectedRows)
    }

    /// - Throws: ``RollupError`` for a minute that no key of sums can hold; nothing of the batch is added then.
    mutating func add(_ batch: UsageRows, names: BatchNames) throws {
        for row in batch.rows where !SumKey.times.contains(row.minute.flooredDivision(by: 60)) {
            throw RollupError("minute \(row.minute) since 1970 is beyond what sums can be kept of")
        }
        for id in names.tenants { providers[id] = names.provider }
        for row in batch.rows {
            if let range, !range.contains(row.minute) { continue }
            add(row, names: names)
        }
    }

    /// Adds the rows of batches.
    ///
    /// - Parameter names: the numbers behind each batch's dictionaries, in their order.
    mutating func add(_ batches: [DecodedBatches.Good], names: [BatchNames]) throws {
        for (batch, names) in zip(batches, names) { try add(batch.rows, names: names) }
    }

    private mutating func add(_ row: UsageRow, names: BatchNames) {
        let counts = row.signedCounts
        totals += counts
        let tenant = names.tenants[Int(row.tenant)]
        let model = names.models[Int(row.model)]
        let key = SumKey(
            time: row.minute.flooredDivision(by: 60), tenant: tenant, model: model,
            region: names.regions[Int(row.region)], layer: row.layer, workload: row.workload, modality: row.modality)
        let rest = key.rest
        hours.add(SumKey.pack(time: key.time) | rest, counts)
        if !daysFollowHours {
            let day = calendar.date(atSecond: row.minute * 60).days
            days.add(SumKey.pack(time: day) | rest, counts)
        }
        func minuteKey(by granularity: MinuteGranularity, subject: Int64) -> UInt128 {
            MinuteKey.pack(minute: row.minute, provider: names.provider, granularity: granularity, subject: subject)
        }
        minutes.add(minuteKey(by: .provider, subject: 0), counts)
        minutes.add(minuteKey(by: .model, subject: Int64(model)), counts)
        minutes.add(minuteKey(by: .tenant, subject: tenant), counts)
    }

    /// Derives days from hours where the calendar allows, and months from days. Call once, after the last batch.
    mutating func finish() {
        // Calendar arithmetic once for each hour and day, not for each of their many keys.
        if daysFollowHours {
            var cache: [Int64: Int64] = [:]
            for (index, key) in hours.keys.enumerated() {
                let hour = SumKey.time(of: key)
                let day = cache[hour] ?? calendar.date(atSecond: hour * 3_600).days
                cache[hour] = day
                days.add(SumKey.pack(time: day) | SumKey.rest(of: key), hours.counts[index])
            }
        }
        var cache: [Int64: Int64] = [:]
        for (index, key) in days.keys.enumerated() {
            let day = SumKey.time(of: key)
            let month = cache[day] ?? Int64(Month(day: day).index)
            cache[day] = month
            months.add(SumKey.pack(time: month) | SumKey.rest(of: key), days.counts[index])
        }
        for (name, table) in [("hours", hours), ("days", days), ("months", months)] {
            precondition(table.totals == totals, "sums by \(name) of \(totals) add up to \(table.totals)")
        }
        // Each row is in the sums by minute once by provider, once by model and once by tenant.
        precondition(
            minutes.totals == MinuteGranularity.allCases.reduce(into: SignedTokenCounts()) { sum, _ in sum += totals },
            "sums by minute of \(totals), three times, add up to \(minutes.totals)")
    }

    /// The partitions that writing these sums needs.
    func partitions(floors: Floors) -> Set<Partition> {
        var needed: Set<Partition> = []
        for hour in Set(hours.keys.map(SumKey.time(of:))) where hour >= floors.hour {
            needed.insert(Partition(table: .usageHour, month: Month(second: hour * 3_600)))
        }
        for day in Set(days.keys.map(SumKey.time(of:))) {
            needed.insert(Partition(table: .usageDay, month: Month(day: day)))
        }
        // An hour whose last minute is kept has minutes to write.
        for hour in Set(hours.keys.map(SumKey.time(of:))) where hour * 60 + 59 >= floors.minute {
            needed.insert(Partition(table: .usageMinute, month: Month(second: hour * 3_600)))
        }
        return needed
    }
}

/// From when on sums are kept: hours and minutes since 1970.
struct Floors {
    var hour = Int64.min
    var minute = Int64.min
    /// The first hour that segments are kept of, of batches that came before there were segments.
    var segment = Int64.min
    /// The first day whose rows by tenant are complete; `nil` where all are.
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
