internal import APIModel
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension UsageResponse {
    init(_ question: UsageQuestion, _ answer: UsageAnswer) {
        self.init()
        let query = question.query
        period = TimeSpan(question.name, from: query.from, to: query.to, in: query.zone)
        bucket = query.bucket == .none ? nil : query.bucket.rawValue
        let dimensions = query.groupBy.map(\.rawValue)
        groupBy = dimensions
        asKnownAt = answer.knownAt.map { Moment($0) }
        position = Int(clamping: answer.position)
        rows = answer.rows.map { row in
            UsageRow {
                if let start = row.start {
                    $0.names.append(NamedText(Dimension.bucket, query.bucket.label(start, in: query.zone)))
                }
                for (dimension, key) in zip(dimensions, row.keys) { $0.names.append(NamedText(dimension, key)) }
                $0.counts = UsageCounts(row.counts, overLimitTokens: row.overLimitTokens)
            }
        }
    }
}

extension UsageCounts {
    /// - Parameter overLimitTokens: what of the tokens is counted under names beyond a budget.
    init(_ counts: WideTokenCounts, overLimitTokens: UInt128) {
        self.init()
        self.overLimitTokens = Count(overLimitTokens)
        requests = Count(counts.requests)
        inputTokens = Count(counts.input)
        cachedInputTokens = Count(counts.cachedInput)
        outputTokens = Count(counts.output)
        reasoningOutputTokens = Count(counts.reasoningOutput)
        totalTokens = Count(counts.total)
    }
}

extension UsageBucket {
    /// A bucket's name: `2025-06`, `2025-06-01`, or its first second with the zone's offset.
    func label(_ start: Int64, in zone: ZoneRules) -> String {
        switch self {
        case .month: String("\(zone.date(atSecond: start))".prefix(7))
        case .day: "\(zone.date(atSecond: start))"
        case .hour, .minute, .none: RFC3339.text(second: start, in: zone)
        }
    }
}
