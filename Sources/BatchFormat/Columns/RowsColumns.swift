internal import UsageModel
internal import WireProtocol

/// Rows as columns and back: the heart of the batch format.
enum RowsColumns {
    /// The message `Rows` of rows in canonical form; `nil` for no rows.
    static func encode(_ rows: UsageRows) throws(BatchError) -> ColumnWriter? {
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
        var message = ColumnWriter()
        message.number(UInt64(rows.rows.count), field: 1)
        message.number(UInt64(check.firstMinute), field: 2)
        message.message(try NamesCodec.tenants.encode(rows.tenants), field: 3)
        message.message(try NamesCodec.models.encode(rows.models), field: 4)
        message.message(try NamesCodec.regions.encode(rows.regions), field: 5)
        encodeKeys(rows.rows, tenantCount: rows.tenants.count, baseMinute: check.firstMinute, into: &message)
        encodeCounts(rows.rows, into: &message)
        if !check.flags.isEmpty {
            message.column(18, count: rows.rows.count, short: { UInt32(rows.rows[$0].flags.rawValue) })
        }
        return message
    }

    private static func encodeKeys(
        _ rows: [UsageRow], tenantCount: Int, baseMinute: Int64, into message: inout ColumnWriter
    ) {
        var tenantRows = [UInt32](repeating: 0, count: tenantCount)
        for index in rows.indices.dropFirst() where rows[index - 1].tenant == rows[index].tenant {
            tenantRows[Int(rows[index].tenant)] += 1
        }
        message.column(6, count: tenantCount, short: { tenantRows[$0] })
        message.column(
            7, count: rows.count,
            short: { index in
                let isFirst = index == 0 || rows[index - 1].tenant != rows[index].tenant
                return isFirst ? rows[index].model : rows[index].model - rows[index - 1].model
            })
        message.column(8, count: rows.count, short: { rows[$0].region })
        message.column(9, count: rows.count, short: { UInt32(rows[$0].layer.rawValue) })
        message.column(10, count: rows.count, short: { UInt32(rows[$0].workload.rawValue) })
        message.column(11, count: rows.count, short: { UInt32(rows[$0].modality.rawValue) })
        message.column(
            12, count: rows.count,
            short: { index in
                let follows = index > 0 && rows[index - 1].isSameKey(as: rows[index])
                let start = follows ? rows[index - 1].minute : baseMinute
                return UInt32(truncatingIfNeeded: rows[index].minute - start)
            })
    }

    private static func encodeCounts(_ rows: [UsageRow], into message: inout ColumnWriter) {
        message.column(13, count: rows.count, long: { rows[$0].counts.requests - 1 })
        message.column(14, count: rows.count, long: { rows[$0].counts.input })
        message.column(15, count: rows.count, long: { rows[$0].counts.cachedInput })
        message.column(16, count: rows.count, long: { rows[$0].counts.output })
        message.column(17, count: rows.count, long: { rows[$0].counts.reasoningOutput })
    }
}

extension UsageRow {
    /// Whether at most the minute differs.
    func isSameKey(as other: UsageRow) -> Bool {
        tenant == other.tenant && model == other.model && region == other.region && layer == other.layer
            && workload == other.workload && modality == other.modality
            && flags.rawValue == other.flags.rawValue
    }
}

extension RowsColumns {
    /// The rows that columns stand for.
    ///
    /// - Precondition: the message passed ``MessageShape/check(_:found:)``.
    static func decode(_ wire: WireRows) throws(BatchError) -> (rows: UsageRows, requests: UInt128) {
        let count = Int(wire.rowCount)
        guard count > 0 else { throw BatchError(.badColumn, field: "rows.row_count", "no rows must be left out") }
        var result = UsageRows(
            tenants: try NamesCodec.tenants.decode(wire.tenants), models: try NamesCodec.models.decode(wire.models),
            regions: try NamesCodec.regions.decode(wire.regions))
        let columns = try Columns(wire, rowCount: count, tenantCount: result.tenants.count)
        var check = RowsCheck(result)
        result.rows.reserveCapacity(count)
        for tenant in 0..<result.tenants.count {
            try columns.appendRows(of: tenant, to: &result.rows, &check)
        }
        guard result.rows.count == count else {
            throw BatchError(.badColumn, field: "rows.tenant_rows", "adds up to \(result.rows.count), not \(count)")
        }
        try check.finish()
        guard check.firstMinute == Int64(wire.baseMinute) else {
            throw BatchError(.badColumn, field: "rows.base_minute", "not the earliest minute of the rows")
        }
        return (result, check.requests)
    }
}

/// A column that holds one value for every row, or one value that stands for all.
private struct Column<Value: FixedWidthInteger> {
    private let values: [Value]
    private let isConstant: Bool

