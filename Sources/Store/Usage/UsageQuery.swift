internal import Postgres
package import UsageModel

/// Whose usage a caller may see.
package enum Visibility: Sendable, Hashable {
    case everything
    case provider(String)

    /// What `steelyard.provider` is set to for the transaction.
    var setting: String {
        switch self {
        case .everything: "*"
        case .provider(let name): name
        }
    }
}

/// What sums can be grouped by. Raw values are the names in queries and exports.
package enum UsageDimension: String, Sendable, CaseIterable {
    case provider, tenant, model, region, layer, workload, modality, kind
}

/// The span of time that one row of an answer covers.
package enum UsageBucket: String, Sendable, CaseIterable {
    case none, minute, hour, day, month
}

/// Restrictions; `nil` means any, a list means one of these. Unknown names match nothing.
package struct UsageFilters: Sendable, Hashable {
    package var providers: [String]?
    package var tenants: [String]?
    package var models: [String]?
    package var regions: [String]?
    package var layers: [Layer]?
    package var workloads: [Workload]?
    package var modalities: [Modality]?
    package var kinds: [TenantKind]?

    package init(
        providers: [String]? = nil, tenants: [String]? = nil, models: [String]? = nil, regions: [String]? = nil,
        layers: [Layer]? = nil, workloads: [Workload]? = nil, modalities: [Modality]? = nil,
        kinds: [TenantKind]? = nil
    ) {
        self.providers = providers
        self.tenants = tenants
        self.models = models
        self.regions = regions
        self.layers = layers
        self.workloads = workloads
        self.modalities = modalities
        self.kinds = kinds
    }
}

/// A question about usage.
package struct UsageQuery: Sendable {
    /// The first second that counts, since 1970-01-01T00:00Z.
    package var from: Int64
    /// The first second that doesn't count any more.
    package var to: Int64
    /// The zone whose days and months are the buckets.
    package var zone: ZoneRules
    package var bucket: UsageBucket
    package var groupBy: [UsageDimension]
    package var filters: UsageFilters
    package var visibility: Visibility
    /// The registry as it was known at a moment; `nil` for now.
    package var knownAt: Timestamp?
    /// The most rows that are returned; more is an error, never a cut answer.
    package var maxRows: Int

    /// The most rows of an answer unless a query says otherwise.
    package static let defaultMaxRows = 1_000_000

    package init(
        from: Int64, to: Int64, zone: ZoneRules, bucket: UsageBucket = .none, groupBy: [UsageDimension] = [],
        filters: UsageFilters = UsageFilters(), visibility: Visibility, knownAt: Timestamp? = nil,
        maxRows: Int = UsageQuery.defaultMaxRows
    ) {
        self.from = from
        self.to = to
        self.zone = zone
        self.bucket = bucket
        self.groupBy = groupBy
        self.filters = filters
        self.visibility = visibility
        self.knownAt = knownAt
        self.maxRows = maxRows
    }
}

/// The sums that answer a question, from one snapshot of the database.
package struct UsageAnswer: Sendable, Equatable {
    package struct Row: Sendable, Equatable {
        /// The first second of the bucket since 1970-01-01T00:00Z; `nil` where the bucket is `none`.
        package var start: Int64?
        /// One name for each dimension of ``UsageQuery/groupBy``, in that order.
        package var keys: [String]
        package var counts: WideTokenCounts

        package init(start: Int64?, keys: [String], counts: WideTokenCounts) {
            self.start = start
            self.keys = keys
            self.counts = counts
        }
    }

    /// Every batch up to this ledger position is counted, and none after it.
    package var position: UInt64
    /// The moment as of which tenants were classified; `nil` where the answer doesn't depend on it.
    package var knownAt: Timestamp?
    /// Which sums the answer was made from: `minute`, `hour`, `day` or `month`.
    package var source: UsageBucket
    /// Ordered by bucket, then by the keys' bytes.
    package var rows: [Row]

    package init(position: UInt64, knownAt: Timestamp?, source: UsageBucket, rows: [Row]) {
        self.position = position
        self.knownAt = knownAt
        self.source = source
        self.rows = rows
    }
}

extension Store {
    /// Answers a question about usage in one read-only snapshot, restricted to what the caller may see.
    ///
    /// - Throws: ``StoreError`` with `.notKept` where the sums that the question needs are not kept (sub-hour zones or
    ///   minutes across dimensions, or before what retention left), with the reason.
    package func usage(_ query: UsageQuery) async throws -> UsageAnswer {
        let calendar = calendar
        return try await pool.withTransaction(.snapshot) { connection in
            try StoreSession(connection).usage(query, calendar: calendar)
        }
    }
}
