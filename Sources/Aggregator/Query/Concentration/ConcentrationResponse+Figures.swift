internal import APIModel
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension ConcentrationResponse {
    /// How concentrated a market is.
    ///
    /// - Parameters:
    ///   - scope: as the installation has it.
    ///   - figures: with every entity by name.
    init(_ scope: Scope, _ figures: ScopeAnswer) {
        self.init()
        let table = figures.table
        self.scope = ScopeName(scope)
        period = DateSpan(table.period)
        figure = ScopeFigure(scope)
        by = scope.entity.rawValue
        asKnownAt = Moment(figures.knownAt)
        position = Int(clamping: figures.position)
        entities = table.rows.count { $0.numerator > 0 }
        denominator = Amount(table.text(of: table.denominator))
        let concentration = table.concentration
        func numerator(_ share: Share?) -> Amount? { share.map { Amount(table.text(of: $0.numerator)) } }
        func percent(_ share: Share?) -> Percent? {
            share?.percent(decimals: scope.precision).map { Percent($0) }
        }
        cr1Numerator = numerator(concentration?.cr1)
        cr1Percent = percent(concentration?.cr1)
        cr3Numerator = numerator(concentration?.cr3)
        cr3Percent = percent(concentration?.cr3)
        overLimit = OverLimitAmount(table.total, in: table)
        estimated = EstimatedAmount(table.total, in: table)
        hhi = concentration?.hhi(decimals: FigureFormat.indexDecimals).map { DecimalNumber($0) }
    }
}
