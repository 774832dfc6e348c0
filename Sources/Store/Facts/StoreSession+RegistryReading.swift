internal import Postgres
internal import Reporting
internal import Scopes
internal import UsageModel

extension StoreSession {
    static let entryColumns =
        "p.name, t.name, k.kind, k.legal_entity, k.effective_from, k.effective_to, k.reason"

    static func entry(_ row: Row, from column: Int) throws -> RegistryEntry {
        guard let kind = TenantKind(rawValue: try row.decode(column + 2)) else {
            throw PostgresError(.decoding, "The registry holds a kind that is not known.")
        }
        return RegistryEntry(
            provider: try row.decode(column), tenant: try row.decode(column + 1), kind: kind,
            legalEntity: try row.decode(column + 3),
            effectiveFrom: CalendarDate(days: try row.decode(column + 4, as: DateColumn.self).days),
            effectiveTo: try row.decode(column + 5, as: DateColumn?.self).map { CalendarDate(days: $0.days) },
            reason: try row.decode(column + 6))
    }

    /// See ``Store/exportRegistry(knownAt:visibility:)``. Must run in a transaction, which it restricts.
    func exportRegistry(knownAt: Timestamp?, visibility: Visibility) throws -> [RegistryRecord] {
        try restrict(to: visibility)
        return try records(
            """
            ($1::timestamptz IS NULL AND k.superseded_at IS NULL
                OR k.recorded_at <= $1 AND (k.superseded_at IS NULL OR k.superseded_at > $1))
               AND ($2 = '*' OR p.name = $2)
             ORDER BY p.name, t.name, k.effective_from
            """, [.timestamp(knownAt), .text(visibility.setting)])
    }

    /// See ``Store/registryHistory(tenant:provider:knownAt:visibility:)``. Must run in a transaction, which it restricts.
    func registryHistory(
        tenant: String, provider: String?, knownAt: Timestamp?, visibility: Visibility
    ) throws -> [RegistryRecord] {
        try restrict(to: visibility)
        var records = try records(
            """
            t.name = $1 AND ($2::text IS NULL OR p.name = $2)
               AND ($3::timestamptz IS NULL OR k.recorded_at <= $3) AND ($4 = '*' OR p.name = $4)
             ORDER BY k.recorded_at, p.name, k.effective_from, k.entry_id
            """, [.text(tenant), .text(provider), .timestamp(knownAt), .text(visibility.setting)])
        guard let knownAt else { return records }
        // What superseded it later wasn't known yet.
        for index in records.indices where records[index].supersededAt.map({ $0 > knownAt }) ?? false {
            records[index].supersededAt = nil
        }
        return records
    }

    private func records(_ condition: String, _ parameters: [Parameter]) throws -> [RegistryRecord] {
        try connection.query(
            """
            SELECT \(Self.entryColumns), k.recorded_at, k.recorded_by, k.superseded_at
              FROM tenant_kind k JOIN tenant t USING (tenant_id) JOIN provider p ON p.provider_id = t.provider_id
             WHERE \(condition)
            """, parameters
        ).map { row in
            RegistryRecord(
                entry: try Self.entry(row, from: 0), recordedAt: try row.decode(7), recordedBy: try row.decode(8),
                supersededAt: try row.decode(9))
        }
    }
}
