import Postgres
import Reporting
import Scopes
import Store
import TestSupport
import UsageModel

/// June 2025 under a scope of the tests' own, and two people.
enum Closing {
    static let month = Period.month(year: 2025, month: 6)
    /// 2025-07-03T00:00Z: June and the grace after it are over.
    static let july = Timestamp(seconds: 1_751_500_800)
    static let rules = StatementRules()
    static let ann = StatementPerson(holder: "Ann", token: "a1")
    static let bob = StatementPerson(holder: "Bob", token: "b1")

    static func scope(
        _ id: String = "house", kinds: Set<TenantKind>? = [.externalCustomer], zone: String = "Asia/Shanghai"
    ) -> Scope {
        Scope(
            id: id, version: 1, title: LocalizedText(en: "House", zh: "自定义"), citation: "a test", measure: .tokens,
            filters: ScopeFilters(kinds: kinds), entity: .provider, aggregate: .sum, zone: zone,
            denominator: .everythingCounted, precision: 1)
    }

    static func proposal(
        _ scope: Scope = scope(), by person: StatementPerson = ann, override reason: String? = nil,
        rules: StatementRules = rules, now: Timestamp = july
    ) -> StatementProposal {
        StatementProposal(
            scope: scope, month: month, overrideReason: reason, person: person, rules: rules, now: now)
    }
}

/// Sends one collector's batches in order.
struct Sender: Sendable {
    let world: World
    let key: CollectorKey
    private let epoch: UInt64
    private var sequence: UInt64 = 0

    init(_ world: World, _ provider: String = "acme", _ collector: String = "edge-1") async throws {
        self.world = world
        key = CollectorKey(provider: provider, collector: collector)
        epoch = try await world.openEpoch(key).epoch
    }

    /// Commits a batch, received in July unless said otherwise, and doesn't roll it up.
    mutating func send(_ rows: UsageRows, at moment: Timestamp = Closing.july) async throws {
        let batch = world.batch(rows, epoch: epoch, sequence: sequence, key: key, at: moment)
        let outcome = try await world.store.commitBatch(batch).outcome
        guard outcome == .counted else { throw World.Unexpected(what: "\(outcome)") }
        sequence += 1
    }

    /// Makes the month complete: a batch with usage of each of its days, and a word of life after it.
    mutating func complete() async throws {
        let (first, last) = (minute("2025-06-01", hour: 12), minute("2025-06-30", hour: 12))
        let days = stride(from: first, to: last, by: 1_440).map {
            (minute: $0, tenant: "t1", model: "m1", counts: TokenCounts(requests: 1))
        }
        let end = TokenCounts(requests: 1, input: 1, cachedInput: 1)
        try await send(usageRows(days + [(minute: last, tenant: "t1", model: "m1", counts: end)]))
    }
}

extension World {
    /// Proposes and approves June.
    func close(_ scope: Scope = Closing.scope(), override reason: String? = nil) async throws -> Statement {
        let proposed = try await reports.propose(Closing.proposal(scope, override: reason))
        return try await reports.approve(
            proposed.header.id, by: Closing.bob, rules: Closing.rules, now: Closing.july)
    }

    /// The refusal that something ends with.
    func refusal(_ body: () async throws -> Void) async throws -> StatementRefusal? {
        do {
            try await body()
            return nil
        } catch let refusal as StatementRefusal {
            return refusal
        }
    }
}
