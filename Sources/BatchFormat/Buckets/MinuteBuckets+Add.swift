package import UsageModel

extension MinuteBuckets {
    /// Counts one event.
    ///
    /// - Parameters:
    ///   - record: what ranges that aren't in scratch point into.
    ///   - scratch: what ranges marked `isInScratch` point into.
    /// - Returns: ``Outcome/full``, with nothing counted, where the event needs room and there is none.
    /// - Throws: a ``Rejection`` for an event that can't be counted whatever is sealed: `bad-name`, `name-too-long`,
    ///   `invalid-utf8`, `missing-field`, `bad-time`, `count-too-large`, `inconsistent-counts`, `sum-too-large`; and
    ///   `too-many-names`, which names the dimension that has too many different values.
    @discardableResult
    package mutating func add(
        _ event: borrowing UsageEvent, record: RawSpan, scratch: RawSpan
    ) throws(Rejection) -> Outcome {
        let counts = event.counts
        try Self.check(counts, minute: event.minute)
        if eventCount >= BatchBounds.maxEvents { return .full }
        let region = try regions.intern(event.region.isInScratch ? scratch : record, event.region)
        let model = try models.intern(event.model.isInScratch ? scratch : record, event.model)
        let tenant = try tenants.intern(event.tenant.isInScratch ? scratch : record, event.tenant)
        let key = RowKey(of: event, tenant: tenant, model: model, region: region)
        guard let added = add(counts, to: key, minute: UInt32(truncatingIfNeeded: event.minute)) else { return .full }
        if !added {
            throw Rejection(.sumTooLarge, detail: "the sum of this minute and key would leave 64 bits")
        }
        eventCount += 1
        return .added
    }

    /// - Returns: `nil` where a new row is needed and there is no room, `false` where the sum would wrap.
    @inline(__always)
    mutating func add(_ counts: TokenCounts, to key: RowKey, minute: UInt32) -> Bool? {
        add(counts, to: key, minute: minute, hashValue: hash.hash(key.packed, with: UInt64(minute)))
    }

    /// - Parameter hashValue: of the key and the minute.
    @inline(__always)
    mutating func add(_ counts: TokenCounts, to key: RowKey, minute: UInt32, hashValue: UInt64) -> Bool? {
        let tag = Self.tag(of: hashValue)
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hashValue) & mask
        while true {
            let slot = slots[index]
            if slot == 0 { break }
            if slot & ~Self.slotIndexMask == tag {
                let row = Int(slot & Self.slotIndexMask) - 1
                if table[row].key == key, table[row].minute == minute { return table[row].counts.add(counts) }
            }
            index = (index + 1) & mask
        }
        return insert(Row(key: key, minute: minute, counts: counts), hashValue: hashValue, at: index)
    }

    @inline(never)
    private mutating func insert(_ row: Row, hashValue: UInt64, at index: Int) -> Bool? {
        if table.count >= maxRows { return nil }
        if estimatedBytes + BatchBounds.maxColumnBytesPerRow > BatchBounds.maxEncodedBytes { return nil }
        table.append(row)
        slots[index] = Self.tag(of: hashValue) | UInt32(table.count)
        if table.count * 2 > slots.count { grow() }
        return true
    }

    private mutating func grow() {
        var larger = [UInt32](repeating: 0, count: slots.count * 2)
        let mask = larger.count - 1
        for (index, row) in table.enumerated() {
            let hashValue = hash.hash(row.key.packed, with: UInt64(row.minute))
            var place = Int(truncatingIfNeeded: hashValue) & mask
            while larger[place] != 0 { place = (place + 1) & mask }
            larger[place] = Self.tag(of: hashValue) | UInt32(index + 1)
        }
        slots = larger
    }

    @inline(__always)
    private static func tag(of hashValue: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: hashValue >> 32) & ~slotIndexMask
    }

    /// Checks what can be said of an event by itself.
    @inline(__always)
    static func check(_ counts: TokenCounts, minute: Int64) throws(Rejection) {
        if !areCountable(counts) { throw rejection(of: counts) }
        guard minute >= 0, minute <= BatchBounds.maxMinute else {
            throw Rejection(.badTime, field: "time", detail: "the time must lie in the years 1970 to 9999")
        }
    }

    @inline(__always)
    private static func areCountable(_ counts: TokenCounts) -> Bool {
        // One less wraps zero requests round to the largest number.
        counts.requests &- 1 < Limits.maxRequestsPerEvent
            && counts.input <= Limits.maxTokensPerField && counts.output <= Limits.maxTokensPerField
            && counts.cachedInput <= counts.input && counts.reasoningOutput <= counts.output
    }

    @inline(never)
    private static func rejection(of counts: TokenCounts) -> Rejection {
        if counts.requests == 0 {
            return Rejection(.inconsistentCounts, field: "requests", detail: "an event stands for at least one call")
        }
        if counts.cachedInput > counts.input {
            return Rejection(.inconsistentCounts, field: "cached_input_tokens", detail: "more than input_tokens")
        }
        if counts.reasoningOutput > counts.output {
            return Rejection(.inconsistentCounts, field: "reasoning_output_tokens", detail: "more than output_tokens")
        }
        let (field, most) =
            if counts.requests > Limits.maxRequestsPerEvent {
                ("requests", Limits.maxRequestsPerEvent)
            } else if counts.input > Limits.maxTokensPerField {
                ("input_tokens", Limits.maxTokensPerField)
            } else {
                ("output_tokens", Limits.maxTokensPerField)
            }
        return Rejection(.countTooLarge, field: field, detail: "at most \(most) in one event")
    }
}