    init(_ values: [Value], count: Int, _ field: String) throws(BatchError) {
        guard values.count == count || values.count == 1 else {
            throw BatchError(.badColumn, field: "rows.\(field)", "\(values.count) values where \(count) or 1 must be")
        }
        isConstant = values.count == 1
        guard count == 1 || isConstant || values.contains(where: { $0 != values[0] }) else {
            throw BatchError(.badColumn, field: "rows.\(field)", "\(count) equal values must be written as one")
        }
        self.values = values
    }

    @inline(__always)
    subscript(row: Int) -> Value { isConstant ? values[0] : values[row] }
}

/// All columns of a batch, their lengths checked.
private struct Columns {
    let rowCount: Int
    let baseMinute: Int64
    let tenantRows: Column<UInt32>
    let model: Column<UInt32>
    let region: Column<UInt32>
    let layer: Column<UInt32>
    let workload: Column<UInt32>
    let modality: Column<UInt32>
    let minute: Column<UInt32>
    let requests: Column<UInt64>
    let input: Column<UInt64>
    let cachedInput: Column<UInt64>
    let output: Column<UInt64>
    let reasoningOutput: Column<UInt64>
    /// `nil` where no row has a flag.
    let flags: Column<UInt32>?

    init(_ wire: WireRows, rowCount: Int, tenantCount: Int) throws(BatchError) {
        self.rowCount = rowCount
        baseMinute = Int64(wire.baseMinute)
        tenantRows = try Column(wire.tenantRows, count: tenantCount, "tenant_rows")
        model = try Column(wire.model, count: rowCount, "model")
        region = try Column(wire.region, count: rowCount, "region")
        layer = try Column(wire.layer, count: rowCount, "layer")
        workload = try Column(wire.workload, count: rowCount, "workload")
        modality = try Column(wire.modality, count: rowCount, "modality")
        minute = try Column(wire.minute, count: rowCount, "minute")
        requests = try Column(wire.requests, count: rowCount, "requests")
        input = try Column(wire.input, count: rowCount, "input")
        cachedInput = try Column(wire.cachedInput, count: rowCount, "cached_input")
        output = try Column(wire.output, count: rowCount, "output")
        reasoningOutput = try Column(wire.reasoningOutput, count: rowCount, "reasoning_output")
        guard wire.flags != [0] else {
            throw BatchError(.badColumn, field: "rows.flags", "no row has a flag, so it must be left out")
        }
        flags = wire.flags.isEmpty ? nil : try Column(wire.flags, count: rowCount, "flags")
    }

    func appendRows(of tenant: Int, to rows: inout [UsageRow], _ check: inout RowsCheck) throws(BatchError) {
        let count = Int(tenantRows[tenant]) + 1
        guard count <= rowCount - rows.count else {
            throw BatchError(.badColumn, field: "rows.tenant_rows", "adds up to more than \(rowCount)")
        }
        var previous: UsageRow?
        for _ in 0..<count {
            let row = try row(rows.count, tenant: UInt32(tenant), after: previous)
            try check.next(row)
            rows.append(row)
            previous = row
        }
    }

    /// - Parameter previous: the row before, where it is of the same tenant.
    @inline(__always)
    private func row(_ index: Int, tenant: UInt32, after previous: UsageRow?) throws(BatchError) -> UsageRow {
        guard let layer = Layer(rawValue: UInt8(clamping: layer[index])) else { throw unknown("layer", index) }
        guard let workload = Workload(rawValue: UInt8(clamping: workload[index])) else {
            throw unknown("workload", index)
        }
        guard let modality = Modality(rawValue: UInt8(clamping: modality[index])) else {
            throw unknown("modality", index)
        }
        let (requests, overflow) = requests[index].addingReportingOverflow(1)
        guard !overflow else { throw BatchError(.badColumn, field: "rows.requests", "row \(index) leaves 64 bits") }
        var row = UsageRow(
            // Both are at most maxModelsPerBatch here, so the sum stays within 32 bits.
            minute: baseMinute, tenant: tenant, model: (previous?.model ?? 0) + model[index], region: region[index],
            layer: layer, workload: workload, modality: modality,
            // The shape of the message has no value beyond them.
            flags: UsageFlags(rawValue: UInt8(truncatingIfNeeded: flags?[index] ?? 0)),
            counts: TokenCounts(
                requests: requests, input: input[index], cachedInput: cachedInput[index], output: output[index],
                reasoningOutput: reasoningOutput[index]))
        if let previous, previous.isSameKey(as: row) { row.minute = previous.minute }
        row.minute += Int64(minute[index])
        return row
    }

    private func unknown(_ field: String, _ index: Int) -> BatchError {
        BatchError(.badColumn, field: "rows.\(field)", "row \(index) has a code that this format version doesn't know")
    }
}
