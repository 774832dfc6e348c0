internal import BatchFormat
internal import Postgres
package import Reporting
package import UsageModel

/// What has a highest minute. Raw values are the names in queries.
package enum PeakSubject: String, Sendable, CaseIterable {
    case provider, tenant, model

    var granularity: SegmentGranularity {
        switch self {
        case .provider: .minuteByProvider
        case .tenant: .minuteByTenant
        case .model: .minuteByModel
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
    /// Only these tenants or models, as ``subject`` says; `nil` for all of them. Providers have no names beside their
    /// own.
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
        package var counts: SignedTokenCounts
        /// What is known of its tokens to be under names beyond a day's budget: of providers the larger of what tenants
        /// and models over limit used, of tenants and models their own.
        package var overLimitTokens: Int128 = 0
        /// Of its tokens, input and output together, those that are somebody's estimate.
        package var estimatedTokens: Int128 = 0
    }

    package var position: UInt64
    /// By falling tokens of the minute, then by minute and names.
    package var rows: [Row]
}

extension StoreSession {
    /// For each provider, tenant or model its minute with the most tokens (input plus output), from the highest on.
    /// Must run in a snapshot.
    ///
    /// - Throws: ``QuestionError`` with `.notKept` where minutes of the time aren't kept any more.
    /// - Complexity: decodes the minutes of the subject's granularity in the time once, and keeps one of each subject.
    package func peaks(_ query: PeakQuery) throws -> PeakAnswer {
        guard query.from < query.to else { throw QuestionError.emptyRange }
        let position = try position()
        try UsageBucket.minute.requireKept(from: query.from, keptFrom: try keptFrom(.minute))
        var search = PeakSearch(query.subject, in: query.from..<query.to)
        if query.subject == .model, let names = query.names {
            search.models = Set(
                try connection.query("SELECT model_id FROM model WHERE name = ANY($1)", [.textArray(names)])
                    .map { try $0.decode(0) })
        }
        try search.run(try peakReading(query), detail)
        let overLimit = try overLimitIDs()
        return PeakAnswer(
            position: position,
            rows: try named(search.highest(query.count), query).map { name, peak in
                try row(of: peak, name, query, overLimit)
            })
    }

    private func peakReading(_ query: PeakQuery) throws -> DetailReading {
        let subjects = try subjects(
            providers: query.providers, tenants: query.subject == .tenant ? query.names : nil,
            visibility: query.visibility)
        return DetailReading(
            seconds: query.from..<query.to, granularity: query.subject.granularity, providers: subjects.providers,
            tenants: subjects.tenants, parts: [.tenant, .model, .minute, .estimated], moment: { $0 })
    }

    private typealias Name = (provider: String, own: String?)

    /// The highest of some peaks in their order, which names decide where minutes are equally high.
    private func named(_ peaks: [Peak], _ query: PeakQuery) throws -> [(Name, Peak)] {
        let name =
            switch query.subject {
            case .provider: "NULL::text"
            case .tenant: "(SELECT name FROM tenant WHERE tenant_id = b.subject_id)"
            case .model: "(SELECT name FROM model WHERE model_id = b.subject_id)"
            }
        return try connection.query(
            """
            SELECT p.name, \(name), b.n
              FROM unnest($1::int2[], $2::int8[], $3::numeric[], $4::int8[])
                   WITH ORDINALITY AS b (provider_id, subject_id, tokens, minute, n)
              JOIN provider p USING (provider_id) ORDER BY b.tokens DESC, b.minute, 1, 2 LIMIT $5
            """,
            [
                .int16Array(peaks.map(\.subject.provider)), .int64Array(peaks.map(\.subject.id)),
                .numericArray(peaks.map(\.tokens)), .int64Array(peaks.map(\.minute)), .int(query.count),
            ]
        ).map { row in
            ((provider: try row.decode(0), own: try row.decode(1)), peaks[try row.decode(2, as: Int.self) - 1])
        }
    }

    private func row(
        of peak: Peak, _ name: Name, _ query: PeakQuery, _ overLimit: OverLimitIDs
    ) throws -> PeakAnswer.Row {
        PeakAnswer.Row(
            provider: name.provider, name: name.own, start: peak.minute * 60,
            counts: peak.counts, overLimitTokens: try overLimitTokens(of: peak, query.subject, overLimit),
            estimatedTokens: peak.estimatedTokens)
    }

    /// Tokens of a minute that are known to be over limit.
    private func overLimitTokens(
        of peak: Peak, _ subject: PeakSubject, _ overLimit: OverLimitIDs
    ) throws -> Int128 {
        switch subject {
        case .tenant: return overLimit.tenants.contains(peak.subject.id) ? peak.tokens : 0
        case .model: return overLimit.models.contains(peak.subject.id) ? peak.tokens : 0
        case .provider:
            let own = try [(SegmentGranularity.minuteByTenant, overLimit.tenants), (.minuteByModel, overLimit.models)]
                .flatMap { granularity, ids in
                    ids.isEmpty ? [] : try tokens(in: peak.minute, of: peak.subject.provider, granularity, ids)
                }
            return own.max() ?? 0
        }
    }

    /// The tokens of some tenants or models of a provider in a minute.
    private func tokens(
        in minute: Int64, of provider: Int16, _ granularity: SegmentGranularity, _ ids: [Int64]
    ) throws -> [Int128] {
        let isByTenant = granularity == .minuteByTenant
        let sums = try detail.sums(
            of: DetailReading(
                seconds: minute * 60..<(minute + 1) * 60, granularity: granularity, providers: [provider],
                tenants: isByTenant ? ids : nil, parts: isByTenant ? .tenant : .model, moment: { _ in minute * 60 }))
        var found: [Int128] = []
        sums.forEach { _, row in
            if isByTenant || ids.contains(Int64(row.key.model)) { found.append(row.counts.input + row.counts.output) }
        }
        return found
    }
}
