/// Who is first under which scope: the same usage weighed at several positions, beside each other.
package struct ScopeRanks: Sendable, Hashable {
    /// What one scope says about an entity.
    package struct Standing: Sendable, Hashable {
        /// From 1; see ``ShareTable/Row/rank``.
        package var rank: Int
        package var share: Share
        /// In percent, at the scope's precision, adding up to 100 over the scope's table.
        package var percent: String?
        /// See ``ShareTable/Row/overLimit``.
        package var overLimit: Int128
        /// See ``ShareTable/Row/estimated``.
        package var estimated: Int128
    }

    package struct Row: Sendable, Hashable {
        package var entity: String
        /// One for each scope, in their order; `nil` where the scope counts nothing for the entity or doesn't name it.
        package var standings: [Standing?]

        /// The best rank under any scope.
        package var best: Int { standings.compactMap { $0?.rank }.min() ?? Int.max }
    }

    package let scopes: [Scope]
    package let period: Period
    /// By the best rank, then by the rank under the first scope that tells two apart, then by name.
    package let rows: [Row]

    /// - Throws: ``RankProblem`` where the tables don't speak of the same period and the same kind of entity.
    package init(_ tables: [ShareTable]) throws(RankProblem) {
        guard let first = tables.first else { throw .noScopes }
        if let other = tables.first(where: { $0.period != first.period }) {
            throw .differentPeriods(first.period, other.period)
        }
        if let other = tables.first(where: { $0.scope.entity != first.scope.entity }) {
            throw .differentEntities(first.scope.id, other.scope.id)
        }
        var standings: [String: [Standing?]] = [:]
        for (place, table) in tables.enumerated() {
            for (row, percent) in zip(table.rows, table.percentages()) where row.rank > 0 {
                let none = [Standing?](repeating: nil, count: tables.count)
                standings[row.entity, default: none][place] = Standing(
                    rank: row.rank, share: row.share, percent: percent, overLimit: row.overLimit,
                    estimated: row.estimated)
            }
        }
        scopes = tables.map(\.scope)
        period = first.period
        rows = standings.map { Row(entity: $0.key, standings: $0.value) }.sorted(by: Self.isBefore)
    }

    /// The tables put beside each other as far as they can be: those that divide among the same thing together, in the
    /// order of ``Scope/Entity``.
    ///
    /// - Throws: ``RankProblem`` where there is no table, and where the tables don't speak of the same period.
    package static func grouped(_ tables: [ShareTable]) throws(RankProblem) -> [ScopeRanks] {
        guard !tables.isEmpty else { throw .noScopes }
        var groups: [ScopeRanks] = []
        for entity in Scope.Entity.allCases {
            let alike = tables.filter { $0.scope.entity == entity }
            if !alike.isEmpty { groups.append(try ScopeRanks(alike)) }
        }
        return groups
    }

    /// Who is first under a scope, by its place; several where they are equal, none where nothing counts.
    package func leaders(under place: Int) -> [String] {
        rows.filter { $0.standings[place]?.rank == 1 }.map(\.entity)
    }

    private static func isBefore(left: Row, right: Row) -> Bool {
        if left.best != right.best { return left.best < right.best }
        for (one, other) in zip(left.standings, right.standings) {
            let (first, second) = (one?.rank ?? Int.max, other?.rank ?? Int.max)
            if first != second { return first < second }
        }
        return left.entity < right.entity
    }
}

/// Why tables can't be put beside each other.
package enum RankProblem: Error, Sendable, Hashable, CustomStringConvertible {
    case noScopes
    case differentPeriods(Period, Period)
    /// The ids of two scopes that divide among different things.
    case differentEntities(String, String)

    package var description: String {
        switch self {
        case .noScopes: "name at least one scope"
        case .differentPeriods(let one, let other): "\(one) and \(other) are different periods"
        case .differentEntities(let one, let other): "the scopes \(one) and \(other) divide among different things"
        }
    }
}
