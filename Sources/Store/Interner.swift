internal import Postgres
internal import UsageModel

/// Turns names into the small integers that stand for them, making new ones in bulk.
struct Interner {
    let connection: Connection

    func provider(_ name: String) throws -> Int16 {
        let ids: [NameBytes: Int16] = try intern([name], find: Self.findProviders, make: Self.makeProviders, [])
        return try Self.required(ids[NameBytes(name)], name)
    }

    func models(_ names: some Collection<String>) throws -> [NameBytes: Int32] {
        try intern(Array(names), find: Self.findModels, make: Self.makeModels, [])
    }

    func regions(_ names: some Collection<String>) throws -> [NameBytes: Int16] {
        try intern(Array(names), find: Self.findRegions, make: Self.makeRegions, [])
    }

    func tenants(_ names: some Collection<String>, provider: Int16) throws -> [NameBytes: Int32] {
        try intern(Array(names), find: Self.findTenants, make: Self.makeTenants, [.int(Int64(provider))])
    }

    static func required<ID>(_ id: ID?, _ name: String) throws -> ID {
        guard let id else { throw PostgresError(.decoding, "The name \"\(name)\" was stored and not found again.") }
        return id
    }

    private func intern<ID: ColumnDecodable>(
        _ names: [String], find: String, make: String, _ more: [Parameter]
    ) throws -> [NameBytes: ID] {
        var ids: [NameBytes: ID] = [:]
        func look(_ names: [String]) throws {
            for row in try connection.query(find, [.textArray(names)] + more) {
                ids[NameBytes(try row.decode(0))] = try row.decode(1)
            }
        }
        try look(names)
        let missing = names.filter { ids[NameBytes($0)] == nil }
        if missing.isEmpty { return ids }
        // In order, so that two that make the same names wait for each other instead of deadlocking.
        let sorted = Set(missing.map(NameBytes.init)).sorted().map { String(decoding: $0.bytes, as: UTF8.self) }
        try connection.query(make, [.textArray(sorted)] + more)
        try look(sorted)
        return ids
    }

    private static let findProviders = "SELECT name, provider_id FROM provider WHERE name = ANY($1)"
    private static let makeProviders = """
        INSERT INTO provider (name) SELECT unnest($1) ON CONFLICT (name) DO NOTHING
        """
    private static let findModels = "SELECT name, model_id FROM model WHERE name = ANY($1)"
    private static let makeModels = "INSERT INTO model (name) SELECT unnest($1) ON CONFLICT (name) DO NOTHING"
    private static let findRegions = "SELECT name, region_id FROM region WHERE name = ANY($1)"
    private static let makeRegions = "INSERT INTO region (name) SELECT unnest($1) ON CONFLICT (name) DO NOTHING"
    private static let findTenants = """
        SELECT name, tenant_id FROM tenant WHERE name = ANY($1) AND provider_id = $2
        """
    private static let makeTenants = """
        INSERT INTO tenant (provider_id, name) SELECT $2, unnest($1) ON CONFLICT (provider_id, name) DO NOTHING
        """
}
