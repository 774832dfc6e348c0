internal import Postgres
internal import UsageModel

extension StoreSession {
    /// See ``Store/coverage(_:)``. Must run in a snapshot transaction.
    func coverage(_ query: CoverageQuery, calendar: ZoneRules) throws -> CoverageAnswer {
        guard query.from < query.to else {
            throw StoreError(.badQuery, "The range is empty: its end must come after its start.")
        }
        let position = try position()
        // The ledger first: the role that questions run as sees nothing of it, and the rest of the transaction is its.
        let collectors = try collectorCoverage(query)
        try restrict(to: query.visibility)
        let source = try finestSource(of: query)
        let providers = try providerCoverage(query, source, calendar: calendar, known: collectors.map(\.provider))
        return CoverageAnswer(position: position, source: source, collectors: collectors, providers: providers)
    }

    // MARK: Collectors, from the ledger

    private func collectorCoverage(_ query: CoverageQuery) throws -> [CollectorCoverage] {
        let bounds = CoverageSQL.bounds(query)
        var found: [Int64: CollectorCoverage] = [:]
        for row in try connection.query(CoverageSQL.batches, bounds) {
            found[try row.decode(0)] = CollectorCoverage(
                provider: try row.decode(1), collector: try row.decode(2), lastSeen: try row.decode(3),
                batches: try row.decode(4), firstBatchAt: try row.decode(5), lastBatchAt: try row.decode(6),
                events: try row.decode(7), pendingBatches: try row.decode(8))
        }
        for row in try connection.query(CoverageSQL.rejections, bounds) {
            found[try row.decode(0)]?.rejections[try row.decode(1)] = try row.decode(2)
        }
        for row in try connection.query(CoverageSQL.quarantined, Array(bounds.prefix(3))) {
            found[try row.decode(0)]?.quarantined[try row.decode(1)] = try row.decode(2)
        }
        for row in try connection.query(CoverageSQL.batchSpans, bounds + [.int(query.silenceMinutes)]) {
            let (low, high): (Int64, Int64) = (try row.decode(1), try row.decode(2))
            found[try row.decode(0)]?.reported.append(low..<high)
        }
        return found.values.sorted { ($0.provider, $0.collector) < ($1.provider, $1.collector) }
    }

    // MARK: Providers, from the sums

    /// The finest sums that retention has kept of the whole time. Days are kept for ever.
    private func finestSource(of query: CoverageQuery) throws -> UsageBucket {
        for source in [UsageBucket.minute, .hour] {
            do {
                try checkFloor(of: source, from: query.from * 60)
                return source
            } catch let error as StoreError where error.code == .notKept {
                continue
            }
        }
        return .day
    }

    private func providerCoverage(
        _ query: CoverageQuery, _ source: UsageBucket, calendar: ZoneRules, known: [String]
    ) throws -> [ProviderCoverage] {
        var found: [String: ProviderCoverage] = [:]
        for provider in known {
            found[provider] = ProviderCoverage(provider: provider, minutes: nil, hours: nil, days: 0)
        }
        let parameters = CoverageSQL.parameters(query, source, calendar: calendar)
        for row in try connection.query(CoverageSQL.counts(source), Array(parameters.prefix(4))) {
            let provider: String = try row.decode(0)
            found[provider] = ProviderCoverage(
                provider: provider, minutes: try row.decode(1), hours: try row.decode(2), days: try row.decode(3))
        }
        for (provider, coverage) in found where coverage.days == 0 {
            found[provider]?.minutes = source == .minute ? 0 : nil
            found[provider]?.hours = source == .day ? nil : 0
        }
        for row in try connection.query(CoverageSQL.usageSpans(source), parameters) {
            let (low, high): (Int64, Int64) = (try row.decode(1), try row.decode(2))
            found[try row.decode(0)]?.reported.append(low..<high)
        }
        return found.values.sorted { $0.provider < $1.provider }
    }
}
