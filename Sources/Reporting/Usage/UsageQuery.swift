package import UsageModel

/// Whose usage a caller may see.
package enum Visibility: Sendable, Hashable {
    case everything
    case provider(String)

    /// What `steelyard.provider` is set to for the transaction.
    package var setting: String {
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

    /// Checks that sums of this bucket are kept as far back as a question goes: what retention has dropped is not
    /// silently missing from an answer.
    ///
    /// - Parameters:
    ///   - from: the first second that the question counts, since 1970-01-01T00:00Z.
    ///   - keptFrom: from when on the sums are kept; `nil` for ever.
    package func requireKept(from: Int64, keptFrom: Timestamp?) throws(QuestionError) {
        guard let keptFrom, keptFrom > Timestamp(seconds: from) else { return }
        let day = CalendarDate(days: keptFrom.seconds.flooredDivision(by: CivilTime.secondsPerDay))
        throw QuestionError(
            .notKept,
            "The question needs \(rawValue) sums, which are kept from \(day) (UTC) on. Start there, or "
                + "ask for whole days or months of the reporting calendar.")
    }
}

extension UsageBucket {
    /// The finest sums that are kept of everything since a moment. Days are kept for ever.
    ///
    /// - Parameters:
    ///   - second: since 1970-01-01T00:00Z.
    ///   - minutesFrom: from when on minute sums are kept; `nil` for ever.
    ///   - hoursFrom: the same of hour sums.
    package static func finest(keptSince second: Int64, minutesFrom: Timestamp?, hoursFrom: Timestamp?) -> UsageBucket {
        func isKept(_ from: Timestamp?) -> Bool { from.map { $0 <= Timestamp(seconds: second) } ?? true }
        return isKept(minutesFrom) ? .minute : isKept(hoursFrom) ? .hour : .day
    }
}

/// What minute sums are kept by. Raw values are database codes.
package enum MinuteGranularity: Int16, Sendable, CaseIterable {
    case provider = 1
    case model = 2
    case tenant = 3
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
    /// Only so many rows, those with the most tokens, from the highest on; `nil` for all. Not with a bucket.
    package var top: Int?
    /// The most rows that are returned; more is an error, never a cut answer.
    package var maxRows: Int

    /// The most rows of an answer unless a query says otherwise.
    package static let defaultMaxRows = 1_000_000

    package init(
        from: Int64, to: Int64, zone: ZoneRules, bucket: UsageBucket = .none, groupBy: [UsageDimension] = [],
        filters: UsageFilters = UsageFilters(), visibility: Visibility, knownAt: Timestamp? = nil, top: Int? = nil,
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
        self.top = top
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
        /// Negative where more was taken back than counted in the time.
        package var counts: SignedTokenCounts
        /// Of its tokens, input and output together, those counted under names beyond a day's budget of new ones. In
        /// sums by minute what is known of it: minutes are kept by tenant and by model, not by region.
        package var overLimitTokens: Int128
        /// Of its tokens those that are somebody's estimate.
        package var estimatedTokens: Int128

        package init(
            start: Int64?, keys: [String], counts: SignedTokenCounts, overLimitTokens: Int128 = 0,
            estimatedTokens: Int128 = 0
        ) {
            self.start = start
            self.keys = keys
            self.counts = counts
            self.overLimitTokens = overLimitTokens
            self.estimatedTokens = estimatedTokens
        }
    }

    /// Every batch up to this ledger position is counted, and none after it.
    package var position: UInt64
    /// The moment as of which tenants were classified; `nil` where the answer doesn't depend on it.
    package var knownAt: Timestamp?
    /// Which sums the answer was made from: `minute`, `hour`, `day` or `month`.
    package var source: UsageBucket
    /// Ordered by bucket, then by the keys' bytes; those of ``UsageQuery/top`` by falling tokens first.
    package var rows: [Row]

    package init(position: UInt64, knownAt: Timestamp?, source: UsageBucket, rows: [Row]) {
        self.position = position
        self.knownAt = knownAt
        self.source = source
        self.rows = rows
    }
}
