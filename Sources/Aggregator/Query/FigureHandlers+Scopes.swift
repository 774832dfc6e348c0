internal import Hummingbird
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/scopes`.
    @Sendable func scopes(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        _ = try request.parameters()
        switch try request.format([.json, .csv]) {
        case .json: return .json(["scopes": .array(catalogue.scopes.map(\.json))])
        case .csv: return .csv(catalogue.csv)
        }
    }

    /// `GET /v1/scopes/{id}`.
    @Sendable func oneScope(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        _ = try request.parameters()
        _ = try request.format([.json])
        return .json(try catalogue.scope(context.parameters.get("id") ?? "").json)
    }
}

extension Scope {
    /// Id, version, digest and title, as they stand beside figures.
    var nameJSON: JSONValue {
        [
            "id": .string(id), "version": .integer(Int64(version)), "sha256": .string(digest),
            "title": ["en": .string(title.en), "zh": .string(title.zh)],
        ]
    }

    /// The whole definition, with what it means in plain words.
    var json: JSONValue {
        func names(_ values: [String]?) -> JSONValue { values.map { .array($0.sorted().map { .string($0) }) } ?? .null }
        func facts(_ facts: [ScopeFact]) -> JSONValue { .array(facts.map { .string($0.rawValue) }) }
        let explanation = explanation
        return [
            "id": .string(id), "version": .integer(Int64(version)), "sha256": .string(digest),
            "built_in": .bool(ScopeCatalogue.isBuiltIn(id)),
            "title": ["en": .string(title.en), "zh": .string(title.zh)], "citation": .string(citation),
            "measure": .string(measure.rawValue), "currency": .optional(currency), "entity": .string(entity.rawValue),
            "top": top.map { .integer(Int64($0)) } ?? .null, "aggregate": .string(aggregate.rawValue),
            "zone": .string(zone), "denominator": .string(denominator.name), "precision": .integer(Int64(precision)),
            "filters": .object(filters.names.map { JSONMember($0.key, names($0.names)) }),
            "additions": names(additions.map(\.rawValue)), "needs": facts(requiredFacts),
            "imports": .array(imports.map { .string($0.rawValue) }),
            "explanation": ["en": .string(explanation.en), "zh": .string(explanation.zh)],
        ]
    }
}
