package import UsageModel

extension MinuteBuckets {
    /// The sums in canonical form. The table stays as it is.
    ///
    /// - Complexity: O(*n* log *n*) in rows and names.
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
        var order: [(key: RowKey, minuteAndIndex: UInt64)] = []
        order.reserveCapacity(table.count)
        for (index, row) in table.enumerated() {
            let key = RowKey(
                tenant: tenantRanks[Int(row.key.tenant)], model: modelRanks[Int(row.key.model)],
                region: regionRanks[Int(row.key.region)], layer: row.key.layer, workload: row.key.workload,
                modality: row.key.modality)
            order.append((key, UInt64(row.minute) << 32 | UInt64(index)))
        }
        order.sort { $0.key == $1.key ? $0.minuteAndIndex < $1.minuteAndIndex : $0.key < $1.key }
        return order.map { key, minuteAndIndex in
            UsageRow(
                minute: Int64(minuteAndIndex >> 32), tenant: key.tenant, model: key.model, region: key.region,
                layer: key.layer, workload: key.workload, modality: key.modality,
                counts: table[Int(minuteAndIndex & 0xFFFF_FFFF)].counts)
        }
    }

    private static func ranks(_ identifiers: [UInt32], of count: Int) -> [UInt32] {
        var ranks = [UInt32](repeating: 0, count: count)
        for (rank, identifier) in identifiers.enumerated() { ranks[Int(identifier)] = UInt32(rank) }
        return ranks
    }
}
