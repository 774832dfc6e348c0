internal import Crypto
internal import UsageModel

// The canonical form of a statement
// ---------------------------------
// UTF-8, lines of `key=value`, each ended by a line feed, in the order below; nothing else, no blank lines, no spaces that
// aren't part of a value. In values a backslash is `\\`, a comma `\,` and a line feed `\n`. Lines marked * may stand several
// times or not at all, in the order in which the statement lists them; those marked ? are left out where there is nothing
// to say. A line of several values is `name:value,name:value`, in the order below. Amounts are whole numbers in digits, of
// money in 10^-20 of the currency's unit; times are in UTC, to the microsecond where something is decided by them.
//
//     steelyard-statement    1, the version of this form
//     scope, scope-version, scope-sha256
//     month                  such as 2025-06, in the scope's zone
//     zone, calendar         the scope's zone; the zone of the reporting calendar
//     title-en, title-zh, citation
//     definition *           the lines of the scope's own canonical form, one by one
//     known-at               what was recorded by then counts
//     position                   the rollup position
//     denominator
//     reference ?            the published total that the denominator is: name, period, scope?, value, unit, precision,
//                            source, as-of, last-digit (what the last published digit is worth, as an amount)
//     row *                  entity, rank, gathered?, numerator, the amounts of each kind of tenant?, outside-filters?,
//                            unmapped?, unpriced-tokens?, revenue-from? (imported, price-book or imported+price-book)
//     total                  the same of all together
//     gap *                  provider, layer, months: those without a revenue record between months that have one
//     collector *            provider, name, batches, events, refused, first-minute?, last-minute?, last-seen, pending,
//                            quarantined
//     epoch *                provider, collector, epoch, next-sequence, chain
//     shortcoming *          code, subject?, blocking (yes or no), text
//     override-reason ?
//     proposed-at, proposed-by, proposed-token
//
// The SHA-256 of a statement is that of these bytes.

extension StatementContent {
    static let formVersion = "1"

    /// The canonical form: the same statement is always the same bytes.
    package var text: String {
        var lines: [(key: String, value: String)] = []
        func add(_ key: String, _ value: String) { lines.append((key, CanonicalText.escaped(value))) }
        func add(_ key: String, _ record: CanonicalRecord) { lines.append((key, record.text)) }
        let scope = table.scope
        add("steelyard-statement", Self.formVersion)
        add("scope", scope.id)
        add("scope-version", String(scope.version))
        add("scope-sha256", scope.digest)
        add("month", table.period.description)
        add("zone", scope.zone)
        add("calendar", calendar)
        add("title-en", scope.title.en)
        add("title-zh", scope.title.zh)
        add("citation", scope.citation)
        for line in CanonicalText.lines(scope.canonicalForm) ?? [] { add("definition", "\(line.key)=\(line.value)") }
        add("known-at", knownAt)
        add("position", String(position))
        add("denominator", String(table.denominator))
        if let record = table.referenceRecord { add("reference", record) }
        for row in table.rows { add("row", row.record) }
        add("total", table.total.record)
        for gap in table.gaps { add("gap", gap.record) }
        for collector in coverage { add("collector", collector.record) }
        for epoch in highWater { add("epoch", epoch.record) }
        for shortcoming in shortcomings { add("shortcoming", shortcoming.record) }
        if let overrideReason { add("override-reason", overrideReason) }
        add("proposed-at", proposedAt)
        add("proposed-by", proposedBy)
        add("proposed-token", proposedToken)
        return lines.map { "\($0.key)=\($0.value)\n" }.joined()
    }

    /// SHA-256 of a canonical form, as 64 lower-case hexadecimal digits.
    package static func digest(of text: String) -> String {
        Hexadecimal.text(SHA256.hash(data: Array(text.utf8)))
    }
}

extension ShareTable.Row {
    fileprivate var record: CanonicalRecord {
        var record = CanonicalRecord()
        record.add("entity", entity)
        record.add("rank", rank)
        if isGathered { record.add("gathered", gathered) }
        record.add("numerator", numerator)
        for kind in TenantKind.allCases where amount(of: kind) > 0 { record.add(kind.name, amount(of: kind)) }
        if outsideFilters > 0 { record.add("outside-filters", outsideFilters) }
        if unmapped > 0 { record.add("unmapped", unmapped) }
        if unpricedTokens > 0 { record.add("unpriced-tokens", unpricedTokens) }
        record.add("revenue-from", revenueFromText)
        return record
    }
}

extension ShareTable {
    fileprivate var referenceRecord: CanonicalRecord? {
        guard let reference else { return nil }
        var record = CanonicalRecord()
        record.add("name", reference.name)
        record.add("period", reference.period.description)
        record.add("scope", reference.scope.isEmpty ? nil : reference.scope)
        record.add("value", reference.value)
        record.add("unit", reference.unit.text)
        record.add("precision", reference.precision)
        record.add("source", reference.source)
        record.add("as-of", "\(reference.asOf)")
        record.add("last-digit", referencePrecision)
        return record
    }
}

extension ShareTable.RevenueGap {
    fileprivate var record: CanonicalRecord {
        var record = CanonicalRecord()
        record.add("provider", provider)
        record.add("layer", layer)
        record.add("months", months.joined(separator: " "))
        return record
    }
}

extension StatementCoverage {
    fileprivate var record: CanonicalRecord {
        var record = CanonicalRecord()
        record.add("provider", provider)
        record.add("name", collector)
        record.add("batches", batches)
        record.add("events", events)
        record.add("refused", refused)
        record.add("first-minute", firstMinute)
        record.add("last-minute", lastMinute)
        record.add("last-seen", lastSeen)
        record.add("pending", pending)
        record.add("quarantined", quarantined)
        return record
    }
}

extension StatementHighWater {
    fileprivate var record: CanonicalRecord {
        var record = CanonicalRecord()
        record.add("provider", provider)
        record.add("collector", collector)
        record.add("epoch", epoch)
        record.add("next-sequence", nextSequence)
        record.add("chain", chain)
        return record
    }
}

extension StatementShortcoming {
    fileprivate var record: CanonicalRecord {
        var record = CanonicalRecord()
        record.add("code", code.rawValue)
        record.add("subject", subject.isEmpty ? nil : subject)
        record.add("blocking", isBlocking ? "yes" : "no")
        record.add("text", text)
        return record
    }
}
