package import UsageModel

extension MinuteBuckets {
    /// Adds rows that were summed elsewhere (a request's, a write-ahead record's): all of them or none.
    ///
    /// An empty table with the default `maxRows` takes any rows that one such table gave.
    /// - Parameter eventCount: the events that the rows sum up.
    /// - Returns: ``Outcome/full``, with nothing counted, where the rows might not fit, or where they aren't rows that
    ///   a table or a decoder gave.
    @discardableResult
    package mutating func merge(_ other: UsageRows, eventCount added: UInt64) -> Outcome {
        guard mayFit(other, eventCount: added), Self.areSound(other, eventCount: added),
            let tenantIDs = try? Self.intern(other.tenants, into: &tenants),
            let modelIDs = try? Self.intern(other.models, into: &models),
            let regionIDs = try? Self.intern(other.regions, into: &regions)
        else { return .full }
        for row in other.rows {
            let key = RowKey(
                of: row, tenant: tenantIDs[Int(row.tenant)], model: modelIDs[Int(row.model)],
                region: regionIDs[Int(row.region)])
            // There is room, and no sum of so few events can wrap.
            let outcome = add(row.counts, to: key, minute: UInt32(clamping: row.minute))
            precondition(outcome == true, "a row that was sure to fit did not: \(table.count) of \(maxRows) rows")
        }
        eventCount += added
        return .added
    }

    /// Whether the rows certainly fit, counting every name and row as new.
    package func mayFit(_ other: UsageRows, eventCount added: UInt64) -> Bool {
        let (events, overflow) = eventCount.addingReportingOverflow(added)
        return !overflow && events <= BatchBounds.maxEvents
            && table.count + other.rows.count <= maxRows
            && tenants.count + other.tenants.count <= tenants.maxNames
            && models.count + other.models.count <= models.maxNames
            && regions.count + other.regions.count <= regions.maxNames
            && hasBytes(for: other)
    }

    private func hasBytes(for other: UsageRows) -> Bool {
        let names = [other.tenants, other.models, other.regions].joined()
        let bytes = estimatedBytes + other.rows.count * BatchBounds.maxColumnBytesPerRow
        func sum(_ nameBytes: (String) -> Int) -> Int {
            names.reduce(bytes) { $0 + nameBytes($1) + BatchBounds.maxColumnBytesPerName }
        }
        // Composing every name takes far longer than to say that there is room however it comes out.
        return sum { $0.utf8.count * NameRule.maxKeptGrowth } <= BatchBounds.maxEncodedBytes
            || sum { max($0.utf8.count, NameRule.kept($0).utf8.count) } <= BatchBounds.maxEncodedBytes
    }

    /// Whether indices, minutes and counts are within what so many events can give.
    private static func areSound(_ other: UsageRows, eventCount added: UInt64) -> Bool {
        let maxTokens = Limits.maxTokensPerField * added
        let maxRequests = Limits.maxRequestsPerEvent * added
        return other.rows.allSatisfy { row in
            Int(row.tenant) < other.tenants.count && Int(row.model) < other.models.count
                && Int(row.region) < other.regions.count && row.minute >= 0 && row.minute <= BatchBounds.maxMinute
                && row.counts.requests <= maxRequests && row.counts.input <= maxTokens
                && row.counts.output <= maxTokens && row.counts.cachedInput <= row.counts.input
                && row.counts.reasoningOutput <= row.counts.output
        }
    }

    private static func intern(_ names: [String], into table: inout NameTable) throws(Rejection) -> [UInt32] {
        var identifiers: [UInt32] = []
        identifiers.reserveCapacity(names.count)
        for name in names {
            let range = FieldRange(start: 0, count: UInt32(clamping: name.utf8.count))
            identifiers.append(unsafe try table.intern(name.utf8.span.bytes, range))
        }
        return identifiers
    }
}
