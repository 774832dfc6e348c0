internal import Postgres
internal import UsageModel

/// Turns names into the integers that stand for them, making new ones in bulk.
struct Interner {
    let connection: Connection

    func provider(_ name: String) throws -> Int16 {
        let find = "SELECT provider_id FROM provider WHERE name = $1"
        if let row = try connection.query(find, [.text(name)]).first { return try row.decode(0) }
        try connection.query("INSERT INTO provider (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", [.text(name)])
        guard let row = try connection.query(find, [.text(name)]).first else { throw Self.lost(name) }
        return try row.decode(0)
    }

    /// The ids of the names that have one.
    ///
    /// - Parameter provider: whose tenants; `nil` for models and regions, which all providers share.
    func find(
        _ dimension: NameDimension, _ names: some Collection<String>, provider: Int16?
    ) throws -> [NameBytes: Int64] {
        let table = dimension.word
        let own = provider == nil ? "" : " AND provider_id = $2"
        var ids: [NameBytes: Int64] = [:]
        let rows = try connection.query(
            "SELECT name, \(table)_id::bigint FROM \(table) WHERE name = ANY($1)\(own)",
            [.textArray(names)] + Self.parameter(provider))
        for row in rows { ids[NameBytes(try row.decode(0))] = try row.decode(1) }
        return ids
    }

    /// Gives ids to names that have none. A name that has one meanwhile is left as it is.
    ///
    /// - Parameter names: sorted by bytes, so that two that make the same names wait for each other instead of
    ///   deadlocking.
    func insert(_ dimension: NameDimension, _ names: some Collection<String>, provider: Int16?) throws {
        let table = dimension.word
        let sql =
            provider == nil
            ? "INSERT INTO \(table) (name) SELECT unnest($1) ON CONFLICT (name) DO NOTHING"
            : """
            INSERT INTO \(table) (name, provider_id) SELECT unnest($1), $2 ON CONFLICT (provider_id, name) DO NOTHING
            """
        try connection.query(sql, [.textArray(names)] + Self.parameter(provider))
    }

    /// The id of a name, made where it has none.
    func make(_ dimension: NameDimension, _ name: String, provider: Int16?) throws -> Int64 {
        if let id = try find(dimension, [name], provider: provider).values.first { return id }
        try insert(dimension, [name], provider: provider)
        guard let id = try find(dimension, [name], provider: provider).values.first else { throw Self.lost(name) }
        return id
    }

    private static func parameter(_ provider: Int16?) -> [Parameter] { provider.map { [.int(Int64($0))] } ?? [] }

    private static func lost(_ name: String) -> PostgresError {
        PostgresError(.decoding, "The name \"\(name)\" was stored and not found again.")
    }
}
