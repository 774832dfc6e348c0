/// How an entity's figure, or that of all entities together, went from step to step under one scope.
package struct Trend: Sendable {
    package struct Point: Sendable {
        package var period: Period
        /// The sum over the step.
        package var amount: Int128
        /// See ``ShareTable/Row/overLimit``.
        package var overLimit: Int128
        /// See ``ShareTable/Row/estimated``.
        package var estimated: Int128
        /// The figure as the scope publishes it; see ``ShareTable/published(_:)``.
        package var published: Int128
        package var share: Share
        /// In percent, adding up to 100 over the step's table; `nil` where nothing was counted.
        package var percent: String?
        /// Against the step before; `nil` at the first.
        package var change: AmountChange?
        /// Against the step before; `nil` at the first.
        package var growth: PeriodGrowth?
        /// Set where growth takes off.
        package var inflection: Inflection?
    }

    /// `nil` for all entities together.
    package let entity: String?
    package let points: [Point]

    /// - Parameters:
    ///   - tables: of one scope that names every entity, one for each step in their order.
    ///   - entity: `nil` for all entities together.
    package init(_ tables: [ShareTable], entity: String?) {
        let amounts = tables.map { table in entity.map { table[$0]?.numerator ?? 0 } ?? table.total.numerator }
        let inflections = Inflection.points(
            in: zip(tables, amounts).map { Inflection.Step(amount: $1, days: $0.period.dayCount) })
        self.entity = entity
        points = tables.indices.map { index in
            let (table, amount) = (tables[index], amounts[index])
            let earlier = index > 0 ? tables[index - 1] : nil
            return Point(
                period: table.period, amount: amount, overLimit: table.overLimit(of: entity),
                estimated: table.estimated(of: entity),
                published: table.published(amount),
                share: Share(numerator: amount, denominator: table.denominator),
                percent: table.percent(of: entity),
                change: earlier.map { _ in AmountChange(from: amounts[index - 1], to: amount) },
                growth: earlier.map { earlier in
                    entity.map { table.periodGrowth(of: $0, since: earlier) }
                        ?? table.totalPeriodGrowth(since: earlier)
                },
                inflection: inflections.first { $0.index == index })
        }
    }
}

extension ShareTable {
    /// What of an entity's usage, or of all of it, is counted under names beyond a budget.
    package func overLimit(of entity: String?) -> Int128 {
        guard let entity else { return total.overLimit }
        return self[entity]?.overLimit ?? 0
    }

    /// What of an entity's figure, or of that of all together, is somebody's estimate.
    package func estimated(of entity: String?) -> Int128 {
        guard let entity else { return total.estimated }
        return self[entity]?.estimated ?? 0
    }

    /// The published percentage of an entity, or of all of them together. An entity without a row has nothing of it.
    package func percent(of entity: String?) -> String? {
        guard let entity else {
            return Share(numerator: total.numerator, denominator: denominator).percent(decimals: scope.precision)
        }
        guard let place = rows.firstIndex(where: { $0.entity == entity && !$0.isGathered }) else {
            return Share(numerator: 0, denominator: denominator).percent(decimals: scope.precision)
        }
        return percentages()[place]
    }
}
