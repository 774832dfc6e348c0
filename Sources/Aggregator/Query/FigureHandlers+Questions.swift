internal import Scopes
internal import Store
internal import TextFormats

extension FigureHandlers {
    // MARK: Parameters that the questions about scopes have

    /// The scope that a parameter names. Whether it can be answered is found when it is.
    func namedScope(_ parameters: QueryParameters, _ name: String = "scope") throws(Problem) -> Scope {
        let known = catalogue.scopes.map(\.id)
        return try scope(
            of: try parameters.required(name, "the id of a scope, one of \(known.joined(separator: ", "))"), name)
    }

    /// The scopes that `scope` lists; all of the installation where it isn't there.
    func namedScopes(_ parameters: QueryParameters, limit: Int) throws(Problem) -> [Scope] {
        let ids = try parameters.list("scope", limit: limit)
        guard ids.isEmpty else {
            var scopes: [Scope] = []
            for id in ids { scopes.append(try scope(of: id, "scope")) }
            return scopes
        }
        let all = catalogue.scopes
        guard all.count <= limit else {
            throw .badParameter(
                "scope", "is needed: there are \(all.count) scopes, and at most \(limit) can be compared")
        }
        return all
    }

    private func scope(of id: String, _ parameter: String) throws(Problem) -> Scope {
        do throws(UnknownScope) {
            return try catalogue.scope(id)
        } catch {
            throw Problem(
                status: 404, code: "unknown-scope", title: "There is no such scope", detail: "\(error).",
                extensions: [
                    JSONMember("parameter", .string(parameter)),
                    JSONMember("allowed", .array(error.known.map { .string($0) })),
                ])
        }
    }

    /// A period under a name of its own.
    static func period(_ parameters: QueryParameters, named name: String) throws(Problem) -> Period {
        let text = try parameters.required(name, "a period: \(PeriodError.accepted)")
        do { return try Period(text) } catch { throw .badParameter(name, error.description) }
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
}
