internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/peak`.
    @Sendable func peak(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        let parameters = try request.parameters([
            "period", "from", "to", "by", "provider", "tenant", "model", "top", "user-rate", "wait-for",
        ])
        let format = try request.format([.json, .csv])
        let period = try Self.period(parameters)
        let query = try Self.peakQuery(parameters, period.seconds(in: store.calendar), caller)
        let rate = try parameters.integer("user-rate", in: 1...APILimits.maxUserRate)
        try await waitIfAsked(parameters)
        let answer = try await store.peaks(query)
        let figures = PeakFigures(
            period: period, subject: query.subject, userRate: rate.map { UInt128($0) }, answer: answer,
            zone: store.calendar)
        switch format {
        case .json: return Answer.json(figures.json).position(answer.position)
        case .csv: return Answer.csv(figures.csv).position(answer.position)
        }
    }

    private static func peakQuery(
        _ parameters: QueryParameters, _ seconds: Range<Int64>, _ caller: TokenRecord
    ) throws(Problem) -> PeakQuery {
        let subjects = PeakSubject.allCases.map(\.rawValue)
        let subject = try parameters.value("by", allowed: subjects, parse: PeakSubject.init(rawValue:)) ?? .provider
        for other in [PeakSubject.tenant, .model] where other != subject && parameters[other.rawValue] != nil {
            throw .badParameter(
                other.rawValue,
                "minutes are kept by provider, by tenant and by model, not across them: ask by "
                    + "\(other.rawValue), or leave it out")
        }
        let providers = try parameters.list("provider")
        try caller.checkProviders(providers.isEmpty ? nil : providers)
        let names = try subject == .provider ? [] : parameters.list(subject.rawValue)
        let count = try parameters.integer("top", in: 1...Int64(APILimits.maxPeakCount))
        return PeakQuery(
            from: seconds.lowerBound, to: seconds.upperBound, subject: subject,
            providers: providers.isEmpty ? nil : providers, names: names.isEmpty ? nil : names,
            count: count.map(Int.init) ?? APILimits.defaultPeakCount, visibility: caller.visibility)
    }
}

/// The highest minutes, ready to be written.
struct PeakFigures {
    var period: Period
    var subject: PeakSubject
    /// Tokens a minute that one user needs; `nil` where nobody asked.
    var userRate: UInt128?
    var answer: PeakAnswer
    /// The reporting calendar's.
    var zone: ZoneRules

    /// How many users the minute's tokens are enough for, rounded down.
    private func users(_ row: PeakAnswer.Row) -> String? { userRate.map { String(row.counts.total / $0) } }

    private func minute(_ row: PeakAnswer.Row) -> String { RFC3339.text(second: row.start, in: zone) }

    private func name(_ row: PeakAnswer.Row) -> [(String, String)] {
        row.name.map { [(subject.rawValue, $0)] } ?? []
    }

    var json: JSONValue {
        let rows = answer.rows.enumerated().map { place, row -> JSONValue in
            .object(
                [JSONMember("rank", .integer(Int64(place + 1))), JSONMember("provider", .string(row.provider))]
                    + name(row).map { JSONMember($0.0, .string($0.1)) }
                    + [JSONMember("minute", .string(minute(row))), JSONMember("users", .optional(users(row)))]
                    + row.counts.members)
        }
        return [
            "period": period.json(in: zone), "by": .string(subject.rawValue),
            "user_rate": .optional(userRate.map { String($0) }), "position": .integer(Int64(clamping: answer.position)),
            "rows": .array(rows),
        ]
    }

    var csv: CSVWriter {
        let names = subject == .provider ? [] : [subject.rawValue]
        var writer = CSVWriter(
            header: ["period", "rank", "provider"] + names + ["minute"] + WideTokenCounts.columns
                + ["user_rate", "users"])
        for (place, row) in answer.rows.enumerated() {
            writer.append(
                [.text(period.description), .count(place + 1), .text(row.provider)] + name(row).map { .text($0.1) }
                    + [.text(minute(row))] + row.counts.cells
                    + [CSVCell(userRate.map { String($0) }), CSVCell(users(row))])
        }
        return writer
    }
}
