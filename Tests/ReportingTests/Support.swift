import Reporting
import Scopes
import UsageModel

/// June 2025 under a scope of the tests' own, and two people.
enum June {
    static let month = Period.month(year: 2025, month: 6)
    /// 2025-07-03T00:00Z: June and the grace after it are over.
    static let july = Timestamp(seconds: 1_751_500_800)
    static let rules = StatementRules()
    static let ann = StatementPerson(holder: "Ann", token: "a1")
    static let bob = StatementPerson(holder: "Bob", token: "b1")

    static func scope(
        _ id: String = "house", kinds: Set<TenantKind>? = [.externalCustomer], zone: String = "UTC"
    ) -> Scope {
        Scope(
            id: id, version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test", measure: .tokens,
            filters: ScopeFilters(kinds: kinds), entity: .provider, aggregate: .sum, zone: zone,
            denominator: .everythingCounted, precision: 1)
    }

    static func proposal(
        _ scope: Scope = scope(), override reason: String? = nil, now: Timestamp = july,
        rules: StatementRules = rules
    ) -> StatementProposal {
        StatementProposal(
            scope: scope, month: month, overrideReason: reason, person: ann, rules: rules, now: now)
    }

    static func row(
        _ input: Int128, _ kind: TenantKind = .externalCustomer, provider: String = "acme"
    ) -> FilteredSumRow {
        FilteredSumRow(
            provider: provider, tenantKind: kind, passesFilters: true,
            counts: SignedTokenCounts(requests: 1, input: input, cachedInput: 0, output: 0, reasoningOutput: 0))
    }

    /// What a collector delivered that lacks nothing.
    static func delivery(
        _ collector: String = "edge-1", provider: String = "acme", without days: [Int] = [], isExpected: Bool = true,
        isNew: Bool = false, lastSeen: Timestamp = july, pending: UInt64 = 0, quarantined: UInt64 = 0
    ) -> CollectorDelivery {
        CollectorDelivery(
            provider: provider, collector: collector, batches: 3, events: 30, refused: 1, firstMinute: nil,
            lastMinute: nil, isExpected: isExpected, silentDays: days, isNew: isNew, lastSeen: lastSeen,
            pending: pending, quarantined: quarantined)
    }

    /// The same with usage of every day but some, of each provider that a collector delivers for.
    static func delivered(
        _ collectors: [CollectorDelivery], withoutUsage missing: [Int] = [], isNew: Bool = false,
        holes: [LedgerHole] = []
    ) -> MonthDelivery {
        let providers = Set(collectors.map(\.provider)).sorted()
        let days = (1...month.dayCount).filter { !missing.contains($0) }
        return MonthDelivery(
            collectors: collectors,
            providers: providers.map { ProviderDays(provider: $0, daysWithUsage: days, isNew: isNew) }, holes: holes)
    }

    /// A database whose month is complete.
    static func complete(_ rows: [FilteredSumRow] = [row(100)]) -> MemoryDatabase {
        MemoryDatabase(MemoryDatabase.Content(rows: rows, delivery: delivered([delivery()])))
    }

    /// The refusal that something ends with.
    static func refusal(_ body: () async throws -> Void) async throws -> StatementRefusal? {
        do {
            try await body()
            return nil
        } catch let refusal as StatementRefusal {
            return refusal
        }
    }
}
