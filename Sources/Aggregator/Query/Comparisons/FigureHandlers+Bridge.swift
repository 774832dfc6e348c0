internal import Hummingbird
internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension FigureHandlers {
    /// `GET /v1/bridge`.
    @Sendable func bridge(_ request: Request, _ context: QueryContext, _ caller: TokenRecord) async throws -> Answer {
        let parameters = try request.parameters([
            "from-scope", "to-scope", "period", "from", "to", "entity", "as-known-at", "wait-for",
        ])
        let format = try request.format([.json, .csv])
        let scopes = (try namedScope(parameters, "from-scope"), try namedScope(parameters, "to-scope"))
        let bridge = try Self.bridge(from: scopes.0, to: scopes.1)
        let period = try Self.period(parameters)
        let knownAt = try Self.knownAt(parameters)
        try await waitIfAsked(parameters)
        let answers = try await store.answers(
            to: bridge.steps.map { ScopeQuestion(scope: $0.scope, period: period) }, knownAt: knownAt,
            visibility: caller.visibility)
        let entity = parameters["entity"]
        if let entity, let problem = Problem.unknownEntity(entity, answers.tables) { throw problem }
        let report = BridgeReport(
            bridge: bridge, period: period, answers: answers,
            figures: BridgeFigures(bridge, tables: answers.tables, entity: entity))
        switch format {
        case .json: return Answer.json(report.json).position(answers.position)
        case .csv: return Answer.csv(report.csv).position(answers.position)
        }
    }

    private static func bridge(from: Scope, to: Scope) throws(Problem) -> ScopeBridge {
        do throws(DifferentEntities) {
            return try ScopeBridge(from: from, to: to)
        } catch {
            throw Problem(
                status: 422, code: "different-entities", title: "The scopes divide among different things",
                detail: "to-scope: \(error).", extensions: [JSONMember("parameter", "to-scope")])
        }
    }
}

/// A bridge from one scope to another, ready to be written.
struct BridgeReport {
    var bridge: ScopeBridge
    var period: Period
    var answers: ScopeAnswers
    var figures: BridgeFigures

    /// The lines with their tables and with the step before them.
    private var lines: [(line: BridgeFigures.Line, table: ShareTable, before: Scope?)] {
        figures.lines.indices.map {
            (figures.lines[$0], answers.tables[$0], $0 > 0 ? bridge.steps[$0 - 1].scope : nil)
        }
    }

    var json: JSONValue {
        let steps = lines.map { line, table, before -> JSONValue in
            let aspect = line.step.aspect
            return [
                "aspect": .optional(aspect?.rawValue),
                "from": .optional(before.flatMap { scope in aspect?.value(in: scope) }),
                "to": .optional(aspect?.value(in: line.step.scope)), "unit": .string(line.step.scope.unit),
                "aggregate": .string(line.step.scope.aggregate.rawValue),
                "amount": .string(table.text(of: line.amount)),
                "change": .optional(line.change?.text(table.text(of:))),
                "published": .string(table.text(of: line.published)),
                "denominator": .string(table.text(of: table.denominator)), "share_percent": .optional(line.percent),
            ]
        }
        return [
            "from_scope": bridge.from.nameJSON, "to_scope": bridge.to.nameJSON, "period": period.datesJSON,
            "by": .string(bridge.from.entity.rawValue), "entity": .optional(figures.entity),
            "as_known_at": .string(RFC3339.text(answers.knownAt)),
            "position": .integer(Int64(clamping: answers.position)),
            "steps": .array(steps), "change": .optional(figures.whole?.text(answers.tables[0].text(of:))),
        ]
    }

    var csv: CSVWriter {
        var writer = CSVWriter(header: [
            "from_scope", "from_scope_sha256", "to_scope", "to_scope_sha256", "period", "entity", "step", "aspect",
            "from", "to", "unit", "aggregate", "amount", "change", "published", "denominator", "share_percent",
        ])
        let names: [CSVCell] = [
            .text(bridge.from.id), .text(bridge.from.digest), .text(bridge.to.id), .text(bridge.to.digest),
            .text(period.description), .text(figures.entity ?? ""),
        ]
        for (place, (line, table, before)) in lines.enumerated() {
            let aspect = line.step.aspect
            writer.append(
                names + [
                    .count(place), .text(aspect?.rawValue ?? ""),
                    .text(before.flatMap { scope in aspect?.value(in: scope) } ?? ""),
                    .text(aspect?.value(in: line.step.scope) ?? ""), .text(line.step.scope.unit),
                    .text(line.step.scope.aggregate.rawValue), .number(table.text(of: line.amount)),
                    CSVCell(line.change?.text(table.text(of:)).unsigned), .number(table.text(of: line.published)),
                    .number(table.text(of: table.denominator)), CSVCell(line.percent),
                ])
        }
        return writer
    }
}
