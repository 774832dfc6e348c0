package import Scopes
package import UsageModel

/// What a month lacks to be closed, by what was delivered of it and what counts.
package struct StatementReadiness {
    let span: StatementSpan
    let rules: StatementRules
    /// Of the providers that the scope includes.
    let coverage: [CollectorDelivery]
    let table: ShareTable

    /// - Parameter deliveries: of every provider.
    package init(span: StatementSpan, rules: StatementRules, deliveries: [CollectorDelivery], table: ShareTable) {
        self.span = span
        self.rules = rules
        coverage = deliveries.filter { span.scope.filters.includes(provider: $0.provider) }
        self.table = table
    }

    /// Everything that is short, or worth a warning; about the month first, then by collector.
    package func shortcomings(now: Timestamp) -> [StatementShortcoming] {
        monthNotOver(now) + nothingCounted() + coverage.flatMap(missing(of:)) + unclassified()
    }

    private func monthNotOver(_ now: Timestamp) -> [StatementShortcoming] {
        let due = span.due(rules)
        guard now < due else { return [] }
        return [
            StatementShortcoming(
                .monthNotOver,
                text: "The month and the grace after it end at \(CivilTime.clockText(second: due.seconds))Z.")
        ]
    }

    private func nothingCounted() -> [StatementShortcoming] {
        guard table.total.numerator == 0, table.total.unclassified == 0 else { return [] }
        return [StatementShortcoming(.nothingCounted, text: "Nothing of the month counts under the scope.")]
    }

    private func missing(of delivery: CollectorDelivery) -> [StatementShortcoming] {
        var found: [StatementShortcoming] = []
        func add(_ code: StatementShortcoming.Code, _ text: String) {
            found.append(StatementShortcoming(code, subject: delivery.name, text: "\(delivery.name) \(text)"))
        }
        if delivery.pending > 0 {
            add(.pendingBatches, "has \(delivery.pending) batches of the month that are not rolled up yet.")
        }
        if delivery.quarantined > 0 {
            add(.quarantinedBatches, "has \(delivery.quarantined) batches of the month that were quarantined.")
        }
        guard delivery.isExpected else { return found }
        if let first = delivery.missingDays.first {
            let (missing, all) = (delivery.missingDays.count, span.month.dayCount)
            let date = CalendarDate(days: span.month.from.days + Int64(first) - 1)
            add(
                .silentCollector,
                missing == all
                    ? "delivered nothing of the month."
                    : "delivered nothing on \(missing) of \(all) days, the first of them \(date).")
        }
        if delivery.lastSeen < span.due(rules) {
            let seen = CivilTime.clockText(second: delivery.lastSeen.seconds)
            add(.collectorNotSeen, "was last seen at \(seen)Z, before the end of the month and the grace after it.")
        }
        return found
    }

    /// Only where unclassified usage might count: a scope that counts every kind counts it anyway.
    private func unclassified() -> [StatementShortcoming] {
        let amount = table.total.unclassified
        guard amount > 0, !span.scope.filters.counts(.unclassified) else { return [] }
        let whole = amount + table.total.numerator
        let isTooMuch = rules.maxUnclassifiedPercent.map { limit in
            // amount / whole > limit / 100, without leaving 128 bits.
            let left = amount.multipliedFullWidth(by: 100)
            let right = whole.multipliedFullWidth(by: UInt128(limit))
            return (left.high, left.low) > (right.high, right.low)
        }
        let percent = Share(numerator: amount, denominator: whole).percent(decimals: table.scope.precision) ?? "0"
        let limit = rules.maxUnclassifiedPercent.map { "; the limit is \($0) %" } ?? ""
        return [
            StatementShortcoming(
                .unclassifiedUsage, isBlocking: isTooMuch ?? false,
                text: "Nobody has classified \(percent) % of what might count\(limit).")
        ]
    }
}
