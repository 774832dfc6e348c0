internal import UsageModel
internal import WireProtocol

/// Rows as columns and back: the heart of the batch format.
enum RowsColumns {
    /// The columns of rows in canonical form; `nil` for no rows.
    static func encode(_ rows: UsageRows) throws(BatchError) -> WireRows? {
        guard !rows.rows.isEmpty else {
            guard rows.tenants.isEmpty, rows.models.isEmpty, rows.regions.isEmpty else {
                throw BatchError(.badDictionary, field: "rows", "there are names but no rows")
            }
            return nil
        }
        guard rows.rows.count <= Limits.maxRowsPerBatch else {
            throw BatchError(.badColumn, field: "rows.row_count", "\(rows.rows.count) is above the limit")
        }
        var check = RowsCheck(rows)
        for row in rows.rows { try check.next(row) }
        try check.finish()
        var wire = WireRows()
        wire.rowCount = UInt32(rows.rows.count)
        wire.baseMinute = UInt32(check.firstMinute)
        wire.tenants = try NamesCodec.tenants.encode(rows.tenants)
        wire.models = try NamesCodec.models.encode(rows.models)
        wire.regions = try NamesCodec.regions.encode(rows.regions)
        encodeKeys(rows.rows, tenantCount: rows.tenants.count, baseMinute: check.firstMinute, into: &wire)
        encodeCounts(rows.rows, into: &wire)
        return wire
    }

    private static func encodeKeys(
        _ rows: [UsageRow], tenantCount: Int, baseMinute: Int64, into wire: inout WireRows
    ) {
        var tenantRows = [UInt32](repeating: 0, count: tenantCount)
        var model: [UInt32] = []
        var minute: [UInt32] = []
        model.reserveCapacity(rows.count)
        minute.reserveCapacity(rows.count)
        for (index, row) in rows.enumerated() {
            let previous = index > 0 ? rows[index - 1] : nil
            let sameTenant = previous?.tenant == row.tenant
            if sameTenant { tenantRows[Int(row.tenant)] += 1 }
            model.append(sameTenant ? row.model - (previous?.model ?? 0) : row.model)
            let start = previous.map { $0.isSameKey(as: row) } ?? false ? previous?.minute ?? 0 : baseMinute
            minute.append(UInt32(truncatingIfNeeded: row.minute - start))
        }
        wire.tenantRows = shortened(tenantRows)
        wire.model = shortened(model)
        wire.region = shortened(rows.map(\.region))
        wire.layer = shortened(rows.map { UInt32($0.layer.rawValue) })
        wire.workload = shortened(rows.map { UInt32($0.workload.rawValue) })
        wire.modality = shortened(rows.map { UInt32($0.modality.rawValue) })
        wire.minute = shortened(minute)
    }

    private static func encodeCounts(_ rows: [UsageRow], into wire: inout WireRows) {
        wire.requests = shortened(rows.map { $0.counts.requests - 1 })
        wire.input = shortened(rows.map(\.counts.input))
        wire.cachedInput = shortened(rows.map(\.counts.cachedInput))
        wire.output = shortened(rows.map(\.counts.output))
        wire.reasoningOutput = shortened(rows.map(\.counts.reasoningOutput))
    }

    /// A column whose values are all the same is written as that value once.
    private static func shortened<Value: Equatable>(_ column: [Value]) -> [Value] {
        guard let first = column.first, column.allSatisfy({ $0 == first }) else { return column }
        return [first]
    }
}

extension UsageRow {
    /// Whether at most the minute differs.
    func isSameKey(as other: UsageRow) -> Bool {
        tenant == other.tenant && model == other.model && region == other.region && layer == other.layer
            && workload == other.workload && modality == other.modality
    }
}
