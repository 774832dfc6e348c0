internal import APIModel
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension RankResponse {
    /// Entities by scopes: one table for each thing that scopes divide among.
    init(_ period: Period, groups: [ScopeRanks], answers: ScopeAnswers, refused: [ScopeRefusal]) {
        self.init()
        self.period = DateSpan(period)
        asKnownAt = Moment(answers.knownAt)
        position = Int(clamping: answers.position)
        tables = groups.map { group in
            // In the order of the group's scopes.
            RankTable(
                group, tables: answers.tables.filter { table in group.scopes.contains { $0.id == table.scope.id } })
        }
        self.refused = refused.map { RefusedScope($0) }
    }
}

extension RankTable {
    fileprivate init(_ group: ScopeRanks, tables: [ShareTable]) {
        self.init()
        by = tables.first?.scope.entity.rawValue ?? ""
        scopes = tables.enumerated().map { RankColumn($1, leaders: group.leaders(under: $0)) }
        rows = group.rows.map { row in
            RankRow {
                $0.entity = row.entity
                $0.standings = zip(row.standings, tables).map { RankStanding($0, in: $1) }
            }
        }
    }
}

extension RankColumn {
    fileprivate init(_ table: ShareTable, leaders: [String]) {
        self.init()
        scope = ScopeName(table.scope)
        figure = ScopeFigure(table.scope)
        denominator = Amount(table.text(of: table.denominator))
        overLimit = OverLimitAmount(table.total, in: table)
        estimated = EstimatedAmount(table.total, in: table)
        negative = table.negativeWarning
        self.leaders = leaders
    }
}

extension RankStanding {
    /// - Parameter standing: `nil` where the scope counts nothing for the entity or doesn't name it.
    fileprivate init(_ standing: ScopeRanks.Standing?, in table: ShareTable) {
        self.init()
        scope = table.scope.id
        guard let standing else { return }
        rank = standing.rank
        numerator = Amount(table.text(of: standing.share.numerator))
        sharePercent = standing.percent.map { Percent($0) }
        overLimit = Amount(table.text(of: standing.overLimit))
        estimated = Amount(table.text(of: standing.estimated))
    }
}

extension RefusedScope {
    fileprivate init(_ refusal: ScopeRefusal) {
        self.init()
        scope = refusal.scope
        code = refusal.code
        detail = refusal.message
        missing = refusal.missing.map(\.rawValue)
    }
}
