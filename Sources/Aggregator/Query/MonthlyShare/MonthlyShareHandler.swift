internal import APIModel
internal import Hummingbird
internal import Postgres
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// `GET /v1/exports/monthly-share`.
struct MonthlyShareHandler: Sendable {
    let dependencies: QueryDependencies

    @Sendable func answer(
        _ request: Request, context: QueryContext, caller: TokenRecord
    ) async throws -> APIResponse {
        let parameters = try request.parameters(["month", "scope", "as-known-at", "wait-for", "restated"])
        let format = try request.format([.csv, .json])
        let scope = try dependencies.scopes.scope(parameters)
        let month = try Period.month(named: try parameters.required("month", hint: "a calendar month such as 2025-06"))
        let knownAt = try parameters.knownAt()
        let isRestated = try parameters.flag("restated")
        try await dependencies.waitIfAsked(parameters, for: caller)
        let export: MonthlyShareResponse
        if let closed = try await closedExport(month, scope, caller: caller, isAskedFor: knownAt == nil && !isRestated)
        {
            export = closed
        } else {
            export = try await evaluatedExport(
                month, scope, source: isRestated || knownAt != nil ? .evaluation(knownAt: knownAt) : .statements,
                caller: caller)
        }
        let writer = dependencies.answerWriter(isHashed: true)()
        switch format {
        case .json: try writer.append(export.json + [0x0A])
        case .csv: try writer.append(export.csv.bytes)
        }
        let answer = try writer.finish()
        try await dependencies.store.noteExport(
            export.fileName, of: answer, by: caller,
            now: Timestamp(milliseconds: dependencies.clock.nowMilliseconds()))
        let response = APIResponse(answer, as: format).position(UInt64(export.position))
        return format == .csv ? response.file(export.fileName) : response
    }

    /// The figures of a closed month: those of its statement, whatever came in or was reclassified since. They are the
    /// whole market's, which the route's permission asks for.
    private func closedExport(
        _ month: Period, _ scope: Scope, caller: TokenRecord, isAskedFor: Bool
    ) async throws -> MonthlyShareResponse? {
        guard isAskedFor,
            let closed = try await dependencies.reports(for: caller).closedMonth(month, scope: scope.id)
        else { return nil }
        return MonthlyShareResponse(
            closed.table, previous: closed.previous, position: closed.statement.position,
            knownAt: closed.statement.knownAt, statement: closed.statement)
    }

    /// One snapshot for both months, so that the growth compares what stands beside it: the month before as its
    /// statement has it, where that is closed. A month before which facts don't reach back to is left out: there is
    /// nothing to compare with.
    private func evaluatedExport(
        _ month: Period, _ scope: Scope, source: FigureSource, caller: TokenRecord
    ) async throws -> MonthlyShareResponse {
        let open = try await dependencies.reports(for: caller)
            .openMonth(month, under: scope, source: source, visibility: caller.visibility)
        return MonthlyShareResponse(
            open.table, previous: open.previous, position: open.position, knownAt: open.knownAt)
    }
}
