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
    package var flags: UsageFlags
    /// Never negative, also where they are taken back; ``signedCounts`` has their sign.
    package var counts: TokenCounts

    @inlinable
    package init(
        minute: Int64, tenant: UInt32, model: UInt32, region: UInt32, layer: Layer, workload: Workload,
        modality: Modality, flags: UsageFlags = [], counts: TokenCounts
    ) {
        self.minute = minute
        self.tenant = tenant
        self.model = model
        self.region = region
        self.layer = layer
        self.workload = workload
        self.modality = modality
        self.flags = flags
        self.counts = counts
    }

    /// Whether the counts are somebody's estimate.
    @inlinable package var isEstimated: Bool { flags.contains(.estimated) }
    /// Whether the counts are subtracted.
    @inlinable package var isTakenBack: Bool { flags.contains(.takenBack) }

    /// What the row adds to sums.
    @inlinable package var signedCounts: SignedTokenCounts {
        let counts = SignedTokenCounts(counts)
        return isTakenBack ? -counts : counts
    }
}

/// The sums of a batch in memory: dictionaries of names and rows that point into them.
///
/// In canonical form the dictionaries are sorted by bytes without repeats, every name is used, and the rows are sorted
/// by (tenant, model, region, layer, workload, modality, flags, minute) without a repeated key.
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

    /// The sum over all rows, taken back ones subtracted: it may be negative.
    package var totals: SignedTokenCounts { rows.reduce(into: SignedTokenCounts()) { $0 += $1.signedCounts } }

    /// The counts of all rows, added up whether they are counted or taken back: what limits are held against.
    package var grossTotals: WideTokenCounts {
        rows.reduce(into: WideTokenCounts()) { $0 += WideTokenCounts($1.counts) }
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
