internal import UsageModel

/// Holds rows, one after the other, to the rules that both writer and reader keep.
struct RowsCheck {
    /// The earliest minute so far.
    private(set) var firstMinute: Int64 = .max
    /// Flags of all rows so far.
    private(set) var flags: UsageFlags = []
    /// Requests of all rows so far, also of those that are taken back.
    private(set) var requests: UInt128 = 0

    private let tenantCount: Int
    private var usedTenants = 0
    private var usedModels: [Bool]
    private var usedRegions: [Bool]
    private var previousKey: RowKey?
    private var previousMinute: Int64 = 0
    private var index = 0

    init(_ rows: UsageRows) {
        tenantCount = rows.tenants.count
        usedModels = Array(repeating: false, count: rows.models.count)
        usedRegions = Array(repeating: false, count: rows.regions.count)
    }

    mutating func next(_ row: UsageRow) throws(BatchError) {
        guard Int(row.tenant) < tenantCount else { throw beyond("rows.tenant_rows", of: "tenants") }
        guard Int(row.model) < usedModels.count else { throw beyond("rows.model", of: "models") }
        guard Int(row.region) < usedRegions.count else { throw beyond("rows.region", of: "regions") }
        guard row.minute >= 0, row.minute <= BatchBounds.maxMinute else {
            throw BatchError(.badColumn, field: "rows.minute", "the minute of row \(index) is out of range")
        }
        try checkCounts(row.counts)
        let key = RowKey(of: row, tenant: row.tenant, model: row.model, region: row.region)
        if let previousKey, key < previousKey || (key == previousKey && row.minute <= previousMinute) {
            throw BatchError(.badOrder, field: "rows", "row \(index) is not after the row before it")
        }
        if Int(row.tenant) == usedTenants {
            usedTenants += 1
        } else if Int(row.tenant) > usedTenants {
            throw unused("rows.tenants")
        }
        usedModels[Int(row.model)] = true
        usedRegions[Int(row.region)] = true
        (previousKey, previousMinute) = (key, row.minute)
        flags.formUnion(row.flags)
        firstMinute = min(firstMinute, row.minute)
        requests += UInt128(row.counts.requests)
        index += 1
    }

    /// To be called after the last row: every name must have been used.
    func finish() throws(BatchError) {
        guard usedTenants == tenantCount else { throw unused("rows.tenants") }
        guard usedModels.allSatisfy(\.self) else { throw unused("rows.models") }
        guard usedRegions.allSatisfy(\.self) else { throw unused("rows.regions") }
    }

    private func checkCounts(_ counts: TokenCounts) throws(BatchError) {
        guard counts.requests > 0 else { throw inconsistent(in: "rows.requests", "no requests") }
        guard counts.cachedInput <= counts.input else {
            throw inconsistent(in: "rows.cached_input", "more cached input than input")
        }
        guard counts.reasoningOutput <= counts.output else {
            throw inconsistent(in: "rows.reasoning_output", "more reasoning output than output")
        }
    }

    private func beyond(_ field: String, of dictionary: String) -> BatchError {
        BatchError(.badColumn, field: field, "row \(index) points beyond the dictionary of \(dictionary)")
    }

    private func unused(_ field: String) -> BatchError {
        BatchError(.badDictionary, field: field, "a name that no row uses")
    }

    private func inconsistent(in field: String, _ message: String) -> BatchError {
        BatchError(.inconsistentCounts, field: field, "row \(index) has \(message)")
    }
}
