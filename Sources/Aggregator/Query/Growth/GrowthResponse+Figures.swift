internal import APIModel
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension GrowthResponse {
    /// The growth from one period to another.
    ///
    /// - Parameters:
    ///   - scope: as the installation has it.
    ///   - entities: empty for all of them.
    init(_ scope: Scope, comparison: PeriodComparison, entities: [String]) {
        self.init()
        let (earlier, later) = (comparison.from, comparison.to)
        self.scope = ScopeName(scope)
        figure = ScopeFigure(scope)
        by = scope.entity.rawValue
        fromPeriod = DateSpan(earlier.table.period)
        toPeriod = DateSpan(later.table.period)
        asKnownAt = Moment(comparison.knownAt)
        position = Int(clamping: comparison.position)
        fromStatement = earlier.statement.map { ClosedStatement($0) }
        toStatement = later.statement.map { ClosedStatement($0) }
        let total = comparison.totalGrowth
        warning = total.warning
        // By their later figures, then those that are gone at the end, then all of them together. Nothing isn't a
        // total of 0.
        let names = later.entities + earlier.entities.filter { later[$0] == nil }
        guard !names.isEmpty else { return }
        let shown = entities.isEmpty ? names : entities
        rows =
            shown.map { GrowthRow($0, comparison.growth(of: $0), in: comparison, under: scope) }
            + [GrowthRow(nil, total, in: comparison, under: scope)]
    }
}

extension GrowthRow {
    /// - Parameter entity: `nil` for all together.
    fileprivate init(_ entity: String?, _ growth: PeriodGrowth, in comparison: PeriodComparison, under scope: Scope) {
        self.init()
        self.entity = entity
        let (earlier, later) = (comparison.from.table, comparison.to.table)
        let (before, after) = (growth.growth.previous ?? 0, growth.growth.current)
        fromAmount = Amount(earlier.text(of: before))
        toAmount = Amount(later.text(of: after))
        fromPublished = Amount(earlier.text(of: earlier.published(before)))
        toPublished = Amount(later.text(of: later.published(after)))
        func multiple(_ growth: PeriodGrowth) -> DecimalNumber? {
            growth.multiple(decimals: FigureFormat.multipleDecimals).map { DecimalNumber($0) }
        }
        func percent(_ growth: PeriodGrowth) -> Percent? {
            growth.percent(decimals: scope.precision).map { Percent($0) }
        }
        self.multiple = multiple(growth)
        self.percent = percent(growth)
        let perDay = PeriodGrowth(
            from: growth.from, to: growth.to, aggregate: .dailyAverage, growth: growth.growth)
        perDayMultiple = multiple(perDay)
        perDayPercent = percent(perDay)
        fromOverLimit = Amount(earlier.text(of: earlier.overLimit(of: entity)))
        toOverLimit = Amount(later.text(of: later.overLimit(of: entity)))
        fromEstimated = Amount(earlier.text(of: earlier.estimated(of: entity)))
        toEstimated = Amount(later.text(of: later.estimated(of: entity)))
        func restated(_ table: ShareTable?) -> Amount? {
            guard let table else { return nil }
            let row = entity.map { table[$0] } ?? table.total
            return Amount(table.text(of: row?.numerator ?? 0))
        }
        fromRestated = restated(comparison.from.restated)
        toRestated = restated(comparison.to.restated)
    }
}
