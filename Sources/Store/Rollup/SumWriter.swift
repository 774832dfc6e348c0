internal import Postgres
internal import UsageModel

/// Adds merged sums to the tables of sums, in key order and in large portions.
///
/// The order keeps two writers that meet (a rollup whose lock went with its session, and the next) from deadlock: each
/// locks rows in the same order. It also touches each page of the primary key once.
struct SumWriter {
    /// Rows of one statement. Larger saves little, and a statement's arrays stay within a few megabytes.
    static let portionRows = 20_000

    let connection: Connection
    /// Stands before the names of tables: empty for the real ones, `rebuilt_` for temporary copies.
    var prefix = ""

    /// Adds everything. - Returns: the number of rows that were inserted or updated.
    func write(_ sums: SumBuilder, floors: Floors) throws -> Int {
        try writeWide(sums.hours, .hour, providers: sums.providers, from: floors.hour)
            + writeWide(sums.days, .day, providers: sums.providers, from: .min)
            + writeWide(sums.months, .month, providers: sums.providers, from: .min)
            + writeMinutes(sums.minutes, from: floors.minute)
    }

    enum WideTable: String {
        case hour, day, month

        var arrayType: String { self == .hour ? "timestamptz" : "date" }

        func times(_ keys: [UInt128]) -> Parameter {
            switch self {
            case .hour: .timestampArray(keys.map { Timestamp(seconds: SumKey.time(of: $0) * 3_600) })
            case .day: .dateArray(days: keys.map(SumKey.time(of:)))
            case .month: .dateArray(days: keys.map { Month(index: Int(SumKey.time(of: $0))).firstDay.days })
            }
        }
    }

    private func writeWide(
        _ table: SumTable, _ kind: WideTable, providers: [Int64: Int16], from floor: Int64
    ) throws -> Int {
        let indices = table.sortedIndices().filter { SumKey.time(of: table.keys[$0]) >= floor }
        for portion in indices.portions(of: Self.portionRows) {
            let keys = portion.map { table.keys[$0] }
            let counts = CountColumns(portion.map { table.counts[$0] })
            let sql = Self.wideSQL("\(prefix)usage_\(kind)", kind, numbers: counts.arrayType)
            let written = try connection.query(
                sql,
                [
                    kind.times(keys), .int16Array(keys.map { providers[SumKey.tenant(of: $0)] ?? 0 }),
                    .int64Array(keys.map(SumKey.tenant(of:))), .int32Array(keys.map(SumKey.model(of:))),
                    .int32Array(keys.map(SumKey.region(of:))), .int16Array(keys.map(SumKey.layer(of:))),
                    .int16Array(keys.map(SumKey.workload(of:))), .int16Array(keys.map(SumKey.modality(of:))),
                ] + counts.parameters
            ).affectedRows
            Self.requireAll(written, of: portion.count, "\(prefix)usage_\(kind)")
        }
        return indices.count
    }

    /// Keys are unique within a statement, so that each row of it is one row of the table.
    static func requireAll(_ written: Int, of rows: Int, _ table: String) {
        precondition(written == rows, "\(written) of \(rows) sums were written to \(table)")
    }

    private func writeMinutes(_ table: SumTable, from floor: Int64) throws -> Int {
        let indices = table.sortedIndices().filter { MinuteKey.minute(of: table.keys[$0]) >= floor }
        for portion in indices.portions(of: Self.portionRows) {
            let keys = portion.map { table.keys[$0] }
            let counts = CountColumns(portion.map { table.counts[$0] })
            let written = try connection.query(
                Self.minuteSQL("\(prefix)usage_minute", numbers: counts.arrayType),
                [
                    .timestampArray(keys.map { Timestamp(seconds: MinuteKey.minute(of: $0) * 60) }),
                    .int16Array(keys.map(MinuteKey.provider(of:))), .int16Array(keys.map(MinuteKey.granularity(of:))),
                    .int64Array(keys.map(MinuteKey.subject(of:))),
                ] + counts.parameters
            ).affectedRows
            Self.requireAll(written, of: portion.count, "\(prefix)usage_minute")
        }
        return indices.count
    }

    static let countColumns = [
        "requests", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens",
    ]

    private static func wideSQL(_ table: String, _ kind: WideTable, numbers: String) -> String {
        upsertSQL(
            table, keys: ["\(kind)", "tenant_id", "model_id", "region_id", "layer", "workload", "modality"],
            columns: [
                ("\(kind)", kind.arrayType), ("provider_id", "int2"), ("tenant_id", "int8"), ("model_id", "int4"),
                ("region_id", "int4"), ("layer", "int2"), ("workload", "int2"), ("modality", "int2"),
            ] + countColumns.map { ($0, numbers) })
    }

    private static func minuteSQL(_ table: String, numbers: String) -> String {
        upsertSQL(
            table, keys: ["minute", "provider_id", "granularity", "subject_id"],
            columns: [
                ("minute", "timestamptz"), ("provider_id", "int2"), ("granularity", "int2"), ("subject_id", "int8"),
            ] + countColumns.map { ($0, numbers) })
    }

    private static func upsertSQL(_ table: String, keys: [String], columns: [(name: String, type: String)]) -> String {
        let arrays = columns.enumerated().map { "$\($0.offset + 1)::\($0.element.type)[]" }.joined(separator: ", ")
        let sets = countColumns.map { "\($0) = \(table).\($0) + excluded.\($0)" }.joined(separator: ", ")
        return """
            INSERT INTO \(table) (\(columns.map(\.name).joined(separator: ", ")))
            SELECT * FROM unnest(\(arrays))
            ON CONFLICT (\(keys.joined(separator: ", "))) DO UPDATE SET \(sets)
            """
    }
}

/// Counts as five array parameters: `bigint` where all fit, which is cheaper to send and parse, `numeric` otherwise.
private struct CountColumns {
    let parameters: [Parameter]
    let arrayType: String

    init(_ counts: [SignedTokenCounts]) {
        let small = Int128(Int64.min)...Int128(Int64.max)
        let areSmall = counts.allSatisfy {
            small.contains($0.requests) && small.contains($0.input) && small.contains($0.cachedInput)
                && small.contains($0.output) && small.contains($0.reasoningOutput)
        }
        arrayType = areSmall ? "int8" : "numeric"
        let columns = [
            counts.map(\.requests), counts.map(\.input), counts.map(\.cachedInput), counts.map(\.output),
            counts.map(\.reasoningOutput),
        ]
        parameters = columns.map { column in
            areSmall ? .int64Array(column.map { Int64($0) }) : .numericArray(column)
        }
    }
}

extension Parameter {
    /// Signed counts as five array parameters of `numeric`, in the order of ``SumWriter/countColumns``.
    static func numericColumns(_ counts: [SignedTokenCounts]) -> [Parameter] {
        [
            .numericArray(counts.map(\.requests)), .numericArray(counts.map(\.input)),
            .numericArray(counts.map(\.cachedInput)), .numericArray(counts.map(\.output)),
            .numericArray(counts.map(\.reasoningOutput)),
        ]
    }
}

extension [Int] {
    /// The elements in order, in portions of at most `size`.
    func portions(of size: Int) -> [ArraySlice<Int>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
