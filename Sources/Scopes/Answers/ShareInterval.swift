internal import TextFormats
internal import UsageModel

/// Between which shares an entity's share lies, whatever the tenants turn out to be that nobody has classified yet.
package struct ShareInterval: Sendable, Hashable {
    /// The share if none of the unclassified usage were external customers': the share itself.
    package var ifNone: Share
    /// The share if all of it were.
    package var ifAll: Share
    /// The smallest share that any classification could give: all of the others' were external, none of the entity's
    /// own.
    package var lowest: Share
    /// The largest: all of the entity's own were external, none of the others'.
    package var highest: Share

    /// Whether no classification could change the share.
    package var isPoint: Bool { lowest == highest }
}

extension ShareTable {
    /// The interval of a row's share for what is unclassified. A point where the scope counts unclassified tenants like
    /// external customers, and where nothing is unclassified. Where more of it was taken back than counted, the bounds
    /// are those of all or none of the entity's own and of the others'.
    ///
    /// - Parameter row: one of ``rows``.
    package func interval(of row: Row) -> ShareInterval {
        let isOpen = scope.filters.counts(.externalCustomer) != scope.filters.counts(.unclassified)
        // Where only unclassified tenants count, being external would take usage away; everything is the other way
        // round.
        let counted = scope.filters.counts(.unclassified)
        let own = isOpen ? row.unclassified : 0
        let all = isOpen ? total.unclassified : 0
        func share(own: Int128, others: Int128) -> Share {
            // A published total stays what it is, whatever our tenants turn out to be.
            guard reference == nil else {
                return Share(numerator: counted ? row.numerator - own : row.numerator + own, denominator: denominator)
            }
            return counted
                ? Share(numerator: row.numerator - own, denominator: denominator - own - others)
                : Share(numerator: row.numerator + own, denominator: denominator + own + others)
        }
        let mine = share(own: own, others: 0)
        let theirs = share(own: 0, others: all - own)
        let ifAll = share(own: own, others: all - own)
        guard own < 0 || all < own else {
            return ShareInterval(
                ifNone: row.share, ifAll: ifAll, lowest: counted ? mine : theirs, highest: counted ? theirs : mine)
        }
        // More of it was taken back than counted: which way a classification moves the share isn't known beforehand.
        let shares = [row.share, ifAll, mine, theirs].sorted { $0.isLess(than: $1) }
        return ShareInterval(ifNone: row.share, ifAll: ifAll, lowest: shares[0], highest: shares[3])
    }
}

extension ShareInterval {
    /// The interval as it is published beside a share in percent: the lowest bound rounded down and the highest up, so
    /// that the published share lies between them however it was rounded. A point is the published share.
    ///
    /// - Returns: texts with so many decimals; `nil` where there is no share.
    package func percents(published: String?, decimals: Int) -> (lowest: String?, highest: String?) {
        if isPoint { return (published, published) }
        return (lowest.percentBounds(decimals: decimals)?.down, highest.percentBounds(decimals: decimals)?.up)
    }
}

extension Share {
    /// The share in percent, rounded down and rounded up: what lies outwards of it. `nil` where the
    /// denominator is zero or less.
    package func percentBounds(decimals: Int) -> (down: String, up: String)? {
        guard denominator > 0 else { return nil }
        let (scale, isNegative) = (DecimalText.powerOfTen(decimals) * 100, numerator < 0)
        return Ratio(numerator.magnitude, over: denominator.magnitude).bounds(times: scale).map { bounds in
            let down = Share.signed(DecimalText.render(bounds.down, decimals: decimals), isNegative: isNegative)
            let up = Share.signed(DecimalText.render(bounds.up, decimals: decimals), isNegative: isNegative)
            return isNegative ? (up, down) : (down, up)
        }
    }

    /// Whether the share is smaller than another, compared exactly. A share of nothing is smaller than none.
    package func isLess(than other: Share) -> Bool {
        let left = numerator.multipliedFullWidth(by: other.denominator)
        let right = other.numerator.multipliedFullWidth(by: denominator)
        return left.high != right.high ? left.high < right.high : left.low < right.low
    }
}
