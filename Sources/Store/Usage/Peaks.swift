internal import Postgres
package import UsageModel

/// What has a highest minute. Raw values are the names in queries.
package enum PeakSubject: String, Sendable, CaseIterable {
    case provider, tenant, model

    var granularity: MinuteGranularity {
        switch self {
        case .provider: .provider
        case .tenant: .tenant
        case .model: .model
        }
    }
}

/// A question about the minutes with the most tokens.
package struct PeakQuery: Sendable {
    /// The first second that counts, since 1970-01-01T00:00Z.
    package var from: Int64
    /// The first second that doesn't count any more.
    package var to: Int64
    package var subject: PeakSubject
    /// Only these providers; `nil` for all that may be seen.
    package var providers: [String]?
    /// Only these tenants or models, as ``subject`` says; `nil` for all of them. Providers have no names beside their own.
    package var names: [String]?
    /// The most peaks that are given, one for each subject, from the highest on.
    package var count: Int
    package var visibility: Visibility

    package init(
        from: Int64, to: Int64, subject: PeakSubject, providers: [String]? = nil, names: [String]? = nil, count: Int,
        visibility: Visibility
    ) {
        self.from = from
        self.to = to
        self.subject = subject
        self.providers = providers
        self.names = names
        self.count = count
        self.visibility = visibility
    }
}

/// The highest minutes, from one snapshot of the database.
package struct PeakAnswer: Sendable, Equatable {
    package struct Row: Sendable, Equatable {
        package var provider: String
        /// The tenant or model at the provider; `nil` where the provider itself was asked for.
        package var name: String?
        /// The first second of the minute, since 1970-01-01T00:00Z: the earliest one of equally high minutes.
        package var start: Int64
        /// What was used in the minute.
        package var counts: WideTokenCounts
    }

    package var position: UInt64
    /// By falling tokens of the minute, then by minute and names.
    package var rows: [Row]
}

extension Store {
    /// For each provider, tenant or model its minute with the most tokens (input plus output), from the highest on.
    ///
    /// - Throws: ``StoreError`` with `.notKept` where minutes of the time aren't kept any more.
    /// - Complexity: reads every minute sum of the subject's granularity in the time once.
    package func peaks(_ query: PeakQuery) async throws -> PeakAnswer {
        try await pool.withTransaction(.snapshot) { try StoreSession($0).peaks(query) }
    }
}
