internal import APIModel
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension UsageResponse {
    /// The answer without its rows.
    init(_ question: UsageQuestion, _ answer: UsageAnswer) {
        self.init()
        let query = question.query
        period = TimeSpan(question.name, from: query.from, to: query.to, in: query.zone)
        bucket = query.bucket == .none ? nil : query.bucket.rawValue
        groupBy = query.groupBy.map(\.rawValue)
        asKnownAt = answer.knownAt.map { Moment($0) }
        position = Int(clamping: answer.position)
    }
}

extension UsageResponse.Row {
    init(_ row: UsageAnswer.Row, of query: UsageQuery) {
        self.init()
        if let start = row.start {
            names.append(NamedText(Dimension.bucket, query.bucket.label(start, in: query.zone)))
        }
        for (dimension, key) in zip(query.groupBy, row.keys) { names.append(NamedText(dimension.rawValue, key)) }
        counts = UsageCounts(
            row.counts, overLimitTokens: row.overLimitTokens, estimatedTokens: row.estimatedTokens)
    }
}

extension UsageCounts {
    /// - Parameters:
    ///   - overLimitTokens: what of the tokens is counted under names beyond a budget.
    ///   - estimatedTokens: what of the tokens is somebody's estimate.
    init(_ counts: SignedTokenCounts, overLimitTokens: Int128, estimatedTokens: Int128) {
        self.init()
        self.overLimitTokens = Count(overLimitTokens)
        self.estimatedTokens = Count(estimatedTokens)
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
