package import UsageModel

/// Where a row of usage counts in cubes: under which kind, and in which version of the registry.
package struct CubePosting: Sendable, Hashable {
    /// The version that changed it, which is the moment at which it was recorded; `nil` for what is known now.
    package var version: Timestamp?
    package var kind: TenantKind
    /// Whether the usage is taken away there instead of added.
    package var isTaken: Bool

    package init(version: Timestamp? = nil, kind: TenantKind, isTaken: Bool = false) {
        self.version = version
        self.kind = kind
        self.isTaken = isTaken
    }
}

/// What the registry says and ever said of tenants' kinds, as far as a version.
package struct KindHistory: Sendable {
    /// One record about a tenant.
    package struct Entry: Sendable, Hashable {
        package var kind: TenantKind
        package var from: CalendarDate
        /// The first day that no longer counts; `nil` for no end.
        package var to: CalendarDate?
        package var recordedAt: Timestamp
        package var supersededAt: Timestamp?

        package init(
            kind: TenantKind, from: CalendarDate, to: CalendarDate?, recordedAt: Timestamp, supersededAt: Timestamp?
        ) {
            self.kind = kind
            self.from = from
            self.to = to
            self.recordedAt = recordedAt
            self.supersededAt = supersededAt
        }

        func covers(_ day: CalendarDate) -> Bool { from <= day && to.map { day < $0 } ?? true }

        /// Whether it held right after `moment`.
        func isHeld(at moment: Timestamp) -> Bool { recordedAt <= moment && supersededAt.map { $0 > moment } ?? true }

        /// Whether it held right before `moment`.
        func isHeld(before moment: Timestamp) -> Bool {
            recordedAt < moment && supersededAt.map { $0 >= moment } ?? true
        }
    }

    /// When what was recorded last was recorded; `nil` where nothing ever was.
    package var version: Timestamp?
    /// Different histories; the first is that of tenants which nothing was ever recorded of.
    private var histories: [[Entry]] = [[]]
    private var numbers: [[Entry]: Int32] = [[]: 0]
    private var byTenant: [Int64: Int32] = [:]

    package init() {}

    /// Tenants that something was ever recorded of.
    package var tenants: Dictionary<Int64, Int32>.Keys { byTenant.keys }

    /// Takes everything over that was ever recorded of a tenant. Tenants with the same history share one.
    package mutating func set(_ entries: [Entry], of tenant: Int64) {
        if let number = numbers[entries] {
            byTenant[tenant] = number
            return
        }
        let number = Int32(histories.count)
        histories.append(entries)
        numbers[entries] = number
        byTenant[tenant] = number
    }

    /// The number of a tenant's history.
    package func history(of tenant: Int64) -> Int32 { byTenant[tenant] ?? 0 }

    /// Where usage of tenants with a history counts that came about in a piece: now under the newest kind, and in each
    /// version that changed the kind on its day, taken from the kind before and added to the kind after.
    ///
    /// - Parameter history: see ``history(of:)``.
    package func postings(of history: Int32, in piece: CubePiece) -> [CubePosting] {
        let entries = histories[Int(history)].filter { $0.covers(piece.day) }
        let moments = Set(entries.map(\.recordedAt) + entries.compactMap(\.supersededAt))
        var postings: [CubePosting] = []
        for moment in moments.sorted() where piece.keepsChanges(of: moment) {
            let before = Self.kind(entries.first { $0.isHeld(before: moment) })
            let after = Self.kind(entries.first { $0.isHeld(at: moment) })
            if before == after { continue }
            postings.append(CubePosting(version: moment, kind: before, isTaken: true))
            postings.append(CubePosting(version: moment, kind: after))
        }
        return [CubePosting(kind: Self.kind(entries.first { $0.supersededAt == nil }))] + postings
    }

    fileprivate static func kind(_ entry: Entry?) -> TenantKind { entry?.kind ?? .unclassified }
}

/// Days on which a version of the registry changed what a tenant is.
package struct KindChange: Sendable, Hashable {
    package var from: CalendarDate
    /// The first day that isn't changed any more; `nil` for no end.
    package var to: CalendarDate?
    package var before: TenantKind
    package var after: TenantKind

    package init(from: CalendarDate, to: CalendarDate?, before: TenantKind, after: TenantKind) {
        self.from = from
        self.to = to
        self.before = before
        self.after = after
    }

    /// What a version changed.
    ///
    /// - Parameter entries: everything that was ever recorded of one tenant.
    /// - Returns: in order, without overlaps.
    package static func changes(in entries: [KindHistory.Entry], by version: Timestamp) -> [KindChange] {
        let before = entries.filter { $0.isHeld(before: version) }
        let after = entries.filter { $0.isHeld(at: version) }
        // Between two neighbouring ends of records neither side changes.
        let cuts = Set((before + after).flatMap { [$0.from] + ($0.to.map { [$0] } ?? []) }).sorted()
        var changes: [KindChange] = []
        for (index, from) in cuts.enumerated() {
            let old = KindHistory.kind(before.first { $0.covers(from) })
            let new = KindHistory.kind(after.first { $0.covers(from) })
            if old == new { continue }
            let to = index + 1 < cuts.count ? cuts[index + 1] : nil
            if let last = changes.last, last.to == from, last.before == old, last.after == new {
                changes[changes.count - 1].to = to
            } else {
                changes.append(KindChange(from: from, to: to, before: old, after: new))
            }
        }
        return changes
    }
}
