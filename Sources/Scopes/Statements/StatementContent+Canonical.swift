internal import Crypto
internal import TextFormats
internal import UsageModel

// The canonical form of a statement
// ---------------------------------
// Canonical JSON (RFC 8785), one object with the members below; docs/closing.md has the same list for readers outside.
// Those marked ? are left out where there is nothing to say. Amounts, positions and sequences are texts of digits,
// because JSON's numbers are doubles, with a minus where more was taken back than counted; amounts of money are in
// 10^-20 of the currency's unit. Times are in UTC, to the microsecond where something is decided by them.
//
//     format            "steelyard-statement/2"
//     scope             the scope's own canonical form, as an object
//     scope_sha256      the SHA-256 of that object's bytes
//     title             {en, zh}
//     citation
//     month             such as "2025-06", in the scope's zone
//     calendar          the zone of the reporting calendar
//     known_at          what was recorded by then counts
//     position          the rollup position
//     denominator
//     reference ?       the published total that the denominator is: {name, period, scope ?, value, unit, precision,
//                       source, as_of, last_digit (what the last published digit is worth, as an amount)}
//     rows              [{entity, rank, gathered ?, numerator, by_kind {kind of tenant: amount other than 0},
//                       outside_filters ?, unmapped ?, over_limit ?, estimated ?, unpriced_tokens ?,
//                       revenue_from ? (["imported"], ["price-book"] or both)}]
//     total             the same of all together
//     gaps              [{provider, layer, months}]: without a revenue record between months that have one
//     collectors        [{provider, name, batches, events, refused, first_minute ?, last_minute ?, last_seen, pending,
//                       quarantined}]
//     epochs            [{provider, collector, epoch, next_sequence, chain}]
//     shortcomings      [{code, subject ?, blocking, text}]
//     override_reason ?
//     proposed_at, proposed_by, proposed_token
//
// The SHA-256 of a statement is that of these bytes.

extension StatementContent {
    static let canonicalFormat = "steelyard-statement/2"
    /// How the form began that releases before canonical JSON wrote: lines of `key=value`.
    private static let textFormat = "steelyard-statement=1"

    /// The canonical form: the same statement is always the same bytes.
    package var text: String {
        let scope = table.scope
        var members = [
            JSONMember("format", .string(Self.canonicalFormat)), JSONMember("scope", scope.canonicalValue),
            JSONMember("scope_sha256", .string(scope.digest)),
            JSONMember("title", ["en": .string(scope.title.en), "zh": .string(scope.title.zh)]),
            JSONMember("citation", .string(scope.citation)),
            JSONMember("month", .string(table.period.description)), JSONMember("calendar", .string(calendar)),
            JSONMember("known_at", .string(knownAt)), JSONMember("position", .digits(position)),
            JSONMember("denominator", .digits(table.denominator)),
            JSONMember("rows", .array(table.rows.map(\.canonicalValue))),
            JSONMember("total", table.total.canonicalValue),
            JSONMember("gaps", .array(table.gaps.map(\.canonicalValue))),
            JSONMember("collectors", .array(coverage.map(\.canonicalValue))),
            JSONMember("epochs", .array(highWater.map(\.canonicalValue))),
            JSONMember("shortcomings", .array(shortcomings.map(\.canonicalValue))),
            JSONMember("proposed_at", .string(proposedAt)), JSONMember("proposed_by", .string(proposedBy)),
            JSONMember("proposed_token", .string(proposedToken)),
        ]
        if let reference = table.canonicalReference { members.append(JSONMember("reference", reference)) }
        if let overrideReason { members.append(JSONMember("override_reason", .string(overrideReason))) }
        return JSONValue.object(members).canonical
    }

    /// SHA-256 of a canonical form, as 64 lower-case hexadecimal digits.
    package static func digest(of text: String) -> String {
        Hexadecimal.text(SHA256.hash(data: Array(text.utf8)))
    }

