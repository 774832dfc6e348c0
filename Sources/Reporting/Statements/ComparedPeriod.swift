package import Scopes
package import UsageModel

/// A period's figures, as growth compares them: those of its statement where it is a month that is closed, so that what
/// was published is compared with.
package struct ComparedPeriod: Sendable {
    package var table: ShareTable
    /// Where the figures come from, of a closed month.
    package var statement: StatementHeader?
    /// The same evaluated beside a statement's; `nil` where the figures are evaluated, or facts don't answer them any
    /// more.
    package var restated: ShareTable?

    package init(table: ShareTable, statement: StatementHeader? = nil, restated: ShareTable? = nil) {
        self.table = table
        self.statement = statement
        self.restated = restated
    }

    /// The row of an entity. One that a statement only gathers with others is looked for in the evaluated figures.
    package subscript(entity: String) -> ShareTable.Row? {
        if let row = table[entity] { return row }
        return table.rows.contains(where: \.isGathered) ? restated?[entity] : nil
    }

    /// The entities that have a row: the statement's by their figures, then those that it only gathers.
    package var entities: [String] {
        let named = table.rows.filter { !$0.isGathered }.map(\.entity)
        guard named.count < table.rows.count, let restated else { return named }
        return named + restated.rows.map(\.entity).filter { table[$0] == nil }
    }

    /// All figures that stand for the period.
    package var tables: [ShareTable] { [table] + (restated.map { [$0] } ?? []) }
}

/// Periods under a scope, beside each other.
package struct PeriodComparison: Sendable {
    /// The ledger position that evaluated figures count up to.
    package var position: UInt64
    /// The moment up to which recorded facts were taken into account in evaluated figures.
    package var knownAt: Timestamp
    package var from: ComparedPeriod
    package var to: ComparedPeriod

    /// An entity's change.
    package func growth(of entity: String) -> PeriodGrowth {
        growth(Growth(previous: from[entity]?.numerator, current: to[entity]?.numerator ?? 0))
    }

    /// The change of all entities together.
    package var totalGrowth: PeriodGrowth { growth(to.table.totalGrowth(since: from.table)) }

    private func growth(_ growth: Growth) -> PeriodGrowth {
        PeriodGrowth(
            from: from.table.period, to: to.table.period, aggregate: to.table.scope.aggregate, growth: growth)
    }
}

/// The figures of a month that isn't closed, with what they are compared with.
package struct OpenMonth: Sendable {
    package var position: UInt64
    package var knownAt: Timestamp
    package var table: ShareTable
    /// The month before; `nil` where facts don't reach back to it.
    package var previous: ComparedPeriod?
}

/// Where figures of closed months come from.
package enum FigureSource: Sendable {
    /// Their statements.
    case statements
    /// Evaluation, as known at a moment; `nil` for now.
    case evaluation(knownAt: Timestamp?)
}

extension Reports {
    /// Compares two periods under a scope. A month that is closed under it has its statement's figures, with the
    /// evaluated ones beside, unless evaluation is asked for.
    ///
    /// - Throws: as ``answers(to:knownAt:visibility:)`` does, of periods that aren't closed.
    package func compare(
        _ from: Period, with to: Period, under scope: Scope, source: FigureSource, visibility: Visibility
    ) async throws -> PeriodComparison {
        let reading = try await comparison(of: [from, to], under: scope, source: source, visibility: visibility)
        let results = try reading.evaluated.results()
        return PeriodComparison(
            position: results.position, knownAt: results.knownAt,
            from: try reading.period(0, from: results), to: try reading.period(1, from: results))
    }

    /// A month's figures, evaluated, and what their growth is reckoned from: the statement of the month before where
    /// that is closed, unless evaluation is asked for.
    package func openMonth(
        _ month: Period, under scope: Scope, source: FigureSource, visibility: Visibility
    ) async throws -> OpenMonth {
        let periods = [month, month.previous]
        let reading = try await comparison(of: periods, under: scope, source: source, visibility: visibility)
        let results = try reading.evaluated.results()
        return OpenMonth(
            position: results.position, knownAt: results.knownAt, table: try results.table(0),
            previous: try reading.periodIfFactsAnswer(1, from: results))
    }

    private func comparison(
        of periods: [Period], under scope: Scope, source: FigureSource, visibility: Visibility
    ) async throws -> ComparisonReading {
        try await database.snapshot { snapshot in
            let questions = periods.map { ScopeQuestion(scope: scope, period: $0) }
            switch source {
            case .evaluation(let knownAt):
                return ComparisonReading(
                    evaluated: try ScopeReading(questions, knownAt: knownAt, visibility: visibility, from: snapshot),
                    statements: [:])
            case .statements:
                var statements: [Int: Statement] = [:]
                for (index, period) in periods.enumerated() where period.granularity == .month {
                    let closed = try snapshot.approvedStatement(of: period, scope: scope.id)
                    if let closed, closed.content.table.scope.isComparable(with: scope) { statements[index] = closed }
                }
                return ComparisonReading(
                    evaluated: try ScopeReading(questions, knownAt: nil, visibility: visibility, from: snapshot),
                    statements: statements)
            }
        }
    }
}

/// What one snapshot says of periods that are compared.
private struct ComparisonReading: Sendable {
    let evaluated: ScopeReading
    /// By the period's place.
    let statements: [Int: Statement]

    /// - Throws: the cause of the refusal of a period that isn't closed.
    func period(_ index: Int, from results: ScopeResults) throws -> ComparedPeriod {
        guard let statement = statements[index] else { return ComparedPeriod(table: try results.table(index)) }
        return ComparedPeriod(
            table: statement.content.table, statement: statement.header,
            restated: try results.tableIfFactsAnswer(index))
    }

    /// The same; `nil` where facts don't reach back to a period that isn't closed.
    func periodIfFactsAnswer(_ index: Int, from results: ScopeResults) throws -> ComparedPeriod? {
        guard statements[index] == nil else { return try period(index, from: results) }
        return try results.tableIfFactsAnswer(index).map { ComparedPeriod(table: $0) }
    }
}

extension ReportSnapshot {
    /// The statement that a month is closed by under a scope; `nil` where it isn't closed.
    func approvedStatement(of month: Period, scope: String) throws -> Statement? {
        try statements(scope: scope, month: month).first { $0.status == .approved }.map { try statement($0.id) }
    }
}
