internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

/// Answers questions about usage and shares: decodes and validates the question, asks the store, encodes the answer.
struct FigureHandlers: Sendable {
    let store: Store
    let catalogue: ScopeCatalogue
    let clock: any WallClock
    let maxWait: Duration
    let events: TrendEvents

    init(_ dependencies: QueryDependencies) {
        store = dependencies.store
        catalogue = dependencies.scopes
        clock = dependencies.clock
        maxWait = dependencies.maxWait
        events = dependencies.events
    }

    // MARK: Parameters that several questions have

    /// `scope`, which must be one of this installation.
    func scope(_ parameters: QueryParameters) throws -> Scope { try catalogue.scope(parameters) }

    /// `period`, or `from` and `to` as dates.
    static func period(_ parameters: QueryParameters) throws(Problem) -> Period {
        let (from, to) = (parameters["from"], parameters["to"])
        if let text = parameters["period"] {
            guard from == nil, to == nil else {
                throw .badParameter("period", "stands beside from or to; give either a period or two dates")
            }
            do { return try Period(text) } catch { throw .badParameter("period", error.description) }
        }
        guard let from else { throw .badParameter("period", "is needed: \(PeriodError.accepted)") }
        guard let to else { throw .badParameter("to", "is needed beside from") }
        do { return try Period(from: from, to: to) } catch { throw .badParameter("from", error.description) }
    }

    /// `as-known-at`, or `nil` for now.
    static func knownAt(_ parameters: QueryParameters) throws(Problem) -> Timestamp? {
        guard let text = parameters["as-known-at"] else { return nil }
        guard let time = RFC3339.parse(text) else {
            throw .badParameter("as-known-at", "must be an RFC 3339 time such as 2025-07-01T00:00:00+08:00")
        }
        return time
    }

    /// Waits for what `wait-for` names: a position, or `latest`.
    func waitIfAsked(_ parameters: QueryParameters) async throws {
        guard let text = parameters["wait-for"] else { return }
        if text == "latest" {
            try await store.waitForLatest(timeout: maxWait)
        } else if let position = UInt64(text), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            try await store.waitForPosition(position, timeout: maxWait)
        } else {
            throw Problem.badParameter("wait-for", "must be a position (a whole number) or latest")
        }
    }
}

extension ScopeCatalogue {
    /// The scope that `scope` names.
    func scope(_ parameters: QueryParameters) throws -> Scope {
        let known = scopes.map(\.id).joined(separator: ", ")
        return try scope(try parameters.required("scope", "the id of a scope, one of \(known)"))
    }
}
