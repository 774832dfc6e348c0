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
            if !imported.contains(cell) { try addPriced(row, on: layer, allowances: &allowances) }
        }
        for charge in allowances.charges { try add(charge) }
    }

    private mutating func addPriced(
        _ row: FilteredSumRow, on layer: Layer, allowances: inout FreeQuotas
    ) throws(UnanswerableScope) {
        let segment = segments[row.segment]
        let entity = entity(of: row)
        let classification = classification(of: row)
        // The entity has usage: it stands in the table, if only with 0.
        if !segment.isBefore { try tally.add(0, to: entity, of: row.tenantKind, as: classification) }
        let group = ChargeGroup(
            entity: entity, kind: row.tenantKind, classification: classification, remarks: row.remarks)
        for part in layer == .maas ? billed(row) : [BilledTokens(tokens: row.counts.total, price: nil)]
        where part.tokens != 0 {
            guard let price = part.price else {
                let counts = classification == .included && scope.filters.counts(row.tenantKind)
                if counts, !segment.isBefore { tally.addUnpriced(part.tokens, of: entity) }
                continue
            }
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
    private func billed(_ row: FilteredSumRow) -> [BilledTokens] {
        guard let model = row.model, let workload = row.workload else {
            preconditionFailure("prices need sums by model and workload")
        }
        let day = segments[row.segment].day
        func price(_ type: TokenType) -> Price? {
            facts.price(of: type, model: model, workload: workload, at: row.provider, on: day)
        }
        func parts(of whole: Int128, as type: TokenType, subset: Int128, as subtype: TokenType) -> [BilledTokens] {
            guard subset != 0, let own = price(subtype) else {
                return [BilledTokens(tokens: whole, price: price(type))]
            }
            return [
                BilledTokens(tokens: subset, price: own), BilledTokens(tokens: whole - subset, price: price(type)),
            ]
        }
        let counts = row.counts
        return parts(of: counts.input, as: .input, subset: counts.cachedInput, as: .cachedInput)
            + parts(of: counts.output, as: .output, subset: counts.reasoningOutput, as: .reasoningOutput)
    }

    private mutating func add(_ charge: Charge) throws(UnanswerableScope) {
        let charged = try product(charge.tokens, times: amount(charge.price.perToken))
        let units = try units(charged, of: charge.price.currency, in: charge.month)
        let group = charge.group
        try tally.add(
            units, to: group.entity, of: group.kind, as: group.classification, group.remarks)
        if units != 0, group.classification == .included, scope.filters.counts(group.kind) {
            tally.note(.priceBook, of: group.entity)
        }
    }
}

/// Tokens of one row that are billed alike; at no price where the book has none.
private struct BilledTokens {
    /// Below 0 where they are taken back.
    var tokens: Int128
    var price: Price?
}

/// Tokens that are billed at one price.
struct Charge {
    var price: Price
    /// The first day of the month.
    var month: CalendarDate
    var group: ChargeGroup
    /// Below 0 where they are taken back.
    var tokens: Int128
}

/// What a charge is added to.
struct ChargeGroup: Hashable {
    /// `nil` where a catalogue doesn't say.
    var entity: String?
    var kind: TenantKind
    var classification: ShareTally.Classification
    var remarks: ShareTally.Remarks
}
