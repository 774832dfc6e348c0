internal import BatchFormat
internal import UsageModel

/// What was counted of one version of an export.
struct VersionSums: Sendable, Equatable {
    /// The most bytes that a version's rows may take in a batch before compression: half of one, so that a version can
    /// be taken back and another one counted in one batch. Enough for about 90,000 rows (minute × key).
    static let maxBytes = BatchBounds.maxEncodedBytes / 2 - BatchBounds.maxFramingBytes
    /// The most events of a version, for the same reason.
    static let maxEvents = BatchBounds.maxEvents / 2

    /// In canonical form.
    var rows = UsageRows()
    /// How many events each row sums up.
    var events: [UInt64] = []
    /// Records that were refused, each by a hash of its bytes; at most ``VersionBuilder/maxKeptRefusals``.
    var refused: [UInt64] = []

    var eventCount: UInt64 { events.reduce(0, +) }

    init() {}

    /// - Parameters:
    ///   - sums: what was counted.
    ///   - events: the same rows, with one call for each event.
    init(_ sums: MinuteBuckets, events: MinuteBuckets, refused: [UInt64]) {
        rows = sums.rows()
        self.events = events.rows().rows.map(\.counts.requests)
        self.refused = refused
        precondition(rows.rows.count == self.events.count, "\(rows.rows.count) rows and \(self.events.count) of events")
    }

    /// The rows with one call for each event in the place of their counts.
    var eventRows: UsageRows {
        var result = rows
        for index in result.rows.indices { result.rows[index].counts = TokenCounts(requests: events[index]) }
        return result
    }

    /// Both together; `nil` where that is more than a version may have.
    ///
    /// - Parameter other: need not be in canonical form.
    func merged(with other: VersionSums, refused: [UInt64]) -> VersionSums? {
        if other.rows.rows.isEmpty {
            var result = self
            result.refused = refused
            return result
        }
        var sums = MinuteBuckets()
        var events = MinuteBuckets()
        for part in [self, other] {
            guard sums.merge(part.rows, eventCount: part.eventCount) == .added,
                events.merge(part.eventRows, eventCount: part.eventCount) == .added
            else { return nil }
        }
        guard sums.estimatedBytes <= Self.maxBytes, sums.eventCount <= Self.maxEvents else { return nil }
        return VersionSums(sums, events: events, refused: refused)
    }

    /// The rows of which `isIncluded` holds, in their order; not in canonical form.
    func filtered(_ isIncluded: (UsageRow) -> Bool) -> VersionSums {
        var taken = NamedRows()
        var result = VersionSums()
        for (row, count) in zip(rows.rows, events) where isIncluded(row) {
            taken.append(row, of: rows)
            result.events.append(count)
        }
        result.rows = taken.rows
        return result
    }

    /// What has to be counted and taken back so that these sums count in the place of others. Rows that are the same in
    /// both stay as they are; of all others the old ones are taken back whole, and the new ones counted whole.
    func change(from old: VersionSums) -> VersionChange {
        var change = VersionChange()
        var before: [NamedRows.Key: Int] = [:]
        before.reserveCapacity(old.rows.rows.count)
        for index in old.rows.rows.indices { before[NamedRows.Key(old.rows.rows[index], of: old.rows)] = index }
        for (row, count) in zip(rows.rows, events) {
            let key = NamedRows.Key(row, of: rows)
            if let index = before[key], old.rows.rows[index].counts == row.counts, old.events[index] == count {
                before[key] = nil
            } else {
                change.count(row, of: rows, events: count)
            }
        }
        for index in before.values.sorted() {
            change.takeBack(old.rows.rows[index], of: old.rows, events: old.events[index])
        }
        return change
    }
}

/// What the next batch has to say so that one version counts in the place of another.
struct VersionChange: Sendable {
    private var named = NamedRows()
    private(set) var eventCount: UInt64 = 0
    /// Events that are counted.
    private(set) var countedEvents: UInt64 = 0
    private(set) var counted = WideTokenCounts()
    private(set) var takenBack = WideTokenCounts()

    var rows: UsageRows { named.rows }

    /// Whether one batch holds it: rows do by the limits of versions, names of two versions may not.
    var fitsBatch: Bool {
        var empty = MinuteBuckets()
        return empty.merge(rows, eventCount: eventCount) == .added
    }

    mutating func count(_ row: UsageRow, of names: UsageRows, events: UInt64) {
        named.append(row, of: names)
        eventCount += events
        countedEvents += events
        counted += WideTokenCounts(row.counts)
    }

    mutating func takeBack(_ row: UsageRow, of names: UsageRows, events: UInt64) {
        var back = row
        // What an export itself takes back counts again when the export does no more.
        back.flags.formSymmetricDifference(.takenBack)
        named.append(back, of: names)
        eventCount += events
        takenBack += WideTokenCounts(row.counts)
    }
}

/// Rows that are picked out of others, with the names that they use.
struct NamedRows: Sendable {
    /// What two rows have in common that are summed in one place.
    struct Key: Hashable {
        var minute: Int64
        var tenant: String
        var model: String
        var region: String
        var codes: UInt32

        init(_ row: UsageRow, of names: UsageRows) {
            minute = row.minute
            tenant = names.tenants[Int(row.tenant)]
            model = names.models[Int(row.model)]
            region = names.regions[Int(row.region)]
            codes =
                UInt32(row.layer.rawValue) << 24 | UInt32(row.workload.rawValue) << 16
                | UInt32(row.modality.rawValue) << 8 | UInt32(row.flags.rawValue)
        }
    }

    private(set) var rows = UsageRows()
    private var tenants: [String: UInt32] = [:]
    private var models: [String: UInt32] = [:]
    private var regions: [String: UInt32] = [:]

    mutating func append(_ row: UsageRow, of names: UsageRows) {
        var own = row
        own.tenant = Self.index(of: names.tenants[Int(row.tenant)], in: &tenants, &rows.tenants)
        own.model = Self.index(of: names.models[Int(row.model)], in: &models, &rows.models)
        own.region = Self.index(of: names.regions[Int(row.region)], in: &regions, &rows.regions)
        rows.rows.append(own)
    }

    private static func index(
        of name: String, in known: inout [String: UInt32], _ names: inout [String]
    ) -> UInt32 {
        if let index = known[name] { return index }
        let index = UInt32(names.count)
        known[name] = index
        names.append(name)
        return index
    }
}
