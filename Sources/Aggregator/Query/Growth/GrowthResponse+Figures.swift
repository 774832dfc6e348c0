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
    ///   - answers: two tables, of the earlier period and of the later.
    ///   - entities: empty for all of them.
    init(_ scope: Scope, answers: ScopeAnswers, entities: [String]) {
        self.init()
        let (earlier, later) = (answers.tables[0], answers.tables[1])
        self.scope = ScopeName(scope)
        figure = ScopeFigure(scope)
        by = scope.entity.rawValue
        fromPeriod = DateSpan(earlier.period)
        toPeriod = DateSpan(later.period)
        asKnownAt = Moment(answers.knownAt)
        position = Int(clamping: answers.position)
        let total = later.totalPeriodGrowth(since: earlier)
        warning = total.warning
        // By their later figures, then those that are gone at the end, then all of them together.
        let names = later.rows.map(\.entity) + earlier.rows.map(\.entity).filter { later[$0] == nil }
        let shown = entities.isEmpty ? names : entities
        rows =
            shown.map {
                GrowthRow($0, later.periodGrowth(of: $0, since: earlier), from: earlier, to: later, under: scope)
            } + [GrowthRow(nil, total, from: earlier, to: later, under: scope)]
    }
}

extension GrowthRow {
    fileprivate init(
        _ entity: String?, _ growth: PeriodGrowth, from earlier: ShareTable, to later: ShareTable, under scope: Scope
    ) {
        self.init()
        self.entity = entity
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
    }
}
