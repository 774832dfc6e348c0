internal import APIModel
internal import Reporting
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension MonthlyShareResponse {
    /// The monthly figures for finance: a row for each provider (or what the scope divides among), one of the others
    /// together where the scope names only the largest, and one of totals.
    ///
    /// - Parameters:
    ///   - previous: the month before, as its statement has it where it is closed; `nil` where facts don't reach back
    ///     to it.
    ///   - closed: where the figures come from, for a month that is closed.
    init(
        _ table: ShareTable, previous: ComparedPeriod?, position: UInt64, knownAt: Timestamp,
        statement closed: StatementHeader? = nil
    ) {
        self.init()
        month = table.period.description
        scope = ScopeName(table.scope)
        zone = table.scope.zone
        measure = table.scope.measure.rawValue
        currency = table.scope.currency
        asKnownAt = Moment(knownAt)
        self.position = Int(clamping: position)
        statement = closed.map { ClosedStatement($0) }
        previousStatement = previous?.statement.map { ClosedStatement($0) }
        let earlier = previous.flatMap { $0.table.rows.isEmpty ? nil : $0 }
        // Nothing isn't a total of 0.
        guard !table.rows.isEmpty else { return }
        rows =
            zip(table.rows, table.percentages()).map { MonthlyShareRow($0, percent: $1, in: table, since: earlier) }
            + [MonthlyShareRow(totalOf: table, since: earlier)]
    }

    var fileName: String { "steelyard-monthly-share-\(month)-\(scope.id)-v\(scope.version).csv" }
}

extension MonthlyShareRow {
    /// - Parameter earlier: the month before.
    fileprivate init(_ line: ShareTable.Row, percent: String?, in table: ShareTable, since earlier: ComparedPeriod?) {
        self.init(line, in: table)
        sharePercent = percent.map { Percent($0) }
        guard !line.isGathered else {
            row = Self.other
            return
        }
        row = table.scope.entity.rawValue
        entity = [NamedText(table.scope.entity.rawValue, line.entity)]
        rank = line.rank > 0 ? line.rank : nil
        // The others together aren't the same ones each month, so only what has a name has a growth.
        set(
            Growth(previous: earlier?[line.entity]?.numerator, current: line.numerator), in: table,
            restated: earlier?.restated.map { $0[line.entity]?.numerator ?? 0 })
    }

    fileprivate init(totalOf table: ShareTable, since earlier: ComparedPeriod?) {
        self.init(table.total, in: table)
        row = Self.total
        let whole = Share(numerator: table.total.numerator, denominator: table.denominator)
        sharePercent = whole.percent(decimals: table.scope.precision).map { Percent($0) }
        set(
            table.totalGrowth(since: earlier?.table), in: table, restated: earlier?.restated?.total.numerator)
    }

    private init(_ line: ShareTable.Row, in table: ShareTable) {
        self.init()
        func amount(_ units: Int128) -> Amount { Amount(table.text(of: units)) }
        entity = [NamedText(table.scope.entity.rawValue, nil)]
        external = amount(line.external)
        ownBusiness = amount(line.ownBusiness)
        unclassified = amount(line.unclassified)
        otherKinds = amount(line.otherKinds)
        numerator = amount(line.numerator)
        denominator = amount(table.denominator)
        unmapped = amount(line.unmapped)
        overLimit = OverLimitAmount(line, in: table)
        estimated = EstimatedAmount(line, in: table)
        revenueFrom = line.revenueFromText
        unpricedTokens = Count(line.unpricedTokens)
    }

    private mutating func set(_ growth: Growth, in table: ShareTable, restated: Int128?) {
        previousRestated = restated.map { Amount(table.text(of: $0)) }
        previousNumerator = growth.previous.map { Amount(table.text(of: $0)) }
        monthOnMonthPercent = growth.percent(decimals: table.scope.precision).map { percent in
            // Of this answer no format has a plus sign: finance reads it into spreadsheets.
            Percent(percent.hasPrefix("+") ? String(percent.dropFirst()) : percent)
        }
    }
}

extension ClosedStatement {
    init(_ header: StatementHeader) {
        self.init()
        id = Int(header.id)
        status = "closed"
        sha256 = HexDigest(header.digest)
        approvedAt = header.decision.map { Moment($0.at) }
        approvedBy = header.decision?.person.holder
    }
}
