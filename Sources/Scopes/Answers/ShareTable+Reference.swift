internal import TextFormats

extension ShareTable {
    /// Between which shares of a published total a row lies, given how precisely the total was published: it is within half
    /// of its precision around its value. `nil` where shares are of everything counted.
    ///
    /// Where the precision is twice the total or more, the highest share is of 0: undefined.
    package func referenceInterval(of row: Row) -> (lowest: Share, highest: Share)? {
        guard reference != nil else { return nil }
        // In halves, so that half of the precision is a whole number; ``init`` has made sure that they fit.
        let (numerator, middle) = (2 * row.numerator, 2 * denominator)
        return (
            Share(numerator: numerator, denominator: middle + referencePrecision),
            Share(
                numerator: numerator, denominator: middle > referencePrecision ? middle - referencePrecision : 0)
        )
    }
}

extension ScopeEvaluator {
    /// The published total that shares are shares of; ``init`` has made sure that it is there.
    var reference: ReferenceTotal? {
        guard case .referenceTotal(let name) = scope.denominator else { return nil }
        return facts.referenceTotal(name, for: period)
    }

    /// A reference total's value and precision in the units of the table, over the whole period.
    func units(of total: ReferenceTotal) throws(UnanswerableScope) -> (value: UInt128, precision: UInt128) {
        let days = total.unit.isPerDay ? UInt128(period.dayCount) : 1
        let one = DecimalText.powerOfTen(FactSyntax.amountDecimals)
        let perUnit = scope.measure.isMoney ? DecimalText.powerOfTen(Money.tableDecimals) / one : 1
        func units(_ millionths: UInt128) throws(UnanswerableScope) -> UInt128 {
            // A count is whole; money has more decimals in the table than in the file.
            try product(scope.measure.isMoney ? millionths : millionths / one, perUnit * days)
        }
        let (value, precision) = (try units(total.millionths), try units(total.precisionMillionths))
        let limit = UInt128.max / 4
        guard value < limit, precision < limit, tally.counted < limit else { throw .tooLarge(scope) }
        return (value, precision)
    }
}
