internal import APIModel
internal import HTTPSupport
internal import Reporting
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
                throw Problem.badParameter("preview", detail: "must be true where scope or period are given")
            }
            return nil
        }
        question =
            asksForEffect
            ? ScopeQuestion(
                scope: try catalogue.scope(parameters), period: try parameters.period()) : nil
    }
}

extension PreviewEffect {
    /// - Returns: `nil` where only the counts were asked for.
    init?(_ effect: ImportEffect?) {
        guard let effect else { return nil }
        self.init()
        let (table, moves) = (effect.after, ShareMoves(from: effect.before, to: effect.after))
        let isAnsweredBefore = effect.before != nil
        scope = ScopeName(table.scope)
        period = table.period.description
        measure = table.scope.measure.rawValue
        by = table.scope.entity.rawValue
        position = Int(clamping: effect.position)
        rows = moves.rows.map { row in
            MoveRow {
                $0.entity = [NamedText(table.scope.entity.rawValue, row.entity)]
                $0.amounts = MoveAmounts(row, of: moves, in: table, isAnsweredBefore: isAnsweredBefore)
                $0.sharePercentAfter = Percent(moves.percentText(row.percent.to))
                guard isAnsweredBefore else { return }
                $0.sharePercentBefore = Percent(moves.percentText(row.percent.from))
                $0.points = DecimalNumber(moves.points(of: row))
            }
        }
        total = MoveAmounts(moves.total, of: moves, in: table, isAnsweredBefore: isAnsweredBefore)
    }
}

extension MoveAmounts {
    /// - Parameter isAnsweredBefore: whether the scope can be answered without the import too.
    fileprivate init(_ row: ShareMoves.Row, of moves: ShareMoves, in table: ShareTable, isAnsweredBefore: Bool) {
        self.init()
        after = Amount(table.text(of: row.numerator.to))
        guard isAnsweredBefore else { return }
        before = Amount(table.text(of: row.numerator.from))
        change = Change(moves.change(of: row))
    }
}
