internal import Postgres
package import Reporting
package import UsageModel

/// A question about what was reported over a time.
package struct CoverageQuery: Sendable {
    /// The first minute that counts, since 1970-01-01T00:00Z.
    package var from: Int64
    /// The first minute that doesn't count any more.
    package var to: Int64
    /// Only this provider; `nil` for all that may be seen.
    package var provider: String?
    /// Reports that are so many minutes apart still belong to one span.
    package var silenceMinutes: Int64
    package var visibility: Visibility

    /// How long before a time a batch may have been received that holds usage of it, in days: events lie ahead of their
    /// collector's clock by minutes. It keeps the question off the older partitions of the ledger.
    package static let maxLeadDays: Int64 = 1

    package init(from: Int64, to: Int64, provider: String? = nil, silenceMinutes: Int64, visibility: Visibility) {
        self.from = from
        self.to = to
        self.provider = provider
        self.silenceMinutes = silenceMinutes
        self.visibility = visibility
    }

    /// Whose rows are asked for; `*` for everybody's.
    var shown: String { provider ?? visibility.setting }
}

/// What one collector reported of a time. A batch is of the time where the minutes of its usage overlap it, and one
/// without usage where it was received in it; it counts whole.
package struct CollectorCoverage: Sendable, Equatable {
    package var provider: String
    package var collector: String
    /// The last time it said anything, at any time.
    package var lastSeen: Timestamp
    package var batches: Int
    /// When the first and the last of the batches were received.
    package var firstBatchAt: Timestamp?
    package var lastBatchAt: Timestamp?
    /// Events that the batches hold.
    package var events: UInt128
    /// Records that were refused at intake, by reason, as the batches say.
    package var rejections: [String: UInt128] = [:]
    /// Batches that were received in the time and quarantined, by reason.
    package var quarantined: [String: Int] = [:]
    /// Batches of the time that aren't rolled up yet.
    package var pendingBatches: Int
    /// From the first to the last minute of usage of batches that lie close together, in minutes, in order.
    package var reported: [Range<Int64>] = []
}

/// What all collectors of a provider reported of a time, as the sums have it.
package struct ProviderCoverage: Sendable, Equatable {
    package var provider: String
    /// Minutes with usage; `nil` where sums by minute aren't kept any more.
    package var minutes: Int?
    /// Hours (of UTC) with usage; `nil` where sums by hour aren't kept any more.
    package var hours: Int?
    /// Days of the reporting calendar with usage.
    package var days: Int
    /// Spans with usage, in minutes, in order.
    package var reported: [Range<Int64>] = []
}

package struct CoverageAnswer: Sendable, Equatable {
    package var position: UInt64
    /// The finest sums that are kept of the whole time, which the providers' spans come from: `minute`, `hour` or
    /// `day`.
    package var source: UsageBucket
    /// By provider and name: all that may be seen, whether they reported or not.
    package var collectors: [CollectorCoverage]
    /// By name: every provider that has a collector or usage of the time.
    package var providers: [ProviderCoverage]
}

extension StoreSession {
    /// What was reported of a time, by whom, and what was quarantined. Must run in a snapshot.
    ///
    /// - Throws: ``QuestionError`` with `.badQuery` for an empty time.
    package func coverage(_ query: CoverageQuery) throws -> CoverageAnswer {
        guard query.from < query.to else { throw QuestionError.emptyRange }
        let position = try position()
        let collectors = try collectorCoverage(query)
        let source = UsageBucket.finest(
            keptSince: query.from * 60, minutesFrom: try keptFrom(.minute), hoursFrom: try keptFrom(.hour))
        let providers = try providerCoverage(query, source, known: collectors.map(\.provider))
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

    private func providerCoverage(
        _ query: CoverageQuery, _ source: UsageBucket, known: [String]
    ) throws -> [ProviderCoverage] {
        var used = try usedSpans(query, source)
        for provider in known where used[provider] == nil { used[provider] = [] }
        return used.sorted { $0.key < $1.key }.map { provider, spans in
            ProviderCoverage(
                provider: provider, minutes: source == .minute ? spans.count : nil,
                hours: source == .day ? nil : Set(spans.map { $0.lowerBound.flooredDivision(by: 60) }).count,
                days: Set(spans.map { calendar.date(atSecond: $0.lowerBound * 60) }).count,
                reported: Self.joined(spans, within: query.silenceMinutes))
        }
    }

    /// Each minute, hour or day with usage once, by provider, in minutes and in order.
    private func usedSpans(_ query: CoverageQuery, _ source: UsageBucket) throws -> [String: [Range<Int64>]] {
        let subjects = try subjects(
            providers: query.provider.map { [$0] }, visibility: query.visibility)
        let seconds = query.from * 60..<query.to * 60
        let used: [UsedTime]
        switch source {
        case .minute: used = try usedMinutes(in: seconds, subjects)
        case .hour: used = try usedHours(in: seconds, subjects)
        case .day, .month, .none:
            let last = calendar.date(atSecond: seconds.upperBound - 1)
            used = try usedDays(
                in: calendar.date(atSecond: seconds.lowerBound)..<CalendarDate(days: last.days + 1), subjects)
        }
        let names = try connection.query("SELECT provider_id, name FROM provider").reduce(into: [Int16: String]()) {
            $0[try $1.decode(0)] = try $1.decode(1)
        }
        return Dictionary(grouping: used) { names[$0.provider] ?? "" }.mapValues { used in
            used.map { $0.seconds.lowerBound / 60..<$0.seconds.upperBound / 60 }.sorted {
                $0.lowerBound < $1.lowerBound
            }
        }
    }

    /// Spans in order, those made one that lie close together.
    private static func joined(_ spans: [Range<Int64>], within minutes: Int64) -> [Range<Int64>] {
        var joined: [Range<Int64>] = []
        for span in spans {
            if let last = joined.last, span.lowerBound - last.upperBound <= minutes {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, span.upperBound)
            } else {
                joined.append(span)
            }
        }
        return joined
    }
}
