internal import Scopes
internal import Store
internal import TextFormats

/// What a preview of an import is asked to show: the counts alone, or also what would move under a scope.
struct PreviewQuestion {
    static let parameters = ["preview", "scope", "period", "from", "to"]

    /// `nil` where only the counts are asked for.
    var question: ScopeQuestion?

    /// - Returns: `nil` where the import is to be carried out.
    init?(_ parameters: QueryParameters, catalogue: ScopeCatalogue) throws {
        let isPreview = try parameters.value("preview", allowed: ["true", "false"]) { Bool($0) } ?? false
        let asksForEffect = Self.parameters.dropFirst().contains { parameters[$0] != nil }
        guard isPreview else {
            guard !asksForEffect else {
                throw Problem.badParameter("preview", "must be true where scope or period are given")
            }
            return nil
        }
        question =
            asksForEffect
            ? ScopeQuestion(
                scope: try catalogue.scope(parameters), period: try FigureHandlers.period(parameters)) : nil
    }

    /// What stands in the answer beside an import's counts.
    static func members<Change: Sendable>(_ effect: ImportPreview<Change>.Effect?) -> [JSONMember] {
        let preview = JSONMember("preview", true)
        guard let effect else { return [preview] }
        let (table, moves) = (effect.after, ShareMoves(from: effect.before, to: effect.after))
        let answered = effect.before != nil
        let rows = moves.rows.map { row -> JSONValue in
            .object(
                [JSONMember(table.scope.entity.rawValue, .string(row.entity))]
                    + Self.members(row, moves, table, answered: answered)
                    + [
                        JSONMember(
                            "share_percent_before", answered ? .string(moves.percentText(row.percent.from)) : .null),
                        JSONMember("share_percent_after", .string(moves.percentText(row.percent.to))),
                        JSONMember("points", answered ? .string(moves.points(of: row)) : .null),
                    ])
        }
        return [
            preview, JSONMember("scope", table.scope.nameJSON), JSONMember("period", .string(table.period.description)),
            JSONMember("measure", .string(table.scope.measure.rawValue)),
            JSONMember("by", .string(table.scope.entity.rawValue)),
            JSONMember("position", .integer(Int64(clamping: effect.position))), JSONMember("rows", .array(rows)),
            JSONMember("total", .object(Self.members(moves.total, moves, table, answered: answered))),
        ]
    }

    private static func members(
        _ row: ShareMoves.Row, _ moves: ShareMoves, _ table: ShareTable, answered: Bool
    ) -> [JSONMember] {
        [
            JSONMember("before", answered ? .string(table.text(of: row.numerator.from)) : .null),
            JSONMember("after", .string(table.text(of: row.numerator.to))),
            JSONMember("change", answered ? .string(moves.change(of: row)) : .null),
        ]
    }
}
