internal import Postgres
internal import Scopes
internal import UsageModel

extension StoreSession {
    /// See ``Store/importRegistry(_:by:now:)``. Must run in a transaction.
    func importRegistry(_ entries: [RegistryEntry], by actor: String, now: Timestamp) throws -> RegistryChange {
        try Self.checkSpans(entries)
        var result = RegistryChange(recordedAt: try startRecording(now))
        let (ids, newTenants) = try tenants(of: entries)
        result.newTenants = newTenants
        let held = try held(about: Set(ids))
        var superseded: [Int64] = []
        var written: [(tenant: Int32, entry: RegistryEntry)] = []
        for (tenant, group) in Dictionary(grouping: zip(ids, entries), by: \.0).sorted(by: { $0.key < $1.key }) {
            let own = group.map(\.1)
            try Self.checkOverlaps(own)
            let change = BitemporalHistory.change(held: held[tenant] ?? [], by: own)
            superseded += change.superseded
            written += (change.asserted + change.remainders).map { (tenant: tenant, entry: $0) }
            result.asserted += change.asserted.count
            result.remainders += change.remainders.count
            result.unchanged += change.unchanged
        }
        result.superseded = superseded.count
        try connection.query(
            "UPDATE tenant_kind SET superseded_at = $2 WHERE entry_id = ANY($1)",
            [.int64Array(superseded), .timestamp(result.recordedAt)])
        try record(written, by: actor, at: result.recordedAt)
        try audit(
            "registry-imported", of: "tenant_kind", by: actor,
            counts: [
                ("asserted", result.asserted), ("unchanged", result.unchanged), ("superseded", result.superseded),
                ("remainders", result.remainders),
            ], at: result.recordedAt)
        if written.isEmpty, superseded.isEmpty, let latest = try latestRecord() { result.recordedAt = latest }
        return result
    }

    private static func checkSpans(_ entries: [RegistryEntry]) throws {
        for entry in entries {
            guard let end = entry.effectiveTo, end <= entry.effectiveFrom else { continue }
            throw StoreError(
                .registryConflict,
                "The entry about tenant \(entry.tenant) of \(entry.provider) from \(entry.effectiveFrom) ends at \(end)."
            )
        }
    }

    private static func checkOverlaps(_ entries: [RegistryEntry]) throws {
        let sorted = entries.sorted { $0.effectiveFrom < $1.effectiveFrom }
        for (one, next) in zip(sorted, sorted.dropFirst())
        where one.effectiveTo.map({ $0 > next.effectiveFrom }) ?? true {
            throw StoreError(
                .registryConflict,
                """
                Two entries about tenant \(next.tenant) of \(next.provider) overlap: from \(one.effectiveFrom) and \
                from \(next.effectiveFrom).
                """)
        }
    }

    /// The tenants' numbers, for each entry, making the ones that nothing has named before.
    private func tenants(of entries: [RegistryEntry]) throws -> (ids: [Int32], new: Int) {
        let interner = Interner(connection: connection)
        let before: Int = try connection.query("SELECT count(*) FROM tenant").one().decode(0)
        var found: [String: [NameBytes: Int32]] = [:]
        for (provider, group) in Dictionary(grouping: entries, by: \.provider).sorted(by: { $0.key < $1.key }) {
            found[provider] = try interner.tenants(group.map(\.tenant), provider: try interner.provider(provider))
        }
        let ids = try entries.map { try Interner.required(found[$0.provider]?[NameBytes($0.tenant)], $0.tenant) }
        let after: Int = try connection.query("SELECT count(*) FROM tenant").one().decode(0)
        return (ids, after - before)
    }

    private func held(about tenants: Set<Int32>) throws -> [Int32: [BitemporalHistory<RegistryEntry>.Held]] {
        let rows = try connection.query(
            """
            SELECT k.tenant_id, k.entry_id, \(Self.entryColumns)
              FROM tenant_kind k JOIN tenant t USING (tenant_id) JOIN provider p ON p.provider_id = t.provider_id
             WHERE k.tenant_id = ANY($1) AND k.superseded_at IS NULL
            """, [.int32Array(tenants.sorted())])
        var held: [Int32: [BitemporalHistory<RegistryEntry>.Held]] = [:]
        for row in rows {
            held[try row.decode(0), default: []].append(
                BitemporalHistory.Held(id: try row.decode(1), entry: try Self.entry(row, from: 2)))
        }
        return held
    }

    private func record(_ written: [(tenant: Int32, entry: RegistryEntry)], by actor: String, at moment: Timestamp)
        throws
    {
        let never = Self.never
        try connection.query(
            """
            INSERT INTO tenant_kind (tenant_id, provider_id, kind, legal_entity, effective_from, effective_to, reason,
                recorded_at, recorded_by)
            SELECT e.tenant_id, t.provider_id, e.kind, e.legal_entity, e.effective_from,
                   nullif(e.effective_to, $9), e.reason, $7, $8
              FROM unnest($1::int4[], $2::int2[], $3::text[], $4::date[], $5::date[], $6::text[])
                   AS e (tenant_id, kind, legal_entity, effective_from, effective_to, reason)
              JOIN tenant t USING (tenant_id)
            """,
            [
                .int32Array(written.map(\.tenant)), .int16Array(written.map { Int16($0.entry.kind.rawValue) }),
                .textArray(written.map(\.entry.legalEntity)), .dateArray(days: written.map(\.entry.effectiveFrom.days)),
                .dateArray(days: written.map { $0.entry.effectiveTo?.days ?? never }),
                .textArray(written.map(\.entry.reason)), .timestamp(moment), .text(actor), .date(days: never),
            ])
    }
}
