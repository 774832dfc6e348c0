internal import TextFormats
internal import UsageModel

extension StatementContent {
    /// Reads a statement back from its canonical form.
    ///
    /// - Throws: ``StatementTextError`` for any text that isn't exactly the canonical form of a statement.
    package init(text: String) throws(StatementTextError) {
        let lines = try StatementLines(text)
        guard try lines.one("steelyard-statement") == Self.formVersion else {
            throw StatementTextError("The statement is in a form that this program doesn't know.")
        }
        self.init(
            table: try lines.table(), calendar: try lines.one("calendar"), knownAt: try lines.one("known-at"),
            position: try lines.number("position"), coverage: try lines.each("collector", StatementCoverage.init(_:)),
            highWater: try lines.each("epoch", StatementHighWater.init(_:)),
            shortcomings: try lines.each("shortcoming", StatementShortcoming.init(_:)),
            overrideReason: try lines.optional("override-reason"), proposedAt: try lines.one("proposed-at"),
            proposedBy: try lines.one("proposed-by"), proposedToken: try lines.one("proposed-token"))
        // Every other mistake: order, unknown and repeated lines, another spelling.
        guard self.text.utf8.elementsEqual(text.utf8) else {
            throw StatementTextError("The statement is not in its canonical form.")
        }
    }
}

/// The lines of a statement by key.
private struct StatementLines {
    private var values: [String: [String]] = [:]

    init(_ text: String) throws(StatementTextError) {
        guard let lines = CanonicalText.lines(text) else {
            throw StatementTextError("A statement is made of lines of key=value.")
        }
        for line in lines { values[line.key, default: []].append(line.value) }
    }

    func optional(_ key: String) throws(StatementTextError) -> String? {
        guard let raw = values[key]?.first else { return nil }
        guard let text = CanonicalText.text(raw) else { throw StatementTextError("The line \(key) is misspelt.") }
        return text
    }

    func one(_ key: String) throws(StatementTextError) -> String {
        guard let text = try optional(key) else { throw StatementTextError("The statement has no line \(key).") }
        return text
    }

    func number<Value: FixedWidthInteger>(_ key: String) throws(StatementTextError) -> Value {
        guard let value = Value(try one(key)) else { throw StatementTextError("The line \(key) is no whole number.") }
        return value
    }

    func each<Value>(
        _ key: String, _ read: (CanonicalRecord) throws(StatementTextError) -> Value
    ) throws(StatementTextError) -> [Value] {
        var result: [Value] = []
        for text in values[key] ?? [] { result.append(try read(try CanonicalRecord(text))) }
        return result
    }

    private func scope() throws(StatementTextError) -> Scope {
        var form = ""
        for raw in values["definition"] ?? [] {
            guard let line = CanonicalText.text(raw) else {
                throw StatementTextError("A line of the definition is misspelt.")
            }
            form += line + "\n"
        }
        let title = LocalizedText(en: try one("title-en"), zh: try one("title-zh"))
        do throws(CanonicalFormError) {
            return try Scope(canonicalForm: form, title: title, citation: try citation())
        } catch {
            throw StatementTextError(error.description)
        }
    }

    private func citation() throws(CanonicalFormError) -> String {
        do throws(StatementTextError) {
            return try one("citation")
        } catch {
            throw CanonicalFormError(error.description)
        }
    }

    func table() throws(StatementTextError) -> ShareTable {
        let month = try one("month")
        guard let period = try? Period(month), period.granularity == .month else {
            throw StatementTextError("\"\(month.prefix(40))\" is no calendar month.")
        }
        let denominator: UInt128 = try number("denominator")
        let rows = try each("row") { record throws(StatementTextError) in
            try ShareTable.Row(record, denominator: denominator)
        }
        let totals = try each("total") { record throws(StatementTextError) in
            try ShareTable.Row(record, denominator: denominator)
        }
        guard let total = totals.first else { throw StatementTextError("The statement has no line total.") }
        let reference = try each("reference", FrozenReference.init(_:)).first
        return ShareTable(
            scope: try scope(), period: period, frozen: rows, denominator: denominator, reference: reference?.total,
            referencePrecision: reference?.lastDigit ?? 0, gaps: try each("gap", ShareTable.RevenueGap.init(_:)),
            total: total)
    }
}

