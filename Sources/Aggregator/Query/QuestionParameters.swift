internal import HTTPSupport
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension QueryParameters {
    /// `period`, or `from` and `to` as dates.
    func period() throws(Problem) -> Period {
        let (from, to) = (self["from"], self["to"])
        if let text = self["period"] {
            guard from == nil, to == nil else {
                throw .badParameter("period", detail: "stands beside from or to; give either a period or two dates")
            }
            do { return try Period(text) } catch { throw .badParameter("period", detail: error.description) }
        }
        guard let from else { throw .badParameter("period", detail: "is needed: \(PeriodError.accepted)") }
        guard let to else { throw .badParameter("to", detail: "is needed beside from") }
        do { return try Period(from: from, to: to) } catch { throw .badParameter("from", detail: error.description) }
    }

    /// `as-known-at`, or `nil` for now.
    func knownAt() throws(Problem) -> Timestamp? {
        guard let text = self["as-known-at"] else { return nil }
        guard let time = RFC3339.parse(text) else {
            throw .badParameter("as-known-at", detail: "must be an RFC 3339 time such as 2025-07-01T00:00:00+08:00")
        }
        return time
    }

    /// A period under a name of its own.
    func period(named name: String) throws(Problem) -> Period {
        let text = try required(name, hint: "a period: \(PeriodError.accepted)")
        do { return try Period(text) } catch { throw .badParameter(name, detail: error.description) }
    }
}

extension Period {
    /// A calendar month in its one spelling.
    static func month(named text: String) throws(Problem) -> Period {
        guard let period = try? Period(text), period.granularity == .month, text == period.description else {
            let meant = CalendarDate(text).map { "; write \(Period.month(of: $0)) for the month of \($0)" } ?? ""
            throw .badParameter("month", detail: "must be a calendar month such as 2025-06\(meant)")
        }
        return period
    }
}

extension QueryDependencies {
    /// Waits for what `wait-for` names: a position, or `latest`.
    ///
    /// A caller who is bound to a provider waits for `latest` alone: whether a position is reached says how far the
    /// whole market has come.
    func waitIfAsked(_ parameters: QueryParameters, for caller: TokenRecord) async throws {
        guard let text = parameters["wait-for"] else { return }
        if caller.provider != nil, text != "latest" {
            throw Problem.badParameter(
                "wait-for", detail: "positions are the whole market's; a token bound to a provider waits for latest",
                allowed: ["latest"])
        }
        if text == "latest" {
            try await questions(of: caller).waitForLatest(timeout: maxWait)
        } else if let position = UInt64(text), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            try await questions(of: caller).waitForPosition(position, timeout: maxWait)
        } else {
            throw Problem.badParameter("wait-for", detail: "must be a position (a whole number) or latest")
        }
    }
}

extension ScopeCatalogue {
    /// The scope that `scope` names.
    func scope(_ parameters: QueryParameters) throws -> Scope {
        let known = scopes.map(\.id).joined(separator: ", ")
        return try scope(try parameters.required("scope", hint: "the id of a scope, one of \(known)"))
    }

    /// The scope that a parameter names. Whether it can be answered is found when it is.
    func scope(named name: String, in parameters: QueryParameters) throws(Problem) -> Scope {
        let known = scopes.map(\.id)
        return try scope(
            of: try parameters.required(name, hint: "the id of a scope, one of \(known.joined(separator: ", "))"),
            under: name
        )
    }

    /// The scopes that `scope` lists; all of the installation where it isn't there.
    func scopes(in parameters: QueryParameters, limit: Int) throws(Problem) -> [Scope] {
        let ids = try parameters.list("scope", limit: limit)
        guard ids.isEmpty else {
            var named: [Scope] = []
            for id in ids { named.append(try scope(of: id, under: "scope")) }
            return named
        }
        let all = scopes
        guard all.count <= limit else {
            throw .badParameter(
                "scope", detail: "is needed: there are \(all.count) scopes, and at most \(limit) can be compared")
        }
        return all
    }

    private func scope(of id: String, under parameter: String) throws(Problem) -> Scope {
        do throws(UnknownScope) {
            return try scope(id)
        } catch {
            throw Problem(
                status: 404, code: "unknown-scope", title: "There is no such scope", detail: "\(error).",
                extensions: [
                    JSONMember("parameter", .string(parameter)),
                    JSONMember("allowed", .array(error.known.map { .string($0) })),
                ])
        }
    }
}

extension Problem {
    /// 404 for an entity that a scope says nothing about, so that a misspelt name doesn't look like a figure of 0.
    static func unknownEntity(_ name: String, _ tables: [ShareTable]) -> Problem? {
        guard let entity = tables.first?.scope.entity, tables.allSatisfy({ $0[name] == nil }) else { return nil }
        return Problem(
            status: 404, code: "unknown-entity", title: "There is no such entity in the figures",
            detail:
                "entity: no \(entity.rawValue) \"\(name.prefix(64))\" has any usage in the time that is asked about.",
            extensions: [JSONMember("parameter", "entity")])
    }

    /// 404 for a provider that nothing is known of, so that a misspelt name doesn't look like silence.
    static func unknownProvider(_ name: String, among known: [String]) -> Problem? {
        guard !known.contains(name) else { return nil }
        return Problem(
            status: 404, code: "unknown-provider", title: "There is no such provider",
            detail: "provider: \"\(name.prefix(64))\" has no collector, and no usage in the time that is asked about.",
            extensions: [JSONMember("parameter", "provider")])
    }
}
