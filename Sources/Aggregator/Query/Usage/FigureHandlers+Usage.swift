internal import Hummingbird
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/usage`.
    @Sendable func usage(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        let parameters = try request.parameters(UsageQuestion.parameters)
        let format = try request.format([.json, .csv])
        let question = try UsageQuestion(parameters, calendar: store.calendar, caller: caller)
        try await waitIfAsked(parameters)
        let answer = try await store.usage(question.query)
        switch format {
        case .json: return Answer.json(Self.json(question, answer)).position(answer.position)
        case .csv: return Answer.csv(Self.csv(question, answer)).position(answer.position)
        }
    }

    private static func json(_ question: UsageQuestion, _ answer: UsageAnswer) -> JSONValue {
        let query = question.query
        let rows = answer.rows.map { row -> JSONValue in
            var members: [JSONMember] = []
            if let start = row.start {
                members.append(JSONMember("bucket", .string(query.bucket.label(start, in: query.zone))))
            }
            for (dimension, key) in zip(query.groupBy, row.keys) {
                members.append(JSONMember(dimension.rawValue, .string(key)))
            }
            return .object(members + row.counts.members)
        }
        return [
            "period": [
                "name": .string(question.name), "from": .string(RFC3339.text(second: query.from, in: query.zone)),
                "to": .string(RFC3339.text(second: query.to, in: query.zone)), "zone": .string(query.zone.identifier),
            ],
            "bucket": query.bucket == .none ? .null : .string(query.bucket.rawValue),
            "group_by": .array(query.groupBy.map { .string($0.rawValue) }),
            "as_known_at": .optional(answer.knownAt.map { RFC3339.text($0) }),
            "position": .integer(Int64(clamping: answer.position)),
            "rows": .array(rows),
        ]
    }

    private static func csv(_ question: UsageQuestion, _ answer: UsageAnswer) -> CSVWriter {
        let query = question.query
        let hasBucket = query.bucket != .none
        var writer = CSVWriter(
            header: (hasBucket ? ["bucket"] : []) + query.groupBy.map(\.rawValue) + WideTokenCounts.columns)
        for row in answer.rows {
            let bucket = row.start.map { [CSVCell.text(query.bucket.label($0, in: query.zone))] } ?? []
            writer.append(bucket + row.keys.map { .text($0) } + row.counts.cells)
        }
        return writer
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

extension WideTokenCounts {
    /// The columns of counts, in CSV and JSON alike.
    static let columns = [
        "requests", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens",
    ]

    private var values: [UInt128] { [requests, input, cachedInput, output, reasoningOutput, total] }

    var members: [JSONMember] { zip(Self.columns, values).map { JSONMember($0, .count($1)) } }
    var cells: [CSVCell] { values.map { .count($0) } }
}
