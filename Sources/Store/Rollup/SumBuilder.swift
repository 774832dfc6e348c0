internal import UsageModel

/// The ids behind the names of one batch's dictionaries, by position.
struct BatchNames {
    var provider: Int16
    var tenants: [Int32]
    var models: [Int32]
    var regions: [Int16]
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
    private(set) var providers: [Int32: Int16] = [:]

    init(calendar: ZoneRules, range: Range<Int64>? = nil, expectedRows: Int) {
        self.calendar = calendar
        self.range = range
        daysFollowHours = calendar.hasWholeHours
        hours = SumTable(minimumCapacity: expectedRows)
        minutes = SumTable(minimumCapacity: expectedRows)
    }

    mutating func add(_ batch: UsageRows, names: BatchNames) {
        for id in names.tenants { providers[id] = names.provider }
        for row in batch.rows {
            if let range, !range.contains(row.minute) { continue }
            add(row, names)
        }
    }

    private mutating func add(_ row: UsageRow, _ names: BatchNames) {
        let counts = WideTokenCounts(row.counts)
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
        addMinute(row.minute, names.provider, .provider, 0, counts)
        addMinute(row.minute, names.provider, .model, model, counts)
        addMinute(row.minute, names.provider, .tenant, tenant, counts)
    }

    private mutating func addMinute(
        _ minute: Int64, _ provider: Int16, _ granularity: MinuteGranularity, _ subject: Int32,
        _ counts: WideTokenCounts
    ) {
        minutes.add(
            MinuteKey.pack(minute: minute, provider: provider, granularity: granularity, subject: subject), counts)
    }

    /// Derives days from hours where the calendar allows, and months from days. Call once, after the last batch.
    mutating func finish() {
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
}

extension ZoneRules {
    /// Whether its days always start on a whole hour of UTC, so that hour sums give day sums.
    var hasWholeHours: Bool {
        initialOffsetSeconds % 3_600 == 0
            && transitions.allSatisfy { $0.offsetSeconds % 3_600 == 0 && $0.fromSecond % 3_600 == 0 }
    }

    /// The same for the moments from `from` to `to` (seconds) only.
    func hasWholeHours(from: Int64, to: Int64) -> Bool {
        offset(atSecond: from) % 3_600 == 0
            && transitions.allSatisfy {
                $0.fromSecond <= from || $0.fromSecond > to
                    || ($0.offsetSeconds % 3_600 == 0 && $0.fromSecond % 3_600 == 0)
            }
    }
}
