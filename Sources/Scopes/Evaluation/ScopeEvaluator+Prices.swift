internal import UsageModel

// Revenue: what was imported, and for MaaS where nothing was, tokens at the price that was in force.
extension ScopeEvaluator {
    mutating func addRevenue(_ rows: some Sequence<FilteredSumRow>) throws(UnanswerableScope) {
        let imported = try addImportedRevenue()
        var allowances = FreeQuotas()
        for row in rows {
            guard let layer = row.layer else { preconditionFailure("revenue needs sums by layer") }
            let cell = RevenueCell(
                provider: NameBytes(row.provider), layer: .layer(layer), month: segments[row.segment].month)
            if !imported.contains(cell) { try addPriced(row, layer, &allowances) }
        }
        for charge in allowances.charges { try add(charge) }
    }

    private mutating func addPriced(
        _ row: FilteredSumRow, _ layer: Layer, _ allowances: inout FreeQuotas
    ) throws(UnanswerableScope) {
        let segment = segments[row.segment]
        let (entity, standing) = (entity(of: row), standing(of: row))
        // The entity has usage: it stands in the table, if only with 0.
        if !segment.isBefore { try tally.add(0, to: entity, of: row.tenantKind, standing) }
        for part in layer == .maas ? billed(row) : [(tokens: row.counts.total, price: nil)] where part.tokens > 0 {
            guard let price = part.price else {
                let counts = standing == .covered && scope.filters.counts(row.tenantKind)
                if counts, !segment.isBefore { tally.addUnpriced(part.tokens, of: entity) }
                continue
            }
            let group = ChargeGroup(entity: entity, kind: row.tenantKind, standing: standing)
            let charge = Charge(price: price, month: segment.month, group: group, tokens: part.tokens)
            if price.freeTokens > 0 {
                allowances.add(charge, tenant: row.tenant, isBefore: segment.isBefore)
            } else if !segment.isBefore {
                try add(charge)
            }
        }
    }

    /// A row's tokens by what they are billed as: cached input as such where it has a price, as input otherwise, and
    /// reasoning likewise.
    private func billed(_ row: FilteredSumRow) -> [(tokens: UInt128, price: Price?)] {
        guard let model = row.model, let workload = row.workload else {
            preconditionFailure("prices need sums by model and workload")
        }
        let day = segments[row.segment].day
        func price(_ type: TokenType) -> Price? {
            facts.price(of: type, model: model, workload: workload, at: row.provider, on: day)
        }
        func parts(_ whole: UInt128, _ subset: UInt128, _ type: TokenType, _ subtype: TokenType) -> [(
            tokens: UInt128, price: Price?
        )] {
            guard subset > 0, let own = price(subtype) else { return [(whole, price(type))] }
            return [(subset, own), (whole - subset, price(type))]
        }
        let counts = row.counts
        return parts(counts.input, counts.cachedInput, .input, .cachedInput)
            + parts(counts.output, counts.reasoningOutput, .output, .reasoningOutput)
    }

    private mutating func add(_ charge: Charge) throws(UnanswerableScope) {
        let amount = try product(charge.tokens, charge.price.perToken)
        let units = try units(amount, of: charge.price.currency, in: charge.month)
        let group = charge.group
        try tally.add(units, to: group.entity, of: group.kind, group.standing)
        if units > 0, group.standing == .covered, scope.filters.counts(group.kind) {
            tally.note(.priceBook, of: group.entity)
        }
    }
}

/// Tokens that are billed at one price.
struct Charge {
    var price: Price
    /// The first day of the month.
    var month: CalendarDate
    var group: ChargeGroup
    var tokens: UInt128
}

/// What a charge is added to.
struct ChargeGroup: Hashable {
    /// `nil` where a catalogue doesn't say.
    var entity: String?
    var kind: TenantKind
    var standing: ShareTally.Standing
}
