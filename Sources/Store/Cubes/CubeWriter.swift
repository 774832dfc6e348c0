internal import Postgres
internal import Reporting
internal import UsageModel

/// Adds to cells of cubes, in the order of their keys: two writers that meet can't deadlock.
struct CubeWriter {
    let connection: Connection
    /// Stands before the names of tables: empty for the real ones, `rebuilt_` for temporary copies.
    var prefix = ""

    /// - Returns: the number of cells that were inserted or updated.
    @discardableResult
    func write(_ cells: CubeCells) throws -> Int {
        let sorted = cells.sorted { $0.key < $1.key }
        try write(sorted.filter { $0.key.version == nil }, to: .current)
        try write(sorted.filter { $0.key.version != nil }, to: .changes)
        return sorted.count
    }

    private func write(
        _ cells: [(key: CellKey, value: SignedTokenCounts)], to table: CubeTable
    ) throws {
        let sql = Self.sql(prefix, table)
        for portion in cells.indices.map(\.self).portions(of: RowPortions.maxRows) {
            let keys = portion.map { cells[$0].key }
            let counts = portion.map { cells[$0].value }
            let written = try connection.query(
                sql, Self.columns(of: keys, in: table) + Parameter.numericColumns(counts)
            ).affectedRows
            RowPortions.requireAll(written, of: portion.count, "\(prefix)\(table.rawValue)")
        }
    }

    /// The columns of the primary key, in the order of ``CubeTable/keys``.
    private static func columns(of keys: [CellKey], in table: CubeTable) -> [Parameter] {
        func codes(_ part: (CellKey) -> UInt8) -> Parameter { .int16Array(keys.map { Int16(part($0)) }) }
        let starts = keys.map { Timestamp(seconds: $0.start) }
        var columns: [Parameter] = table == .changes ? [.timestampArray(keys.compactMap(\.version))] : []
        columns += [.int16Array(keys.map(\.calendar)), .timestampArray(starts), .int16Array(keys.map(\.provider))]
        columns += [codes(\.kind), .int32Array(keys.map(\.model)), .int32Array(keys.map(\.region))]
        columns += [codes { $0.codes >> 5 }, codes { $0.codes >> 3 & 3 }, codes { $0.codes & 7 }]
        return columns + [.boolArray(keys.map(\.isEstimated))]
    }

    private static func sql(_ prefix: String, _ table: CubeTable) -> String {
        let name = "\(prefix)\(table.rawValue)"
        let columns = table.keys + CountColumns.names.map { ($0, "numeric") }
        let arrays = columns.enumerated().map { "$\($0.offset + 1)::\($0.element.type)[]" }.joined(separator: ", ")
        let sets = CountColumns.names.map { "\($0) = \(name).\($0) + excluded.\($0)" }.joined(separator: ", ")
        return """
            INSERT INTO \(name) (\(columns.map(\.name).joined(separator: ", ")))
            SELECT * FROM unnest(\(arrays))
            ON CONFLICT (\(table.keys.map(\.name).joined(separator: ", "))) DO UPDATE SET \(sets)
            """
    }
}

/// The two tables of cells.
enum CubeTable: String, CaseIterable {
    case current = "cube"
    case changes = "cube_change"

    /// The columns of the primary key, with their types.
    var keys: [(name: String, type: String)] {
        let version = self == .changes ? [(name: "recorded_at", type: "timestamptz")] : []
        return version + [
            ("calendar_id", "int2"), ("start_at", "timestamptz"), ("provider_id", "int2"), ("kind", "int2"),
            ("model_id", "int4"), ("region_id", "int4"), ("layer", "int2"), ("workload", "int2"), ("modality", "int2"),
            ("is_estimated", "boolean"),
        ]
    }
}