    /// Reads a statement back from its canonical form.
    ///
    /// - Throws: for any text that isn't exactly the canonical form of a statement.
    package init(text: String) throws(CanonicalFormError) {
        guard !text.hasPrefix(Self.textFormat) else {
            throw CanonicalFormError(
                "The statement is in the form \(Self.textFormat), lines of key=value, which is no longer read: this "
                    + "program reads \(Self.canonicalFormat), canonical JSON. Close the month again.")
        }
        let object = try CanonicalObject(text: text)
        guard try object.string("format") == Self.canonicalFormat else {
            throw CanonicalFormError("The statement isn't in the form \(Self.canonicalFormat).")
        }
        self.init(
            table: try ShareTable(object), calendar: try object.string("calendar"),
            knownAt: try object.string("known_at"), position: try object.digits("position"),
            coverage: try object.objects("collectors", StatementCoverage.init(_:)),
            highWater: try object.objects("epochs", StatementHighWater.init(_:)),
            shortcomings: try object.objects("shortcomings", StatementShortcoming.init(_:)),
            overrideReason: object.has("override_reason") ? try object.string("override_reason") : nil,
            proposedAt: try object.string("proposed_at"), proposedBy: try object.string("proposed_by"),
            proposedToken: try object.string("proposed_token"))
        // Every other mistake: members that nobody asks for, a digest that isn't the scope's, another spelling of
        // digits.
        guard self.text.utf8.elementsEqual(text.utf8) else {
            throw CanonicalFormError("The statement is not in its canonical form.")
        }
    }
}

extension JSONValue {
    fileprivate static func digits(_ value: some BinaryInteger) -> JSONValue { .string(String(value)) }
}

// MARK: The table

extension ShareTable {
    fileprivate init(_ object: CanonicalObject) throws(CanonicalFormError) {
        let month = try object.string("month")
        guard let period = try? Period(month), period.granularity == .month else {
            throw CanonicalFormError("'\(month.excerpt)' is no calendar month.")
        }
        let title = try object.object("title")
        let scope = try Scope(
            object.object("scope"), title: LocalizedText(en: title.string("en"), zh: title.string("zh")),
            citation: object.string("citation"))
        let denominator: Int128 = try object.digits("denominator")
        let reference = object.has("reference") ? try FrozenReference(object.object("reference")) : nil
        self.init(
            scope: scope, period: period,
            frozen: try object.objects("rows") { row throws(CanonicalFormError) in
                try Row(row, denominator: denominator)
            }, denominator: denominator, reference: reference?.total, referencePrecision: reference?.lastDigit ?? 0,
            gaps: try object.objects("gaps", RevenueGap.init(_:)),
            total: try Row(object.object("total"), denominator: denominator))
    }

    fileprivate var canonicalReference: JSONValue? {
        guard let reference else { return nil }
        var members = [
            JSONMember("name", .string(reference.name)), JSONMember("period", .string(reference.period.description)),
            JSONMember("value", .string(reference.value)), JSONMember("unit", .string(reference.unit.text)),
            JSONMember("precision", .string(reference.precision)), JSONMember("source", .string(reference.source)),
            JSONMember("as_of", .string("\(reference.asOf)")), JSONMember("last_digit", .digits(referencePrecision)),
        ]
        if !reference.scope.isEmpty { members.append(JSONMember("scope", .string(reference.scope))) }
        return .object(members)
    }
}

extension ShareTable.Row {
    fileprivate init(_ object: CanonicalObject, denominator: Int128) throws(CanonicalFormError) {
        func amount(_ name: String) throws(CanonicalFormError) -> Int128 {
            object.has(name) ? try object.digits(name) : 0
        }
        let kinds = try object.object("by_kind")
        var byKind: [TenantKind: Int128] = [:]
        for kind in TenantKind.allCases where kinds.has(kind.name) { byKind[kind] = try kinds.digits(kind.name) }
        let numerator: Int128 = try object.digits("numerator")
        let sources =
            object.has("revenue_from")
            ? try object.words("revenue_from", ShareTable.RevenueSource.init(rawValue:)) : []
        self.init(
            entity: try object.string("entity"), gathered: object.has("gathered") ? try object.integer("gathered") : 0,
            numerator: numerator, byKind: byKind, outsideFilters: try amount("outside_filters"),
            unmapped: try amount("unmapped"), overLimit: try amount("over_limit"), estimated: try amount("estimated"),
            unpricedTokens: try amount("unpriced_tokens"),
            revenueFrom: Set(sources), share: Share(numerator: numerator, denominator: denominator),
            rank: try object.integer("rank"))
    }

    fileprivate var canonicalValue: JSONValue {
        let kinds = TenantKind.allCases.filter { amount(of: $0) != 0 }
        var members = [
            JSONMember("entity", .string(entity)), JSONMember("rank", .integer(Int64(rank))),
            JSONMember("numerator", .digits(numerator)),
            JSONMember("by_kind", .object(kinds.map { JSONMember($0.name, .digits(amount(of: $0))) })),
        ]
        if isGathered { members.append(JSONMember("gathered", .integer(Int64(gathered)))) }
        for (name, amount) in [
            ("outside_filters", outsideFilters), ("unmapped", unmapped), ("over_limit", overLimit),
            ("estimated", estimated), ("unpriced_tokens", unpricedTokens),
        ] where amount != 0 {
            members.append(JSONMember(name, .digits(amount)))
        }
        let sources = ShareTable.RevenueSource.allCases.filter(revenueFrom.contains)
        if !sources.isEmpty {
            members.append(JSONMember("revenue_from", .array(sources.map { .string($0.rawValue) })))
        }
        return .object(members)
    }
}

