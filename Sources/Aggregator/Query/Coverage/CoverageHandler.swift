internal import APIModel
internal import HTTPSupport
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import UsageModel

/// `GET /v1/coverage`.
struct CoverageHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters(["period", "from", "to", "provider", "silence-minutes", "wait-for"])
        let format = try request.format([.json, .csv])
        let period = try parameters.period()
        let provider = parameters["provider"]
        try caller.checkProviders(provider.map { [$0] })
        let asked = try parameters.integer("silence-minutes", in: 1...APILimits.maxSilenceMinutes)
        let silence = asked ?? dependencies.silenceMinutes
        try await dependencies.waitIfAsked(parameters, for: caller)
        let seconds = period.seconds(in: dependencies.store.calendar)
        // Days begin with whole minutes in every zone since 1972.
        let (from, to) = (seconds.lowerBound / 60, seconds.upperBound / 60)
        let query = CoverageQuery(
            from: from, to: to, provider: provider, silenceMinutes: silence, visibility: caller.visibility)
        let answer = try await dependencies.questions(of: caller).snapshot { try $0.coverage(query) }
        if let provider, let problem = Problem.unknownProvider(provider, among: answer.providers.map(\.provider)) {
            throw problem
        }
        let now = dependencies.clock.nowMilliseconds() / 60_000
        var coverage = CoverageResponse(
            period, window: ReportingGaps.window(of: from..<to, now: now), silenceMinutes: silence, answer: answer,
            zone: dependencies.store.calendar)
        if caller.provider != nil { coverage.position = nil }
        return APIResponse(coverage, as: format).position(answer.position, for: caller)
    }
}
