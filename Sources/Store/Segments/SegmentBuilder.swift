internal import BatchFormat
internal import UsageModel

/// Merges rows of one provider's batches to the sums of its hours, at every granularity.
///
/// Batches are kept as they are, with their rows of each hour by tenant; sums are made tenant by tenant when they are
/// asked for. So what is held beside the batches is the sums of one tenant, and the rows of one segment.
struct SegmentBuilder {
    struct Hour: Hashable, Comparable {
        var provider: Int16
        /// Since 1970.
        var hour: Int64

        static func < (left: Hour, right: Hour) -> Bool { (left.provider, left.hour) < (right.provider, right.hour) }
    }

    /// What is merged of an hour.
    struct Sums {
        var batches = 0
        var lastPosition: Int64 = 0
        /// Whether sums by minute are wanted.
        fileprivate var keepsMinutes: Bool
        /// The minute of the hour at which a day begins, or 0.
        fileprivate var dayStart: Int
        fileprivate var parts: [BatchHour] = []

        /// In the order of their keys; `nil` where the granularity isn't kept.
        func rows(_ granularity: SegmentGranularity) -> [SegmentRow]? {
            guard granularity == .hour || keepsMinutes else { return nil }
            var rows: [SegmentRow] = []
            merge { if $0 == granularity { rows += $1 } }
            return rows
        }

        /// Calls `body` with rows of a granularity, again and again: those of each granularity come in the order of
        /// their keys.
        fileprivate func merge<Failure: Error>(
            _ body: (SegmentGranularity, [SegmentRow]) throws(Failure) -> Void
        ) throws(Failure) {
            var merge = TenantMerge(dayStart: dayStart, keepsMinutes: keepsMinutes)
            let runs = parts.enumerated().flatMap { part, hour in
                hour.runs.map { (tenant: $0.tenant, part: part, rows: $0.rows) }
            }.sorted { ($0.tenant, $0.part) < ($1.tenant, $1.part) }
            var tenant: Int64?
            for run in runs {
                if let tenant, tenant != run.tenant { try merge.finish(tenant, body) }
                tenant = run.tenant
                merge.add(parts[run.part], run.rows, of: run.tenant)
            }
            if let tenant { try merge.finish(tenant, body) }
            try merge.finish(body)
        }
    }

    let floors: Floors
    private let calendar: ZoneRules
    private(set) var hours: [Hour: Sums] = [:]

    /// - Parameter calendar: whose days rows of an hour are told apart by.
    init(floors: Floors, calendar: ZoneRules) {
        self.floors = floors
        self.calendar = calendar
    }

    /// Adds the rows of some hours of a batch, which must come in the order of ledger positions.
    mutating func add(_ rows: UsageRows, names: BatchNames, hours wanted: Set<Int64>, position: Int64) throws {
        var byHour: [Int64: [Int32]] = [:]
        for (index, row) in rows.rows.enumerated() {
            let hour = row.minute.flooredDivision(by: 60)
            if wanted.contains(hour) { byHour[hour, default: []].append(Int32(index)) }
        }
        for hour in wanted {
            let place = Hour(provider: names.provider, hour: hour)
            var sums =
                hours.removeValue(forKey: place)
                ?? Sums(
                    keepsMinutes: floors.keep(.minuteByTenant, of: hour),
                    dayStart: calendar.minuteOfDayStart(withinHour: hour))
            sums.batches += 1
            sums.lastPosition = position
            if let indices = byHour[hour] {
                sums.parts.append(BatchHour(rows, names: names, hour: hour, indices: indices))
            }
            hours[place] = sums
        }
    }

    /// The segments of an hour.
    ///
    /// - Parameter after: the ledger position that the hour's range begins after.
    func seal(_ place: Hour, after position: Int64) throws -> SealedHour {
        guard let sums = hours[place] else { preconditionFailure("\(place) was not added") }
        var sealed = SealedHour(
            place: place, afterPosition: position, lastPosition: sums.lastPosition, batches: sums.batches,
            totals: sums.parts.reduce(into: SignedTokenCounts()) { $0 += $1.totals }, segments: [])
        var sealers: [SegmentGranularity: ChunkSealer] = [:]
        for granularity in SegmentGranularity.allCases where floors.keep(granularity, of: place.hour) {
            sealers[granularity] = ChunkSealer(sealed.header(granularity))
        }
        try sums.merge { granularity, rows in try sealers[granularity]?.add(rows) }
        for granularity in SegmentGranularity.allCases {
            guard let segments = try sealers[granularity]?.finish() else { continue }
            let totals = segments.reduce(into: SignedTokenCounts()) { $0 += $1.totals }
            precondition(
                totals == sealed.totals, "segments \(granularity) of \(place) sum up to \(totals), not \(sealed.totals)"
            )
            sealed.segments += segments
        }
        return sealed
    }
}

extension ZoneRules {
    /// The minute of an hour (since 1970) at which a day begins; 0 where none does within it.
    func minuteOfDayStart(withinHour hour: Int64) -> Int {
        let (first, last) = (hour * 3_600, hour * 3_600 + 3_599)
        let day = date(atSecond: last)
        return day == date(atSecond: first) ? 0 : Int((startOfDay(day) - first + 59) / 60)
    }
}

/// A range of an hour with its segments.
struct SealedHour {
    var place: SegmentBuilder.Hour
    var afterPosition: Int64
    var lastPosition: Int64
    var batches: Int
    var totals: SignedTokenCounts
    var segments: [Segment]
    /// Whether its usage is in the days by tenant.
    var isInDays = false

    func header(_ granularity: SegmentGranularity, chunk: Int32 = 0) -> SegmentHeader {
        SegmentHeader(
            granularity: granularity, provider: place.provider, hour: place.hour, chunk: chunk,
            afterPosition: afterPosition, lastPosition: lastPosition)
    }
}
