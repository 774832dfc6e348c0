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

    /// The figure that the scope publishes for an amount: the sum itself, or its average per day of the period,
    /// rounded half up to a whole number.
    package func published(_ amount: UInt128) -> UInt128 {
        switch scope.aggregate {
        case .sum: amount
        case .dailyAverage: TokenText.perDay(amount, days: period.dayCount)
        }
    }

    /// The same before it is rounded: the sum over 1, or over the calendar days of the period.
    package func exactlyPublished(_ amount: UInt128) -> Ratio {
        switch scope.aggregate {
        case .sum: Ratio(amount, 1)
        case .dailyAverage: Ratio(amount, UInt128(period.dayCount))
        }
    }

    /// An entity's change against the table of the period before; `nil` as the earlier figure where that table is
    /// missing or has no row for the entity.
    package func growth(of entity: String, since previous: ShareTable?) -> Growth {
        Growth(previous: previous?[entity]?.numerator, current: self[entity]?.numerator ?? 0)
    }

    /// The change of all entities together.
    package func totalGrowth(since previous: ShareTable?) -> Growth {
        let earlier = previous.flatMap { $0.rows.isEmpty ? nil : $0.denominator }
        return Growth(previous: earlier, current: denominator)
    }
}
