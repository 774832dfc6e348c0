internal import APIModel
internal import HTTPSupport
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/peak`.
struct PeakHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters([
            "period", "from", "to", "by", "provider", "tenant", "model", "top", "user-rate", "wait-for",
        ])
        let format = try request.format([.json, .csv])
        let period = try parameters.period()
        let query = try Self.peakQuery(
            parameters, seconds: period.seconds(in: dependencies.store.calendar), caller: caller)
        let rate = try parameters.integer("user-rate", in: 1...APILimits.maxUserRate)
        try await dependencies.waitIfAsked(parameters, for: caller)
        let answer = try await dependencies.questions(of: caller).snapshot { try $0.peaks(query) }
        var peaks = PeakResponse(
            period, subject: query.subject, userRate: rate.map { UInt128($0) }, answer: answer,
            zone: dependencies.store.calendar)
        if caller.provider != nil { peaks.position = nil }
        return APIResponse(peaks, as: format).position(answer.position, for: caller)
    }

    private static func peakQuery(
        _ parameters: QueryParameters, seconds: Range<Int64>, caller: TokenRecord
    ) throws(Problem) -> PeakQuery {
        let subjects = PeakSubject.allCases.map(\.rawValue)
        let subject = try parameters.value("by", allowed: subjects, parse: PeakSubject.init(rawValue:)) ?? .provider
        for other in [PeakSubject.tenant, .model] where other != subject && parameters[other.rawValue] != nil {
            throw .badParameter(
                other.rawValue,
                detail: "minutes are kept by provider, by tenant and by model, not across them: ask by "
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