extension ShareTable.Row {
    fileprivate init(_ record: CanonicalRecord, denominator: UInt128) throws(StatementTextError) {
        var byKind: [TenantKind: UInt128] = [:]
        for kind in TenantKind.allCases where record[kind.name] != nil { byKind[kind] = try record.number(kind.name) }
        let numerator: UInt128 = try record.number("numerator")
        self.init(
            entity: try record.required("entity"),
            gathered: record["gathered"] == nil ? 0 : try record.number("gathered"), numerator: numerator,
            byKind: byKind,
            outsideFilters: try record.amount("outside-filters"), unmapped: try record.amount("unmapped"),
            unpricedTokens: try record.amount("unpriced-tokens"),
            revenueFrom: try Self.sources(record["revenue-from"]),
            share: Share(numerator: numerator, denominator: denominator), rank: try record.number("rank"))
    }

    private static func sources(_ text: String?) throws(StatementTextError) -> Set<ShareTable.RevenueSource> {
        var sources: Set<ShareTable.RevenueSource> = []
        for word in text?.split(separator: "+") ?? [] {
            guard let source = ShareTable.RevenueSource(rawValue: String(word)) else {
                throw StatementTextError("\"\(word.prefix(40))\" is no source of revenue.")
            }
            sources.insert(source)
        }
        return sources
    }
}

/// The published total of a statement, with what its last digit is worth.
private struct FrozenReference {
    let total: ReferenceTotal
    let lastDigit: UInt128

    init(_ record: CanonicalRecord) throws(StatementTextError) {
        let unit = ReferenceTotal.Unit(try record.required("unit"))
        let (value, precision) = (try record.required("value"), try record.required("precision"))
        func parsed(_ text: String) -> UInt128? {
            DecimalText.parse(text, decimals: FactSyntax.amountDecimals, wholeDigits: FactSyntax.maxCountDigits)
        }
        guard let period = try? Period(record.required("period")),
            let asOf = CalendarDate(try record.required("as-of")),
            let millionths = parsed(value), let precisionMillionths = parsed(precision)
        else { throw StatementTextError("The line reference is misspelt.") }
        total = ReferenceTotal(
            name: try record.required("name"), period: period, scope: record["scope"] ?? "", value: value, unit: unit,
            precision: precision, source: try record.required("source"), asOf: asOf, millionths: millionths,
            precisionMillionths: precisionMillionths)
        lastDigit = try record.number("last-digit")
    }
}

extension ShareTable.RevenueGap {
    fileprivate init(_ record: CanonicalRecord) throws(StatementTextError) {
        self.init(
            provider: try record.required("provider"), layer: try record.required("layer"),
            months: try record.required("months").split(separator: " ").map(String.init))
    }
}

extension StatementCoverage {
    fileprivate init(_ record: CanonicalRecord) throws(StatementTextError) {
        self.init(
            provider: try record.required("provider"), collector: try record.required("name"),
            batches: try record.number("batches"), events: try record.number("events"),
            refused: try record.number("refused"), firstMinute: record["first-minute"],
            lastMinute: record["last-minute"], lastSeen: try record.required("last-seen"),
            pending: try record.number("pending"), quarantined: try record.number("quarantined"))
    }
}

extension StatementHighWater {
    fileprivate init(_ record: CanonicalRecord) throws(StatementTextError) {
        self.init(
            provider: try record.required("provider"), collector: try record.required("collector"),
            epoch: try record.number("epoch"), nextSequence: try record.number("next-sequence"),
            chain: try record.required("chain"))
    }
}

extension StatementShortcoming {
    fileprivate init(_ record: CanonicalRecord) throws(StatementTextError) {
        guard let code = Code(rawValue: try record.required("code")) else {
            throw StatementTextError("The statement names a shortcoming that this program doesn't know.")
        }
        self.init(
            code, subject: record["subject"] ?? "", isBlocking: try record.required("blocking") == "yes",
            text: try record.required("text"))
    }
}
