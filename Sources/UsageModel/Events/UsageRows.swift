/// One summed row: everything that one minute and one key used. Names are indices into the dictionaries of the
/// ``UsageRows`` that hold the row.
package struct UsageRow: Sendable, Hashable {
    /// Minutes since 1970-01-01T00:00Z.
    package var minute: Int64
    package var tenant: UInt32
    package var model: UInt32
    package var region: UInt32
    package var layer: Layer
    package var workload: Workload
    package var modality: Modality
    package var counts: TokenCounts

    @inlinable
    package init(
        minute: Int64, tenant: UInt32, model: UInt32, region: UInt32, layer: Layer, workload: Workload,
        modality: Modality, counts: TokenCounts
    ) {
        self.minute = minute
        self.tenant = tenant
        self.model = model
        self.region = region
        self.layer = layer
        self.workload = workload
        self.modality = modality
        self.counts = counts
    }
}

/// The sums of a batch in memory: dictionaries of names and rows that point into them.
///
/// In canonical form the dictionaries are sorted by bytes without repeats, every name is used, and the rows are sorted
/// by (tenant, model, region, layer, workload, modality, minute) without a repeated key.
package struct UsageRows: Sendable, Equatable {
    package var tenants: [String]
    package var models: [String]
    package var regions: [String]
    package var rows: [UsageRow]

    package init(tenants: [String] = [], models: [String] = [], regions: [String] = [], rows: [UsageRow] = []) {
        self.tenants = tenants
        self.models = models
        self.regions = regions
        self.rows = rows
    }

    /// The sum over all rows.
    package var totals: WideTokenCounts {
        var sum = WideTokenCounts()
        for row in rows { sum += WideTokenCounts(row.counts) }
        return sum
    }

    /// First and last minute, since 1970-01-01T00:00Z; `nil` without rows.
    package var minutes: ClosedRange<Int64>? {
        guard var least = rows.first?.minute else { return nil }
        var most = least
        for row in rows {
            least = min(least, row.minute)
            most = max(most, row.minute)
        }
        return least...most
    }
}
