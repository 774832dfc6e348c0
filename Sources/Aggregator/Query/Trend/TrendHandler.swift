internal import APIModel
internal import HTTPSupport
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/trend`.
struct TrendHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(_ request: Request, context: QueryContext, caller: TokenRecord) async throws
        -> APIResponse
    {
        let parameters = try request.parameters([
            "scope", "period", "from", "to", "by", "entity", "as-known-at", "wait-for",
        ])
        let format = try request.format([.json, .csv])
        let scope = try dependencies.scopes.scope(named: "scope", in: parameters)
        let period = try parameters.period()
        let steps = try Self.steps(parameters, of: period)
        let entities = try parameters.list("entity", limit: APILimits.maxTrendEntities)
        let knownAt = try parameters.knownAt()
        try await dependencies.waitIfAsked(parameters, for: caller)
        // Every entity by name, so that one that leaves the largest doesn't look like nothing.
        var named = scope
        named.top = nil
        let answers = try await dependencies.reports(for: caller).answers(
            to: steps.map { ScopeQuestion(scope: named, period: $0) }, knownAt: knownAt, visibility: caller.visibility)
        for entity in entities {
            if let problem = Problem.unknownEntity(entity, answers.tables) { throw problem }
        }
        let trends = entities.isEmpty ? [nil] : entities.map(Optional.some)
        let answer = TrendResponse(
            scope, period: period, answers: answers, trends: trends.map { Trend(answers.tables, entity: $0) },
            events: dependencies.events.during(period))
        return APIResponse(answer, as: format).position(answers.position)
    }

    /// The steps that `by` asks for; months where it doesn't.
    private static func steps(_ parameters: QueryParameters, of period: Period) throws(Problem) -> [Period] {
        let words = Period.Step.allCases.map(\.rawValue)
        let step = try parameters.value("by", allowed: words, parse: Period.Step.init(rawValue:)) ?? .month
        guard let steps = period.divided(by: step) else {
            throw .badParameter(
                "by", detail: "the period \(period) doesn't begin and end with a \(step.rawValue)", allowed: words)
        }
        guard steps.count <= APILimits.maxTrendSteps else {
            throw .badParameter(
                "by",
                detail: "the period \(period) has \(steps.count) steps by \(step.rawValue); a trend has at most "
                    + "\(APILimits.maxTrendSteps)", allowed: words)
        }
        return steps
    }
}
