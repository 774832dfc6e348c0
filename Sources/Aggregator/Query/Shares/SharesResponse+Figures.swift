internal import APIModel
internal import Scopes
internal import TextFormats
internal import UsageModel

extension SharesResponse {
    /// The shares of a period with what they are made of.
    ///
    /// - Parameter zone: the scope's.
    init(_ table: ShareTable, position: UInt64, knownAt: Timestamp, zone: ZoneRules) {
        self.init()
        let scope = table.scope
        self.scope = ScopeName(scope)
        period = TimeSpan(table.period, in: zone)
        measure = scope.measure.rawValue
        currency = scope.currency
        aggregate = scope.aggregate.rawValue
        by = scope.entity.rawValue
        asKnownAt = Moment(knownAt)
        self.position = Int(clamping: position)
        denominator = Amount(table.text(of: table.denominator))
        reference = table.reference.map { PublishedTotal($0) }
        warning = table.warning
        negative = table.negativeWarning
        rows = zip(zip(table.rows, table.percentages()), table.percentagesIfAllExternal()).map { row, ifAll in
            ShareRow(row.0, percent: row.1, ifAll: ifAll, in: table)
        }
        total = ShareTotal(of: table)
        gaps = table.gaps.map { RevenueGap($0) }
    }
}

extension ShareRow {
    /// - Parameters:
    ///   - percent: the row's share as it is published.
    ///   - ifAll: the same if all unclassified usage were external.
    fileprivate init(_ row: ShareTable.Row, percent: String?, ifAll: String?, in table: ShareTable) {
        self.init()
        entity = [NamedText(table.scope.entity.rawValue, row.isGathered ? nil : row.entity)]
        rank = row.rank > 0 ? row.rank : nil
        numerator = Amount(table.text(of: row.numerator))
        denominator = Amount(table.text(of: table.denominator))
        sharePercent = percent.map { Percent($0) }
        interval = ShareRange(of: row, published: percent, ifAll: ifAll, in: table)
        amounts = ShareAmounts(row, in: table)
        origin = RevenueOrigin(row, in: table)
        bounds = ShareBounds(of: row, in: table)
        gathered = row.isGathered ? row.gathered : nil
    }
}

extension ShareTotal {
    fileprivate init(of table: ShareTable) {
        self.init()
        numerator = Amount(table.text(of: table.total.numerator))
        amounts = ShareAmounts(table.total, in: table)
        origin = RevenueOrigin(table.total, in: table)
    }
}

extension ShareAmounts {
    fileprivate init(_ row: ShareTable.Row, in table: ShareTable) {
        self.init()
        func amount(_ units: Int128) -> Amount { Amount(table.text(of: units)) }
        published = amount(table.published(row.numerator))
        byKind = KindAmounts(row, in: table)
        unmapped = amount(row.unmapped)
        overLimit = OverLimitAmount(row, in: table)
        estimated = EstimatedAmount(row, in: table)
    }
}

extension OverLimitAmount {
    init(_ row: ShareTable.Row, in table: ShareTable) {
        self.init()
        amount = Amount(table.text(of: row.overLimit))
        percent = row.overLimitShare.percent(decimals: table.scope.precision).map { Percent($0) }
    }
}

extension EstimatedAmount {
    init(_ row: ShareTable.Row, in table: ShareTable) {
        self.init()
        amount = Amount(table.text(of: row.estimated))
        percent = row.estimatedShare.percent(decimals: table.scope.precision).map { Percent($0) }
    }
}

extension KindAmounts {
    init(_ row: ShareTable.Row, in table: ShareTable) {
        self.init()
        func amount(_ units: Int128) -> Amount { Amount(table.text(of: units)) }
        external = amount(row.external)
        ownBusiness = amount(row.ownBusiness)
        unclassified = amount(row.unclassified)
        otherKinds = amount(row.otherKinds)
        outsideFilters = amount(row.outsideFilters)
    }
}

extension RevenueOrigin {
    /// `nil` where the measure is not revenue.
    fileprivate init?(_ row: ShareTable.Row, in table: ShareTable) {
        guard table.scope.measure.source == .revenue else { return nil }
        self.init()
        revenueFrom = row.revenueFromText
        unpricedTokens = Count(row.unpricedTokens)
    }
}

extension ShareRange {
    /// - Parameter published: the row's own share, as it is published.
    fileprivate init(of row: ShareTable.Row, published: String?, ifAll: String?, in table: ShareTable) {
        self.init()
        let percents = table.interval(of: row).percents(published: published, decimals: table.scope.precision)
        self.ifAll = ifAll.map { Percent($0) }
        lowest = percents.lowest.map { Percent($0) }
        highest = percents.highest.map { Percent($0) }
    }
}

extension ShareBounds {
    /// `nil` where shares are not of a published total.
    fileprivate init?(of row: ShareTable.Row, in table: ShareTable) {
        guard let interval = table.referenceInterval(of: row) else { return nil }
        self.init()
        let decimals = table.scope.precision
        lowest = interval.lowest.percentBounds(decimals: decimals).map { Percent($0.down) }
        highest = interval.highest.percentBounds(decimals: decimals).map { Percent($0.up) }
    }
}

extension PublishedTotal {
    fileprivate init(_ total: ReferenceTotal) {
        self.init()
        name = total.name
        period = total.period.description
        scope = total.scope.isEmpty ? nil : total.scope
        value = total.value
        unit = total.unit.text
        precision = total.precision
        source = total.source
        asOf = Day("\(total.asOf)")
    }
}

extension RevenueGap {
    fileprivate init(_ gap: ShareTable.RevenueGap) {
        self.init()
        provider = gap.provider
        layer = gap.layer
        months = gap.months
    }
}
