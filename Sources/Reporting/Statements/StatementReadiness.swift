package import Scopes
package import UsageModel

/// What a month lacks to be closed, by what was delivered of it and what counts.
package struct StatementReadiness {
    let span: StatementSpan
    let rules: StatementRules
    /// Of the providers that the scope includes.
    let coverage: [CollectorDelivery]
    /// Of those providers that have usage of the month, by name.
    private let usage: [String: ProviderDays]
    /// Of those providers, and of ledger positions.
    private let holes: [LedgerHole]
    let table: ShareTable

    /// - Parameter delivery: of every provider.
    package init(span: StatementSpan, rules: StatementRules, delivery: MonthDelivery, table: ShareTable) {
        self.span = span
        self.rules = rules
        let filters = span.scope.filters
        coverage = delivery.collectors.filter { filters.includes(provider: $0.provider) }
        usage = Dictionary(
            delivery.providers.filter { filters.includes(provider: $0.provider) }.map { ($0.provider, $0) }
        ) { first, _ in first }
        holes = delivery.holes.filter { $0.batches.map { filters.includes(provider: $0.provider) } ?? true }
        self.table = table
    }

    /// Everything that is short, or worth a warning; about the month first, then by provider, then by collector.
    package func shortcomings(now: Timestamp) -> [StatementShortcoming] {
        monthNotOver(now) + nothingCounted() + missingPositions() + missingDays() + missingBatches()
            + coverage.flatMap(missing(of:)) + unclassified()
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
        guard table.total.numerator <= 0, table.total.unclassified == 0 else { return [] }
        return [StatementShortcoming(.nothingCounted, text: "Nothing of the month counts under the scope.")]
    }

    private func missingPositions() -> [StatementShortcoming] {
        let missing = holes.filter { $0.batches == nil }
        guard !missing.isEmpty else { return [] }
        return [
            StatementShortcoming(
                .missingPositions,
                text: "Batches that were counted are gone from the ledger: \(missing.named(\.description)).")
        ]
    }

    /// By collector.
    private func missingBatches() -> [StatementShortcoming] {
        Dictionary(grouping: holes.filter { $0.batches != nil }) { $0.batches?.name ?? "" }
            .sorted { $0.key < $1.key }.map { name, missing in
                StatementShortcoming(
                    .missingBatches, subject: name,
                    text: "Batches of \(name) are gone from the ledger: \(missing.named(\.inEpoch)).")
            }
    }

    /// Days without usage, of each provider that some is expected of. A batch says nothing about the days between its
    /// first minute and its last, so that the sums are asked.
    private func missingDays() -> [StatementShortcoming] {
        let expected = Set(coverage.filter(\.isExpected).map(\.provider)).union(usage.keys)
        return expected.sorted().flatMap { provider -> [StatementShortcoming] in
            guard let days = usage[provider], !days.daysWithUsage.isEmpty else {
                return [
                    StatementShortcoming(
                        .silentProvider, subject: provider, text: "\(provider) has no usage of the month.")
                ]
            }
            let all = span.month.dayCount
            var found: [StatementShortcoming] = []
            if days.daysBeforeFirst > 0 {
                found.append(
                    StatementShortcoming(
                        .newProvider, subject: provider, isBlocking: false,
                        text: "\(provider) has usage from \(date(days.daysBeforeFirst + 1)) on and none before: it has "
                            + "none on \(days.daysBeforeFirst) of \(all) days."))
            }
            let missing = days.missingDays(of: all)
            if let first = missing.first {
                found.append(
                    StatementShortcoming(
                        .silentProvider, subject: provider,
                        text: "\(provider) has no usage on \(missing.count) of \(all) days, the first of them "
                            + "\(date(first))."))
            }
            return found
        }
    }

    /// The date of a day of the month, counted from 1.
    private func date(_ day: Int) -> CalendarDate { CalendarDate(days: span.month.from.days + Int64(day) - 1) }

    /// The days of the month on which a collector is silent although its provider has usage.
    private func silentDays(of delivery: CollectorDelivery) -> [Int] {
        let used = Set(usage[delivery.provider]?.daysWithUsage ?? [])
        return delivery.missingDays.filter(used.contains)
    }

    private func missing(of delivery: CollectorDelivery) -> [StatementShortcoming] {
        var found: [StatementShortcoming] = []
        func add(_ code: StatementShortcoming.Code, _ text: String) {
            found.append(StatementShortcoming(code, subject: delivery.name, text: "\(delivery.name) \(text)"))
        }
        if delivery.pending > 0 {
            let (batches, verb) = delivery.pending == 1 ? ("1 batch", "is") : ("\(delivery.pending) batches", "are")
            add(.pendingBatches, "has \(batches) of the month that \(verb) not rolled up yet.")
        }
        if delivery.quarantined > 0 {
            let (batches, verb) =
                delivery.quarantined == 1 ? ("1 batch", "was") : ("\(delivery.quarantined) batches", "were")
            add(.quarantinedBatches, "has \(batches) of the month that \(verb) quarantined.")
        }
        guard delivery.isExpected else { return found }
        let silent = silentDays(of: delivery)
        if let first = silent.first {
            add(
                .silentCollector,
                delivery.missingDays.count == span.month.dayCount
                    ? "delivered nothing of the month."
                    : "delivered nothing on \(silent.count == 1 ? "1 day" : "\(silent.count) days") with usage of its "
                        + "provider, the first of them \(date(first)).")
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
            // amount / whole > limit / 100, without leaving 128 bits. It is too much of nothing, and of less.
            guard whole > 0 else { return true }
            let left = amount.multipliedFullWidth(by: 100)
            let right = whole.multipliedFullWidth(by: Int128(limit))
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
