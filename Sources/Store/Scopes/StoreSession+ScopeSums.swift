internal import Postgres
internal import Scopes
internal import UsageModel

extension StoreSession {
    /// What a scope counts, and what it leaves out, over a part of the sums, told apart by a granularity. Must run in a
    /// transaction that is restricted already.
    func sums(
        under scope: Scope, of source: ScopeSource, granularity: SumGranularity, known: Timestamp,
        visibility: Visibility
    ) throws -> [FilteredSumRow] {
        var sql = ScopeSumsSQL(scope, granularity: granularity)
        let text = sql.text(source, known: known, visibility: visibility)
        return try connection.query(text, sql.parameters).map(Self.filteredSumRow(_:))
    }

    private static func filteredSumRow(_ row: Row) throws -> FilteredSumRow {
        func code<Value>(_ column: Int, _ parse: (UInt8) -> Value?) throws -> Value? {
            guard let code = try row.decode(column, as: UInt8?.self) else { return nil }
            guard let value = parse(code) else {
                throw PostgresError(.decoding, "The sums hold a code of a dimension that is not known.")
            }
            return value
        }
        guard let kind = try code(1, TenantKind.init(rawValue:)) else {
            throw PostgresError(.decoding, "The sums hold a row without a kind.")
        }
        return FilteredSumRow(
            provider: try row.decode(0), tenantKind: kind, model: try row.decode(3), region: try row.decode(4),
            layer: try code(5, Layer.init(rawValue:)), workload: try code(6, Workload.init(rawValue:)),
            tenant: try row.decode(7), segment: try row.decode(8), isCovered: try row.decode(2),
            counts: try counts(row, from: 9))
    }
}
