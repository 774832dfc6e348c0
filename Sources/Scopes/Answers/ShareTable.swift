internal import TextFormats
package import UsageModel

/// What a scope says about a period: every entity's part of the whole, with the integers it is made of.
package struct ShareTable: Sendable, Hashable {
    /// One entity, or the entities beyond the scope's ``Scope/top`` together.
    package struct Row: Sendable, Hashable {
        /// The provider, model, family or developer (whatever the scope divides among); empty for the total.
        package var entity: String
        /// How many entities the row gathers because the scope doesn't name them; 0 where it is one entity.
        package var gathered = 0
        /// What the scope counts for the entity; below 0 where more was taken back in the period than counted in it.
        package var numerator: Int128
        /// What passes the scope's other filters, by kind of tenant: counted or not, all of it is here.
        package var byKind: [TenantKind: Int128]
        /// What the scope's other filters (layer, market, region, workload, modality, model, origin) leave out, of any
        /// kind.
        package var outsideFilters: Int128
        /// What can't be judged, of any kind, because the catalogue doesn't name its region or model. In the total also
        /// what belongs to no entity for that reason.
        package var unmapped: Int128 = 0
        /// Of everything that stands in the row, what is counted under the name for tenants, models or regions beyond a
        /// day's budget of new ones. Such a tenant is unclassified, such a model or region is unmapped where the scope
        /// asks about it: this is a part of the other figures, not one to be added to them.
        package var overLimit: Int128 = 0
        /// What of ``numerator`` is somebody's estimate: the engine that served the calls didn't say what they used.
        package var estimated: Int128 = 0
        /// Tokens that the scope would count in money and for which the price book has no price.
        package var unpricedTokens: Int128 = 0
        /// Where counted revenue comes from; empty under measures other than revenue.
        package var revenueFrom: Set<RevenueSource> = []
        /// ``numerator`` of the table's denominator.
        package var share: Share
        /// 1 for the largest numerator; equal numerators share a rank, and the next rank is skipped (1, 2, 2, 4). 0 for
        /// the total, for a row that gathers entities, and for one of which nothing counts, or less. Nobody has a rank
        /// where what shares are of is less than nothing.
        package var rank: Int

        package func amount(of kind: TenantKind) -> Int128 { byKind[kind] ?? 0 }
        package var external: Int128 { amount(of: .externalCustomer) }
        package var ownBusiness: Int128 { amount(of: .ownBusiness) }
        package var unclassified: Int128 { amount(of: .unclassified) }
        /// Affiliates, trials and tests together.
        package var otherKinds: Int128 { amount(of: .affiliate) + amount(of: .trial) + amount(of: .test) }
        /// Everything that is there for the entity, inside and outside the scope.
        package var everything: Int128 { byKind.values.reduce(outsideFilters + unmapped, +) }
        /// ``overLimit`` of ``everything``.
        package var overLimitShare: Share { Share(numerator: overLimit, denominator: everything) }
        /// ``estimated`` of ``numerator``.
        package var estimatedShare: Share { Share(numerator: estimated, denominator: numerator) }
        /// Whether the row gathers entities that the scope doesn't name.
        package var isGathered: Bool { gathered > 0 }
    }

    /// Where revenue comes from.
    package enum RevenueSource: String, Sendable, CaseIterable {
        /// Revenue records.
        case imported
        /// Tokens at the price in force.
        case priceBook = "price-book"
    }

    /// Months without a revenue record between months that have one.
    package struct RevenueGap: Sendable, Hashable {
        package var provider: String
        /// A layer, or `customisation`.
        package var layer: String
        /// As they are written, in order; never empty.
        package var months: [String]
    }

    package let scope: Scope
    package let period: Period
    /// By falling numerator; equal ones by name. Where the scope names only the largest, the others are the last row.
    package let rows: [Row]
    /// What shares are shares of, in the unit of amounts: see ``text(of:)``.
    package let denominator: Int128
    /// The published total that ``denominator`` is; `nil` where it is everything counted.
    package let reference: ReferenceTotal?
    /// What the last published digit of ``reference`` is worth, in the unit of amounts; 0 without a reference.
    package let referencePrecision: Int128
    /// What is missing from figures of revenue, by provider and layer.
    package let gaps: [RevenueGap]
    /// All rows added up; its ``Row/rank`` is 0 and its entity is empty.
    package let total: Row

    /// Evaluates a scope over facts, and over sums that its filters have been applied to already.
    ///
    /// - Parameters:
    ///   - sums: told apart by the scope's ``Scope/granularity(with:over:)``.
    ///   - segments: what the rows' segments are; one over the whole period by default.
    ///   - facts: those that were known, at least for the days of the segments.
    /// - Throws: ``MissingFacts`` where facts that the scope needs aren't there; ``UnanswerableScope`` where they don't
    ///   answer it.
    package init(
        scope: Scope, period: Period, filtered sums: some Sequence<FilteredSumRow>, segments: [SumSegment]? = nil,
        facts: FactBook = FactBook()
    ) throws {
        let whole = [SumSegment(day: period.from, month: Period.month(of: period.from).from)]
        var evaluator = try ScopeEvaluator(
            scope: scope, period: period, facts: facts, segments: segments ?? whole)
        try evaluator.add(sums)
        let tally = evaluator.tally
        reference = evaluator.reference
        gaps = evaluator.revenueGaps
        let (denominator, precision) = try reference.map { try evaluator.units(of: $0) } ?? (tally.counted, 0)
        referencePrecision = precision
        self.scope = scope
        self.period = period
        self.denominator = denominator
        total = tally.total(denominator: denominator)
        let ranked = Self.ranked(tally.rows(denominator: denominator), isComparable: denominator >= 0)
        rows = scope.top.map { Self.gathered(ranked, beyond: $0) } ?? ranked
    }

    /// - Parameter isComparable: whether anybody may have a rank.
    private static func ranked(_ rows: [Row], isComparable: Bool) -> [Row] {
        var rows = rows
        rows.sort {
            $0.numerator != $1.numerator
                ? $0.numerator > $1.numerator : $0.entity.utf8.lexicographicallyPrecedes($1.entity.utf8)
        }
        for index in rows.indices where isComparable && rows[index].numerator > 0 {
            let isTied = index > 0 && rows[index].numerator == rows[index - 1].numerator
            rows[index].rank = isTied ? rows[index - 1].rank : index + 1
        }
        return rows
    }

    /// The first rows, and one more of all the others together.
    private static func gathered(_ rows: [Row], beyond top: Int) -> [Row] {
        guard rows.count > top, let first = rows.first else { return rows }
        let others = rows[top...]
        let numerator = others.reduce(0) { $0 + $1.numerator }
        let row = Row(
            entity: "other", gathered: others.count, numerator: numerator,
            byKind: others.reduce(into: [:]) { $0.merge($1.byKind, uniquingKeysWith: +) },
            outsideFilters: others.reduce(0) { $0 + $1.outsideFilters },
            unmapped: others.reduce(0) { $0 + $1.unmapped },
            overLimit: others.reduce(0) { $0 + $1.overLimit },
            estimated: others.reduce(0) { $0 + $1.estimated },
            unpricedTokens: others.reduce(0) { $0 + $1.unpricedTokens },
            revenueFrom: others.reduce(into: []) { $0.formUnion($1.revenueFrom) },
            share: Share(numerator: numerator, denominator: first.share.denominator), rank: 0)
        return rows[..<top] + [row]
    }
}

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

    /// The shares in percent if all unclassified usage were external customers', in the order of ``rows``: they add up
    /// as ``percentages(decimals:)`` do. A row that no classification could change has its published share.
    package func percentagesIfAllExternal() -> [String?] {
        let intervals = rows.map(interval(of:))
        guard let denominator = intervals.first?.ifAll.denominator else { return [] }
        let percents = Share.percentages(
            of: intervals.map(\.ifAll.numerator), denominator: denominator, decimals: scope.precision)
        let published = percentages()
        return rows.indices.map { intervals[$0].isPoint ? published[$0] : percents[$0] }
    }

    /// What to say where the table, or an entity of it, has less than nothing; `nil` where none has.
    package var negativeWarning: LocalizedText? {
        if total.numerator < 0 {
            return LocalizedText(
                en:
                    "More was taken back in \(period) than counted in it: there are no ranks and no shares of less than "
                    + "nothing. Ask for a longer span.",
                zh: "\(period) 内回退量多于计入量，合计为负，无份额与排名；请查询更长期间。")
        }
        let names = rows.filter { $0.numerator < 0 && !$0.isGathered }.map(\.entity)
        guard !names.isEmpty else { return nil }
        let listed = names.prefix(Self.maxNamedEntities).joined(separator: ", ")
        let more = names.count > Self.maxNamedEntities ? " …" : ""
        return LocalizedText(
            en:
                "More was taken back in \(period) than counted in it for \(listed)\(more): such figures are negative and "
                + "have no rank.",
            zh: "\(period) 内以下对象回退量多于计入量，数值为负，不参与排名：\(listed)\(more)。")
    }

    /// How many entities a warning names.
    private static let maxNamedEntities = 5

    /// What to say beside the shares, or `nil` where there is nothing to warn of.
    package var warning: LocalizedText? {
        guard let reference, total.numerator > denominator else { return nil }
        let whole =
            Share(numerator: total.numerator, denominator: denominator).percent(decimals: scope.precision) ?? "–"
        return LocalizedText(
            en:
                "The shares of \(reference.name) add up to \(whole) %: more is counted than the total that was published.",
            zh: "占 \(reference.name) 的份额合计 \(whole)%，计入量超过已公布总量。")
    }

    /// The figure that the scope publishes for an amount: the sum itself, or its average per day of the period. Counts
    /// are rounded half away from zero to a whole number, money half to even to 6 decimals, once.
    package func published(_ amount: Int128) -> Int128 {
        let days = scope.aggregate == .dailyAverage ? period.dayCount : 1
        let figure: UInt128
        if scope.measure.unit == .money {
            let unit = DecimalText.powerOfTen(Money.tableDecimals - Money.publishedDecimals)
            figure = (Ratio(amount.magnitude, over: unit * UInt128(days)).roundedHalfToEven ?? 0) * unit
        } else {
            figure = TokenText.perDay(amount.magnitude, days: days)
        }
        let rounded = Int128(clamping: figure)
        return amount < 0 ? -rounded : rounded
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

extension ShareTable {
    /// Between which shares of a published total a row lies, given how precisely the total was published: it is within
    /// half of its precision around its value. `nil` where shares are of everything counted.
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
    func units(of total: ReferenceTotal) throws(UnanswerableScope) -> (value: Int128, precision: Int128) {
        let days = total.unit.isPerDay ? UInt128(period.dayCount) : 1
        let one = DecimalText.powerOfTen(FactSyntax.amountDecimals)
        let perUnit = scope.measure.unit == .money ? DecimalText.powerOfTen(Money.tableDecimals) / one : 1
        func units(_ millionths: UInt128) throws(UnanswerableScope) -> Int128 {
            // A count is whole; money has more decimals in the table than in the file.
            let (whole, factor) = (scope.measure.unit == .money ? millionths : millionths / one, perUnit * days)
            return try product(amount(whole), times: amount(factor))
        }
        let (value, precision) = (try units(total.millionths), try units(total.precisionMillionths))
        let limit = Int128.max / 4
        guard value < limit, precision < limit, tally.counted.magnitude < limit.magnitude else {
            throw .tooLarge(scope)
        }
        return (value, precision)
    }
}

extension ShareTable {
    /// A table as it was evaluated and written down earlier: nothing is computed, so that it says what it said then
    /// whatever the rules of evaluation are now.
    init(
        scope: Scope, period: Period, frozen rows: [Row], denominator: Int128, reference: ReferenceTotal?,
        referencePrecision: Int128, gaps: [RevenueGap], total: Row
    ) {
        self.scope = scope
        self.period = period
        self.rows = rows
        self.denominator = denominator
        self.reference = reference
        self.referencePrecision = referencePrecision
        self.gaps = gaps
        self.total = total
    }

    /// The same figures in the one spelling that they are written down in: the scope as its canonical form reads back,
    /// kinds without usage left out.
    ///
    /// - Throws: ``CanonicalFormError`` where the scope's canonical form doesn't read back as the scope, which would
    /// be a fault of this program.
    package func frozen() throws(CanonicalFormError) -> ShareTable {
        let read = try Scope(canonicalForm: scope.canonicalForm, title: scope.title, citation: scope.citation)
        var sorted = scope
        sorted.filters.regions?.sort()
        sorted.filters.models?.sort()
        guard read == sorted else {
            throw CanonicalFormError("The canonical form of the scope \(scope.id) doesn't read back as the scope.")
        }
        return ShareTable(
            scope: read, period: period, frozen: rows.map(\.withoutZeros), denominator: denominator,
            reference: reference, referencePrecision: referencePrecision, gaps: gaps, total: total.withoutZeros)
    }
}

extension ShareTable.Row {
    fileprivate var withoutZeros: Self {
        var row = self
        row.byKind = byKind.filter { $0.value != 0 }
        return row
    }
}
