import Postgres
import Reporting
import Scopes
import Store
import UsageModel

/// What a tenant of `acme` is, from a day on.
func tenantRecord(
    _ tenant: String, _ kind: TenantKind, _ from: String, _ to: String? = nil, provider: String = "acme",
    reason: String = "contract"
) -> FactRecord {
    FactRecord(
        provider: provider, tenant: tenant, is: kind, effectiveFrom: date(from), effectiveTo: to.map(date),
        reason: reason)
}

/// Records from rows of cells, in the order of the kind's columns.
func factRecords(_ kind: FactKind, _ rows: [String]) throws -> [FactRecord] {
    let header = kind.definition.columns.map(\.name).joined(separator: ",")
    return try FactFile.parse(Array(([header] + rows).joined(separator: "\n").utf8), kind: kind, file: "test")
}

extension World {
    @discardableResult
    func importFacts(
        _ records: [FactRecord], _ kind: FactKind = .tenants, by actor: String = "x", now: Timestamp = World.june
    ) async throws -> FactChange {
        try await store.transaction(retry: .imports) {
            try $0.importFacts(records, kind: kind, by: actor, now: now)
        }
    }

    @discardableResult
    func importRows(_ kind: FactKind, _ rows: String...) async throws -> FactChange {
        try await importFacts(factRecords(kind, rows), kind, by: "test")
    }

    func facts(
        _ kind: FactKind = .tenants, where keys: [String: String] = [:], knownAt: Timestamp? = nil,
        visibility: Visibility = .everything
    ) async throws -> [FactVersion] {
        try await store.snapshot {
            try $0.facts(kind, where: keys, knownAt: knownAt, visibility: visibility)
        }
    }

    func factHistory(
        _ kind: FactKind = .tenants, where keys: [String: String], knownAt: Timestamp? = nil,
        visibility: Visibility = .everything
    ) async throws -> [FactVersion] {
        try await store.snapshot {
            try $0.factHistory(kind, where: keys, knownAt: knownAt, visibility: visibility)
        }
    }
}
