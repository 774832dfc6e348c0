internal import Postgres
internal import Reporting
internal import Scopes
internal import UsageModel

/// The ids that stand for names beyond a day's budget of new ones, and the conditions that find usage under them.
struct OverLimitIDs: Sendable {
    /// One for each provider that has such a tenant and may be seen.
    var tenants: [Int64] = []
    var models: [Int64] = []
    var regions: [Int64] = []

    /// A condition in SQL that holds of usage under one of the ids; `nil` where there are none.
    ///
    /// - Parameter column: of the ids, such as `u.tenant_id`.
    func condition(
        on column: String, _ ids: KeyPath<OverLimitIDs, [Int64]>, _ sql: inout SQLParameters
    ) -> String? {
        let ids = self[keyPath: ids]
        return ids.isEmpty ? nil : "\(column) = ANY(\(sql.bind(.int64Array(ids))))"
    }

    /// An expression for ``OverLimitDimensions/rawValue`` of a row of sums `u` by hour, day or month.
    func dimensions(_ sql: inout SQLParameters) -> String {
        let parts: [(String, KeyPath<OverLimitIDs, [Int64]>, OverLimitDimensions)] = [
            ("u.tenant_id", \.tenants, .tenant), ("u.model_id", \.models, .model), ("u.region_id", \.regions, .region),
        ]
        let bits = parts.compactMap { column, ids, dimension in
            condition(on: column, ids, &sql).map { "CASE WHEN \($0) THEN \(dimension.rawValue) ELSE 0 END" }
        }
        return bits.isEmpty ? "0" : bits.joined(separator: " + ")
    }
}

extension StoreSession {
    /// The ids under which names beyond their budgets are counted, of dimensions in which there ever were any. Must run
    /// in a snapshot.
    func overLimitIDs() throws -> OverLimitIDs {
        let rows = try connection.query(
            """
            SELECT \(NameDimension.tenant.rawValue), t.tenant_id
              FROM provider p JOIN tenant t ON t.provider_id = p.provider_id AND t.name = $1
            UNION ALL SELECT \(NameDimension.model.rawValue), model_id::bigint FROM model
             WHERE name = $1 AND \(Self.isOverLimit(.model))
            UNION ALL SELECT \(NameDimension.region.rawValue), region_id::bigint FROM region
             WHERE name = $1 AND \(Self.isOverLimit(.region))
            """, [.text(NameRule.overLimitName)])
        var ids = OverLimitIDs()
        for row in rows {
            switch NameDimension(rawValue: try row.decode(0)) {
            case .tenant: ids.tenants.append(try row.decode(1))
            case .model: ids.models.append(try row.decode(1))
            case .region: ids.regions.append(try row.decode(1))
            case nil: break
            }
        }
        return ids
    }

    /// Whether names of a dimension were ever beyond a budget: names that stand for them are there from the beginning.
    private static func isOverLimit(_ dimension: NameDimension) -> String {
        "EXISTS (SELECT FROM new_names WHERE over_limit > 0 AND dimension = \(dimension.rawValue))"
    }
}
