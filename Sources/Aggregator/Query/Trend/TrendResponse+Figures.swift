internal import APIModel
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension TrendResponse {
    /// - Parameters:
    ///   - scope: as the installation has it.
    ///   - answers: a table for each step.
    init(_ scope: Scope, period: Period, answers: ScopeAnswers, trends: [Trend], events: [TrendEvent]) {
        self.init()
        self.scope = ScopeName(scope)
        self.period = DateSpan(period)
        figure = ScopeFigure(scope)
        by = scope.entity.rawValue
        asKnownAt = Moment(answers.knownAt)
        position = Int(clamping: answers.position)
        // Nothing in any step isn't a series of 0.
        let isEmpty = answers.tables.allSatisfy(\.rows.isEmpty)
        series = (isEmpty ? [] : trends).map { trend in
            TrendSeries {
                $0.entity = trend.entity
                $0.points = zip(trend.points, answers.tables).map { TrendPoint($0, in: $1, under: scope) }
            }
        }
        self.events = events.map { MarketEvent($0) }
    }
}

extension TrendPoint {
    fileprivate init(_ point: Trend.Point, in table: ShareTable, under scope: Scope) {
        self.init()
        period = DateSpan(point.period)
        amount = Amount(table.text(of: point.amount))
        published = Amount(table.text(of: point.published))
        denominator = Amount(table.text(of: table.denominator))
        sharePercent = point.percent.map { Percent($0) }
        change = point.change.map { Change($0.text(scope.measure.text(of:))) }
        changePercent = point.growth?.percent(decimals: scope.precision).map { Percent($0) }
        multiple = point.growth?.multiple(decimals: FigureFormat.multipleDecimals).map { DecimalNumber($0) }
        overLimit = Amount(table.text(of: point.overLimit))
        estimated = Amount(table.text(of: point.estimated))
        inflection = point.inflection.map { TrendInflection($0) }
    }
}

extension TrendInflection {
    fileprivate init(_ inflection: Inflection) {
        self.init()
        status = inflection.isProvisional ? Self.provisional : Self.confirmed
        acceleration = inflection.acceleration(decimals: FigureFormat.multipleDecimals).map { DecimalNumber($0) }
    }
}

extension MarketEvent {
    fileprivate init(_ event: TrendEvent) {
        self.init()
        date = Day("\(event.date)")
        title = event.title
        citation = event.citation
    }
}