extension ShareTable.RevenueGap {
    fileprivate init(_ object: CanonicalObject) throws(CanonicalFormError) {
        self.init(
            provider: try object.string("provider"), layer: try object.string("layer"),
            months: try object.strings("months"))
    }

    fileprivate var canonicalValue: JSONValue {
        [
            "provider": .string(provider), "layer": .string(layer),
            "months": .array(months.map { .string($0) }),
        ]
    }
}

/// The published total of a statement, with what its last digit is worth.
private struct FrozenReference {
    let total: ReferenceTotal
    let lastDigit: Int128

    init(_ object: CanonicalObject) throws(CanonicalFormError) {
        let (value, precision) = (try object.string("value"), try object.string("precision"))
        func parsed(_ text: String) -> UInt128? {
            DecimalText.parse(text, decimals: FactSyntax.amountDecimals, wholeDigits: FactSyntax.maxCountDigits)
        }
        guard let period = try? Period(object.string("period")), let asOf = CalendarDate(try object.string("as_of")),
            let millionths = parsed(value), let precisionMillionths = parsed(precision)
        else { throw CanonicalFormError("The published total of the statement can't be read.") }
        total = ReferenceTotal(
            name: try object.string("name"), period: period,
            scope: object.has("scope") ? try object.string("scope") : "", value: value,
            unit: ReferenceTotal.Unit(try object.string("unit")), precision: precision,
            source: try object.string("source"), asOf: asOf, millionths: millionths,
            precisionMillionths: precisionMillionths)
        lastDigit = try object.digits("last_digit")
    }
}

// MARK: What the figures were made from

extension StatementCoverage {
    fileprivate init(_ object: CanonicalObject) throws(CanonicalFormError) {
        self.init(
            provider: try object.string("provider"), collector: try object.string("name"),
            batches: try object.digits("batches"), events: try object.digits("events"),
            refused: try object.digits("refused"),
            firstMinute: object.has("first_minute") ? try object.string("first_minute") : nil,
            lastMinute: object.has("last_minute") ? try object.string("last_minute") : nil,
            lastSeen: try object.string("last_seen"), pending: try object.digits("pending"),
            quarantined: try object.digits("quarantined"))
    }

    fileprivate var canonicalValue: JSONValue {
        var members = [
            JSONMember("provider", .string(provider)), JSONMember("name", .string(collector)),
            JSONMember("batches", .digits(batches)), JSONMember("events", .digits(events)),
            JSONMember("refused", .digits(refused)), JSONMember("last_seen", .string(lastSeen)),
            JSONMember("pending", .digits(pending)), JSONMember("quarantined", .digits(quarantined)),
        ]
        if let firstMinute { members.append(JSONMember("first_minute", .string(firstMinute))) }
        if let lastMinute { members.append(JSONMember("last_minute", .string(lastMinute))) }
        return .object(members)
    }
}

extension StatementHighWater {
    fileprivate init(_ object: CanonicalObject) throws(CanonicalFormError) {
        self.init(
            provider: try object.string("provider"), collector: try object.string("collector"),
            epoch: try object.digits("epoch"), nextSequence: try object.digits("next_sequence"),
            chain: try object.string("chain"))
    }

    fileprivate var canonicalValue: JSONValue {
        [
            "provider": .string(provider), "collector": .string(collector), "epoch": .digits(epoch),
            "next_sequence": .digits(nextSequence), "chain": .string(chain),
        ]
    }
}

extension StatementShortcoming {
    fileprivate init(_ object: CanonicalObject) throws(CanonicalFormError) {
        self.init(
            try object.word("code", Code.init(rawValue:)),
            subject: object.has("subject") ? try object.string("subject") : "",
            isBlocking: try object.bool("blocking"), text: try object.string("text"))
    }

    fileprivate var canonicalValue: JSONValue {
        var members = [
            JSONMember("code", .string(code.rawValue)), JSONMember("blocking", .bool(isBlocking)),
            JSONMember("text", .string(text)),
        ]
        if !subject.isEmpty { members.append(JSONMember("subject", .string(subject))) }
        return .object(members)
    }
}
