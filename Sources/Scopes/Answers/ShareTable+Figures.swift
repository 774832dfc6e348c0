internal import TextFormats

extension ShareTable {
    /// The row of an entity, if it has one of its own.
    package subscript(entity: String) -> Row? {
        rows.first { $0.entity == entity && !$0.isGathered }
    }

    /// The shares in percent, in the order of ``rows``, adding up to exactly 100 (largest remainder).
    ///
    /// - Parameter decimals: `nil` takes the scope's precision of publication.
    /// - Returns: `nil` for each row where nothing at all was counted.
    package func percentages(decimals: Int? = nil) -> [String?] {
        Share.percentages(
            of: rows.map(\.numerator), denominator: denominator, decimals: decimals ?? scope.precision)
    }

    /// The figure that the scope publishes for an amount: the sum itself, or its average per day of the period. Counts are
    /// rounded half up to a whole number, money half to even to 6 decimals, once.
    package func published(_ amount: UInt128) -> UInt128 {
        let days = scope.aggregate == .dailyAverage ? period.dayCount : 1
        guard scope.measure.isMoney else { return TokenText.perDay(amount, days: days) }
        let unit = DecimalText.powerOfTen(Money.tableDecimals - Money.publishedDecimals)
        return (Ratio(amount, unit * UInt128(days)).roundedHalfToEven ?? 0) * unit
    }

    /// An entity's change against the table of the period before; `nil` as the earlier figure where that table is
    /// missing or has no row for the entity.
    package func growth(of entity: String, since previous: ShareTable?) -> Growth {
        Growth(previous: previous?[entity]?.numerator, current: self[entity]?.numerator ?? 0)
    }

    /// The change of all entities together.
    package func totalGrowth(since previous: ShareTable?) -> Growth {
        let earlier = previous.flatMap { $0.rows.isEmpty ? nil : $0.total.numerator }
        return Growth(previous: earlier, current: total.numerator)
    }
}

extension ShareTable.Row {
    /// `imported`, `price-book`, or both with a plus; `nil` where no revenue counts.
    package var revenueFromText: String? {
        let sources = ShareTable.RevenueSource.allCases.filter(revenueFrom.contains).map(\.rawValue)
        return sources.isEmpty ? nil : sources.joined(separator: "+")
    }
}
