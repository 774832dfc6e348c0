internal import BatchFormat
internal import UsageModel

/// Merges rows of one provider's batches to the sums of its hours, at every granularity.
struct SegmentBuilder {
    struct Hour: Hashable, Comparable {
        var provider: Int16
        /// Since 1970.
        var hour: Int64

        static func < (left: Hour, right: Hour) -> Bool { (left.provider, left.hour) < (right.provider, right.hour) }
    }

    /// What is merged of an hour.
    struct Sums {
        var byGranularity: [SegmentGranularity: SegmentSums] = [:]
        /// By minute and tenant, of which most come once.
        var byTenant: SegmentRows?
        /// Of the rows that were added.
        var totals = SignedTokenCounts()
        var batches = 0
        var lastPosition: Int64 = 0

        /// In the order of their keys; `nil` where the granularity isn't kept.
        func rows(_ granularity: SegmentGranularity) -> [SegmentRow]? {
            granularity == .minuteByTenant ? byTenant?.sorted() : byGranularity[granularity]?.sorted()
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
        for hour in wanted {
            let place = Hour(provider: names.provider, hour: hour)
            hours[place, default: Sums()].batches += 1
            hours[place]?.lastPosition = position
        }
        // Rows by hour, so that an hour's tables are taken out once and not for each row.
        var byHour: [Int64: [Int32]] = [:]
        for (index, row) in rows.rows.enumerated() {
            let hour = row.minute.flooredDivision(by: 60)
            if wanted.contains(hour) { byHour[hour, default: []].append(Int32(index)) }
        }
        for (hour, indices) in byHour {
            let place = Hour(provider: names.provider, hour: hour)
            // Taken out of the dictionary while it is changed, so that it isn't copied.
            var sums = hours.removeValue(forKey: place) ?? Sums()
            add(indices, of: rows, names: names, hour: hour, to: &sums)
            hours[place] = sums
        }
    }

    private func add(_ indices: [Int32], of rows: UsageRows, names: BatchNames, hour: Int64, to sums: inout Sums) {
        let keepsMinutes = floors.keep(.minuteByTenant, of: hour)
        var byHour = sums.byGranularity.removeValue(forKey: .hour) ?? SegmentSums(minimumCapacity: indices.count)
        var byTenant = sums.byTenant ?? SegmentRows()
        sums.byTenant = nil
        var byModel = sums.byGranularity.removeValue(forKey: .minuteByModel) ?? SegmentSums()
        var byProvider = sums.byGranularity.removeValue(forKey: .minuteByProvider) ?? SegmentSums()
        let dayStart = minuteOfDayStart(within: hour)
        for index in indices {
            let row = rows.rows[Int(index)]
            let counts = row.signedCounts
            sums.totals += counts
            let tenant = names.tenants[Int(row.tenant)]
            let model = names.models[Int(row.model)]
            let minute = Int(row.minute - hour * 60)
            // Also where hours are kept no more: days are.
            let key = SegmentKey(
                tenant: tenant, model: model, region: names.regions[Int(row.region)], layer: row.layer,
                workload: row.workload, modality: row.modality, isEstimated: row.isEstimated,
                minute: minute >= dayStart ? dayStart : 0)
            byHour.add(key, counts)
            if keepsMinutes {
                let isEstimated = row.isEstimated
                byTenant.add(SegmentKey(tenant: tenant, isEstimated: isEstimated, minute: minute), counts)
                byModel.add(SegmentKey(tenant: 0, model: model, isEstimated: isEstimated, minute: minute), counts)
                byProvider.add(SegmentKey(tenant: 0, isEstimated: isEstimated, minute: minute), counts)
            }
        }
        sums.byGranularity[.hour] = byHour
        if keepsMinutes {
            sums.byTenant = byTenant
            sums.byGranularity[.minuteByModel] = byModel
            sums.byGranularity[.minuteByProvider] = byProvider
        }
    }

    /// The minute of an hour at which a day begins; 0 where none does within it.
    private func minuteOfDayStart(within hour: Int64) -> Int {
        let (first, last) = (hour * 3_600, hour * 3_600 + 3_599)
        let day = calendar.date(atSecond: last)
        return day == calendar.date(atSecond: first) ? 0 : Int((calendar.startOfDay(day) - first + 59) / 60)
    }

    /// The segments of an hour.
    ///
    /// - Parameter after: the ledger position that the hour's range begins after.
    func seal(_ place: Hour, after position: Int64) throws -> SealedHour {
        let sums = hours[place] ?? Sums()
        var sealed = SealedHour(
            place: place, afterPosition: position, lastPosition: sums.lastPosition, batches: sums.batches,
            totals: sums.totals, segments: [])
        for granularity in SegmentGranularity.allCases where floors.keep(granularity, of: place.hour) {
            guard let rows = sums.rows(granularity) else { continue }
            let segments = try SegmentEncoder.sealChunks(rows, as: sealed.header(granularity))
            let totals = segments.reduce(into: SignedTokenCounts()) { $0 += $1.totals }
            precondition(
                totals == sums.totals, "segments \(granularity) of \(place) sum up to \(totals), not \(sums.totals)")
            sealed.segments += segments
        }
        return sealed
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
