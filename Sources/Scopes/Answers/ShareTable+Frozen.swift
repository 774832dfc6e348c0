extension ShareTable {
    /// A table as it was evaluated and written down earlier: nothing is computed, so that it says what it said then
    /// whatever the rules of evaluation are now.
    init(
        scope: Scope, period: Period, frozen rows: [Row], denominator: UInt128, reference: ReferenceTotal?,
        referencePrecision: UInt128, gaps: [RevenueGap], total: Row
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
    /// - Throws: ``CanonicalFormError`` where the scope means something that its canonical form doesn't say.
    package func frozen() throws(CanonicalFormError) -> ShareTable {
        let read = try Scope(canonicalForm: scope.canonicalForm, title: scope.title, citation: scope.citation)
        var sorted = scope
        sorted.filters.regions?.sort()
        sorted.filters.models?.sort()
        guard read == sorted else {
            throw CanonicalFormError(
                "The scope \(scope.id) has a filter that its canonical form can't tell from another.")
        }
        return ShareTable(
            scope: read, period: period, frozen: rows.map(\.withoutZeros), denominator: denominator,
            reference: reference, referencePrecision: referencePrecision, gaps: gaps, total: total.withoutZeros)
    }
}

extension ShareTable.Row {
    fileprivate var withoutZeros: Self {
        var row = self
        row.byKind = byKind.filter { $0.value > 0 }
        return row
    }
}
