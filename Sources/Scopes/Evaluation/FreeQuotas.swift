internal import UsageModel

/// Tokens at prices with an allowance: of each tenant, price and calendar month so many are free.
///
/// What a period costs is what the month costs up to the period's end, less what it cost up to its start. So two
/// periods in a row cost together what one over both costs, wherever the cut is.
///
/// Which tokens are the free ones matters only where a tenant's tokens of one month and price are added to different
/// groups (its kind changed, or a filter lets only some of them through). They are taken in a fixed order of the
/// groups, not of the days: so figures don't depend on how finely the sums are told apart, and no group ever costs less
/// for later usage.
struct FreeQuotas {
    private struct Key: Hashable {
        var tenant: Int64
        var price: Price
        var month: CalendarDate
    }

    private struct Tokens {
        var before: Int128 = 0
        var until: Int128 = 0
    }

    private var used: [Key: [ChargeGroup: Tokens]] = [:]

    /// Takes tokens, which were used within the period or before it.
    mutating func add(_ charge: Charge, tenant: Int64?, isBefore: Bool) {
        guard let tenant else { preconditionFailure("allowances need sums by tenant") }
        let key = Key(tenant: tenant, price: charge.price, month: charge.month)
        var tokens = used[key]?[charge.group] ?? Tokens()
        if isBefore { tokens.before += charge.tokens }
        tokens.until += charge.tokens
        used[key, default: [:]][charge.group] = tokens
    }

    /// What is left to be billed.
    var charges: [Charge] {
        used.flatMap { key, groups in
            let groups = groups.sorted { $0.key.isTaken(before: $1.key) }
            let before = Self.billed(groups.map(\.value.before), free: key.price.freeTokens)
            let until = Self.billed(groups.map(\.value.until), free: key.price.freeTokens)
            return groups.indices.map { index in
                Charge(
                    price: key.price, month: key.month, group: groups[index].key,
                    tokens: until[index] - before[index])
            }
        }
    }

    /// What remains of some tokens when the first ones are free. Groups of which more was taken back than counted make
    /// as much of the others free; they are billed for nothing themselves.
    private static func billed(_ tokens: [Int128], free: UInt128) -> [Int128] {
        var free = tokens.reduce(Int128(clamping: free)) { $1 < 0 ? $0 - $1 : $0 }
        return tokens.map { tokens in
            guard tokens > 0 else { return 0 }
            let taken = min(free, tokens)
            free -= taken
            return tokens - taken
        }
    }
}

extension ChargeGroup {
    fileprivate func isTaken(before other: ChargeGroup) -> Bool {
        if kind != other.kind { return kind.rawValue < other.kind.rawValue }
        if classification != other.classification { return classification.order < other.classification.order }
        if remarks.isOverLimit != other.remarks.isOverLimit { return other.remarks.isOverLimit }
        if remarks.isEstimated != other.remarks.isEstimated { return other.remarks.isEstimated }
        return NameBytes(entity ?? "") < NameBytes(other.entity ?? "")
    }
}

extension ShareTally.Classification {
    fileprivate var order: Int {
        switch self {
        case .included: 0
        case .excluded: 1
        case .unmapped: 2
        }
    }
}
