internal import BatchFormat
internal import UsageModel

/// The rows of a batch in one hour, tenant by tenant.
struct BatchHour {
    /// Rows of one tenant: a stretch of ``order``.
    struct Run {
        var tenant: Int64
        var rows: Range<Int32>
    }

    let rows: UsageRows
    let names: BatchNames
    let hour: Int64
    /// Places of the hour's rows, those of a tenant beside each other.
    private let order: [Int32]
    let runs: [Run]
    /// Of the hour's rows.
    let totals: SignedTokenCounts

    /// - Parameter indices: places of the hour's rows.
    init(_ rows: UsageRows, names: BatchNames, hour: Int64, indices: [Int32]) {
        self.rows = rows
        self.names = names
        self.hour = hour
        var order = indices
        func tenant(_ index: Int32) -> UInt32 { rows.rows[Int(index)].tenant }
        // Batches are in the order of their tenants' names.
        let isOrdered = zip(order, order.dropFirst()).allSatisfy { tenant($0) <= tenant($1) }
        if !isOrdered { order.sort { (tenant($0), $0) < (tenant($1), $1) } }
        var runs: [Run] = []
        var totals = SignedTokenCounts()
        var start = 0
        while start < order.count {
            let first = tenant(order[start])
            var end = start
            while end < order.count, tenant(order[end]) == first {
                totals += Self.counts(of: rows.rows[Int(order[end])])
                end += 1
            }
            runs.append(Run(tenant: names.tenants[Int(first)], rows: Int32(start)..<Int32(end)))
            start = end
        }
        self.order = order
        self.runs = runs
        self.totals = totals
    }

    /// What a row adds to sums.
    @inline(__always)
    static func counts(of row: UsageRow) -> SignedTokenCounts { row.signedCounts }

    @inline(__always)
    func row(_ place: Int32) -> UsageRow { rows.rows[Int(order[Int(place)])] }
}

/// Adds up the rows of an hour tenant after tenant, in the order of their ids.
///
/// What is told apart by tenant is complete, and handed on, with the tenant; the rest at the end.
struct TenantMerge {
    private let dayStart: Int
    private let keepsMinutes: Bool
    /// Of the tenant, in the order in which rows come; neighbours of one key are added at once.
    private var byHour: [SegmentRow] = []
    private var byMinute = FlaggedMinuteSums()
    private var byModel = SegmentSums()
    private var byProvider = FlaggedMinuteSums()

    /// - Parameters:
    ///   - dayStart: the minute of the hour at which a day begins, or 0.
    ///   - keepsMinutes: whether sums by minute are wanted.
    init(dayStart: Int, keepsMinutes: Bool) {
        self.dayStart = dayStart
        self.keepsMinutes = keepsMinutes
    }

    /// Adds rows of a tenant in a batch.
    mutating func add(_ batch: BatchHour, _ rows: Range<Int32>, of tenant: Int64) {
        for place in rows {
            let row = batch.row(place)
            let counts = BatchHour.counts(of: row)
            let model = batch.names.models[Int(row.model)]
            let minute = Int(row.minute - batch.hour * 60)
            // Also where hours are kept no more: days are.
            let key = SegmentKey(
                tenant: tenant, model: model, region: batch.names.regions[Int(row.region)], layer: row.layer,
                workload: row.workload, modality: row.modality, isEstimated: row.isEstimated,
                minute: minute >= dayStart ? dayStart : 0)
            if byHour.last?.key == key {
                byHour[byHour.count - 1].counts += counts
            } else {
                byHour.append(SegmentRow(key: key, counts: counts))
            }
            guard keepsMinutes else { continue }
            byMinute.add(counts, at: minute, isEstimated: row.isEstimated)
            byModel.add(SegmentKey(tenant: 0, model: model, isEstimated: row.isEstimated, minute: minute), counts)
        }
    }

    /// Hands on the sums of a tenant whose rows have all come.
    mutating func finish<Failure: Error>(
        _ tenant: Int64, _ body: (SegmentGranularity, [SegmentRow]) throws(Failure) -> Void
    ) throws(Failure) {
        try body(.hour, SegmentSums.sorted(byHour))
        byHour.removeAll(keepingCapacity: true)
        guard keepsMinutes else { return }
        try body(.minuteByTenant, byMinute.rows(tenant: tenant))
        byProvider.add(byMinute)
        byMinute.removeAll()
    }

    /// Hands on what isn't told apart by tenant.
    mutating func finish<Failure: Error>(
        _ body: (SegmentGranularity, [SegmentRow]) throws(Failure) -> Void
    ) throws(Failure) {
        guard keepsMinutes else { return }
        try body(.minuteByModel, byModel.sorted())
        try body(.minuteByProvider, byProvider.rows(tenant: 0))
    }
}

/// Sums of the minutes of an hour, what is estimated apart.
private struct FlaggedMinuteSums {
    private var measured = MinuteSums()
    private var estimated = MinuteSums()

    @inline(__always)
    mutating func add(_ added: SignedTokenCounts, at minute: Int, isEstimated: Bool) {
        if isEstimated { estimated.add(added, at: minute) } else { measured.add(added, at: minute) }
    }

    mutating func add(_ other: FlaggedMinuteSums) {
        measured.add(other.measured)
        estimated.add(other.estimated)
    }

    mutating func removeAll() {
        measured.removeAll()
        estimated.removeAll()
    }

    /// In the order of their keys, without those that count nothing.
    func rows(tenant: Int64) -> [SegmentRow] {
        measured.rows { SegmentKey(tenant: tenant, minute: $0) }
            + estimated.rows { SegmentKey(tenant: tenant, isEstimated: true, minute: $0) }
    }
}

/// Sums of the minutes of an hour.
private struct MinuteSums {
    private var counts = [SignedTokenCounts](repeating: SignedTokenCounts(), count: 60)
    /// A bit for each minute that something was added to.
    private var used: UInt64 = 0

    @inline(__always)
    mutating func add(_ added: SignedTokenCounts, at minute: Int) {
        counts[minute] += added
        used |= 1 << UInt64(minute)
    }

    mutating func add(_ other: MinuteSums) {
        other.forEach { add($1, at: $0) }
    }

    mutating func removeAll() {
        var left = used
        while left != 0 {
            counts[left.trailingZeroBitCount] = SignedTokenCounts()
            left &= left - 1
        }
        used = 0
    }

    /// In the order of minutes, without those that count nothing.
    func rows(key: (Int) -> SegmentKey) -> [SegmentRow] {
        var rows: [SegmentRow] = []
        rows.reserveCapacity(used.nonzeroBitCount)
        forEach { minute, counts in
            if !counts.isZero { rows.append(SegmentRow(key: key(minute), counts: counts)) }
        }
        return rows
    }

    private func forEach(_ body: (Int, SignedTokenCounts) -> Void) {
        var left = used
        while left != 0 {
            body(left.trailingZeroBitCount, counts[left.trailingZeroBitCount])
            left &= left - 1
        }
    }
}
