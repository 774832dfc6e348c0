package import UsageModel

extension MinuteBuckets {
    /// The sums in canonical form. The table stays as it is.
    ///
    /// - Complexity: O(*n*) in rows, O(*n* log *n*) in names.
    package func rows() -> UsageRows {
        var used = UsedNames(self)
        for row in table { used.fingerprint(row.key) }
        let tenantIDs = tenants.sortedIdentifiers { used.tenants[$0] }
        let modelIDs = models.sortedIdentifiers { used.models[$0] }
        let regionIDs = regions.sortedIdentifiers { used.regions[$0] }
        return UsageRows(
            tenants: tenantIDs.map(tenants.name), models: modelIDs.map(models.name),
            regions: regionIDs.map(regions.name),
            rows: sortedRows(
                tenantRanks: Self.ranks(tenantIDs, of: tenants.count),
                modelRanks: Self.ranks(modelIDs, of: models.count),
                regionRanks: Self.ranks(regionIDs, of: regions.count)))
    }

    /// Which names rows point to. Names of refused events are in the tables too.
    private struct UsedNames {
        var tenants: [Bool]
        var models: [Bool]
        var regions: [Bool]

        init(_ sums: MinuteBuckets) {
            tenants = Array(repeating: false, count: sums.tenants.count)
            models = Array(repeating: false, count: sums.models.count)
            regions = Array(repeating: false, count: sums.regions.count)
        }

        mutating func fingerprint(_ key: RowKey) {
            tenants[Int(key.tenant)] = true
            models[Int(key.model)] = true
            regions[Int(key.region)] = true
        }
    }

    private func sortedRows(tenantRanks: [UInt32], modelRanks: [UInt32], regionRanks: [UInt32]) -> [UsageRow] {
        var entries: [CanonicalOrder.Entry] = []
        entries.reserveCapacity(table.count)
        for row in table {
            let key = row.key.named(
                tenant: tenantRanks[Int(row.key.tenant)], model: modelRanks[Int(row.key.model)],
                region: regionRanks[Int(row.key.region)])
            entries.append(CanonicalOrder.Entry(key: key, minute: row.minute))
        }
        let order = CanonicalOrder.indices(entries)
        var rows: [UsageRow] = []
        rows.reserveCapacity(order.count)
        for (place, index) in order.enumerated() {
            // Which comes next can't be foreseen from where the one before stood.
            if place + Self.rowsAhead < order.count {
                let ahead = Int(order[place + Self.rowsAhead])
                table.prefetch(ahead)
                entries.prefetch(ahead)
            }
            let (key, minute) = (entries[Int(index)].key, entries[Int(index)].minute)
            rows.append(
                UsageRow(
                    minute: Int64(minute), tenant: key.tenant, model: key.model, region: key.region,
                    layer: key.layer, workload: key.workload, modality: key.modality, flags: key.flags,
                    counts: table[Int(index)].counts))
        }
        return rows
    }

    /// How many rows before its turn one is brought near.
    private static let rowsAhead = 8

    private static func ranks(_ identifiers: [UInt32], of count: Int) -> [UInt32] {
        var ranks = [UInt32](repeating: 0, count: count)
        for (rank, identifier) in identifiers.enumerated() { ranks[Int(identifier)] = UInt32(rank) }
        return ranks
    }
}
