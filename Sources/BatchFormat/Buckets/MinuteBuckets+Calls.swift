package import UsageModel

/// Where in a table an event counts: its minute, and its key by the table's own numbers of names.
package struct BucketPlace: Sendable, Hashable {
    package var minute: Int64
    var key: RowKey

    package var flags: UsageFlags {
        get { key.flags }
        set { key = key.flagged(newValue) }
    }

    /// Whether two places have the same names, layer, workload and modality, whatever their minutes and flags.
    package func hasNames(of other: BucketPlace) -> Bool { key.flagged([]) == other.key.flagged([]) }
}

extension MinuteBuckets {
    /// Where an event would count, with its names in the table. Nothing is counted.
    ///
    /// - Throws: what adding the event would throw for its counts, minute and names.
    package mutating func place(
        of event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan
    ) throws(Rejection) -> BucketPlace {
        try Self.check(event.counts, minute: event.minute)
        let region = try regions.intern(event.region.isInScratch ? scratch : record, event.region)
        let model = try models.intern(event.model.isInScratch ? scratch : record, event.model)
        let tenant = try tenants.intern(event.tenant.isInScratch ? scratch : record, event.tenant)
        return BucketPlace(
            minute: event.minute, key: RowKey(of: event, tenant: tenant, model: model, region: region))
    }

    /// Where a call counts, with its names in the table.
    package mutating func place(of call: CountedCall) throws(Rejection) -> BucketPlace {
        let region = try Self.intern(call.region, into: &regions)
        let model = try Self.intern(call.model, into: &models)
        let tenant = try Self.intern(call.tenant, into: &tenants)
        let key = RowKey(
            tenant: tenant, model: model, region: region, layer: call.layer, workload: call.workload,
            modality: call.modality, flags: call.flags)
        return BucketPlace(minute: call.minute, key: key)
    }

    /// The call that counts so much in a place of this table.
    package func call(at place: BucketPlace, _ counts: TokenCounts, content: UInt64) -> CountedCall {
        let key = place.key
        return CountedCall(
            minute: place.minute, tenant: tenants.name(key.tenant), model: models.name(key.model),
            region: regions.name(key.region), layer: key.layer, workload: key.workload, modality: key.modality,
            flags: key.flags, counts: counts, content: content)
    }

    /// The most that the names of an event and of the call which it changes add to a batch, however they are spelt.
    private static let maxBytesOfNames =
        2
        * (NameRule.maxKeptGrowth
            * (Limits.maxTenantNameBytes + Limits.maxModelNameBytes + Limits.maxRegionNameBytes)
            + 3 * BatchBounds.maxColumnBytesPerName)

    /// Whether so many rows more are sure to fit beside those in the table, each with an event of its own, and beside the
    /// names of one event and of the call that it changes. The names of the others are in the table already.
    ///
    /// To be asked before the names of the event are added: they stay where the event is refused.
    package func hasRoom(forRows count: Int) -> Bool {
        table.count + count <= maxRows && eventCount + UInt64(count) <= BatchBounds.maxEvents
            && estimatedBytes + Self.maxBytesOfNames + (count + 1) * BatchBounds.maxColumnBytesPerRow
                <= BatchBounds.maxEncodedBytes
    }

    /// Counts in a place of this table for which there is room: see ``hasRoom(forRows:)``.
    package mutating func add(_ counts: TokenCounts, at place: BucketPlace) {
        // No sum of so few events can wrap.
        let outcome = add(counts, to: place.key, minute: UInt32(clamping: place.minute))
        precondition(outcome == true, "a call that was sure to fit did not: \(table.count) of \(maxRows) rows")
        eventCount += 1
    }

    private static func intern(_ name: String, into table: inout NameTable) throws(Rejection) -> UInt32 {
        let range = FieldRange(start: 0, count: UInt32(clamping: name.utf8.count))
        return unsafe try table.intern(name.utf8.span.bytes, range)
    }
}
