internal import UsageModel

/// What a metric says about all of its points.
struct OTLPMetric {
    enum Temporality {
        case delta
        case cumulative
        /// Neither, which can't be counted.
        case unsaid
    }

    var metric: OTLPNames.Metric
    /// Of its name.
    var hash: UInt128
    var temporality = Temporality.unsaid
    /// Whether its values only grow. Histograms do.
    var isMonotonic = true
}

/// The points of one body that are counted, in groups: points of one moment whose attributes are the same but for the
/// kind of tokens tell of the same calls.
struct OTLPPoints: Sendable {
    enum Kind: Sendable {
        case input
        case output
        case cachedInput
        case reasoningOutput
        /// Calls and no tokens.
        case calls
    }

    struct Point: Sendable {
        var kind: Kind
        /// `nil` where it says none.
        var tokens: UInt64?
        var calls: UInt64?
        /// Of its series and start, and where it isn't cumulative of its time.
        var series: UInt128
        var isCumulative: Bool
        /// In nanoseconds since 1970.
        var start: UInt64
        var range: Range<Int>
    }

    struct Group: Sendable {
        var points: [Point]
        /// Names and time, from the first point.
        var values: RecordValues
        var range: Range<Int>
    }

    private var groups: [Group] = []
    private var indices: [UInt128: Int] = [:]

    mutating func removeAll() {
        groups = []
        indices = [:]
    }

    mutating func takeGroups() -> [Group] {
        defer { removeAll() }
        return groups
    }

    /// Adds a point.
    ///
    /// - Returns: `false` for one that says nothing that is counted, such as the total beside input and output.
    mutating func add(_ record: borrowing OTLPRecord, of metric: OTLPMetric, range: Range<Int>) throws(Fault) -> Bool {
        guard let kind = kind(of: metric.metric, record.tokenType) else { return false }
        guard metric.temporality != .unsaid, metric.isMonotonic else { throw Fault(.badTemporality) }
        guard record.time > 0 else { throw Fault(.missing, extent: Int(EventField.time.rawValue)) }
        let isCumulative = metric.temporality == .cumulative
        if isCumulative, record.start == 0 { throw Fault(.totalUnknown) }
        var place = record.resourceHash
        place.mix(record.scopeHash.value)
        var series = place
        series.mix(metric.hash)
        series.mix(record.seriesHash.value)
        series.mix(record.start)
        if !isCumulative { series.mix(record.time) }
        let isOfCalls = metric.metric == .inputOfCalls
        let point = Point(
            kind: kind, tokens: isOfCalls ? nil : try tokens(record.total), calls: record.observations,
            series: series.value, isCumulative: isCumulative, start: record.start, range: range)
        place.mix(record.groupHash.value)
        place.mix(record.time)
        if let index = indices[place.value] {
            groups[index].points.append(point)
        } else {
            indices[place.value] = groups.count
            groups.append(Group(points: [point], values: record.values, range: range))
        }
        return true
    }

    private func kind(of metric: OTLPNames.Metric, _ type: OTLPPlan.TokenType?) -> Kind? {
        switch metric {
        case .input, .embeddingInput: .input
        case .output: .output
        case .cachedInput: .cachedInput
        case .reasoningOutput: .reasoningOutput
        case .inputOfCalls: .calls
        case .tokenUsage:
            switch type {
            case .input: .input
            case .output: .output
            case .cachedInput: .cachedInput
            case .reasoningOutput: .reasoningOutput
            case nil: nil
            }
        }
    }

    private func tokens(_ value: OTLPValue?) throws(Fault) -> UInt64 {
        let tokens: UInt64
        switch value {
        case .integer(let number):
            guard number >= 0 else { throw Fault(.negative) }
            tokens = UInt64(number)
        case .double(let number):
            guard number >= 0 else { throw Fault(.negative) }
            guard let whole = OTLPRecord.whole(number) else { throw Fault(.fractional) }
            tokens = whole
        default: throw Fault(.wantedCount)
        }
        // A running total may be of many calls.
        guard tokens <= UInt64(Int64.max) else { throw Fault(.tooLarge) }
        return tokens
    }
}
