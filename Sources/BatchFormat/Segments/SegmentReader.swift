package import UsageModel

/// An opened segment. Rows are read one by one, without memory for any of them.
package struct SegmentReader: Sendable {
    package let header: SegmentHeader
    package let rowCount: Int
    let content: [UInt8]
    /// In their order.
    private let tenants: [Int64]
    /// Where each tenant's rows begin; the last is the number of rows.
    private let tenantStarts: [Int]
    /// In the bits of a key.
    private let combinations: [UInt128]
    private let combination: SegmentColumn
    private let minute: SegmentColumn
    private let requests: SegmentColumn
    private let input: SegmentColumn
    private let cachedInput: SegmentColumn
    private let output: SegmentColumn
    private let reasoningOutput: SegmentColumn

    /// Opens a sealed segment. Nothing is decompressed before the frame's header has been held against the bounds.
    ///
    /// - Throws: ``SegmentError``; never traps, whatever the bytes.
    package init(sealed: [UInt8]) throws(SegmentError) {
        let content: [UInt8]
        do {
            content = try ZstdFrame.decompress(
                sealed, maxSealedBytes: SegmentBounds.maxSealedBytes, maxContentBytes: SegmentBounds.maxContentBytes)
        } catch {
            throw SegmentError(.badFrame, "\(error)")
        }
        try self.init(content: content)
    }

    /// Opens what was in a frame.
    package init(content: [UInt8]) throws(SegmentError) {
        let bytes = unsafe content.span.bytes
        var offset = 0
        let counts: SectionCounts
        (header, counts) = try Self.readHeader(bytes, &offset)
        rowCount = counts.rows
        func column(_ count: Int, _ name: String) throws(SegmentError) -> SegmentColumn {
            try SegmentColumn(count: count, in: bytes, at: &offset, name)
        }
        let tenantColumn = try column(counts.tenants, "tenants")
        let tenantRows = try column(counts.tenants, "rows of tenants")
        let models = try column(counts.combinations, "models")
        let regions = try column(counts.combinations, "regions")
        let traits = try column(counts.combinations, "traits")
        combination = try column(counts.rows, "combination")
        minute = try column(counts.rows, "minute")
        requests = try column(counts.rows, "requests")
        input = try column(counts.rows, "input")
        cachedInput = try column(counts.rows, "cached input")
        output = try column(counts.rows, "output")
        reasoningOutput = try column(counts.rows, "reasoning output")
        guard offset == content.count else {
            throw SegmentError(.badContent, "\(content.count - offset) bytes belong to no column")
        }
        self.content = content
        (tenants, tenantStarts) = try Self.tenants(
            distances: tenantColumn, rows: tenantRows, rowCount: counts.rows, in: bytes)
        combinations = try Self.combinations(models: models, regions: regions, traits: traits, in: bytes)
        try Self.check(combination, within: 0...Int128(counts.combinations - 1), in: bytes, "combination")
        try Self.check(minute, within: 0...59, in: bytes, "minute")
        for count in [requests, input, cachedInput, output, reasoningOutput] {
            try Self.check(count, within: SegmentBounds.counts, in: bytes, "a count")
        }
    }

    private struct SectionCounts {
        var rows: Int
        var combinations: Int
        var tenants: Int
    }

    private static func readHeader(
        _ bytes: RawSpan, _ offset: inout Int
    ) throws(SegmentError) -> (SegmentHeader, SectionCounts) {
        guard bytes.byteCount >= 2, bytes.byte(at: 0) == SegmentBounds.formatVersion,
            let granularity = SegmentGranularity(rawValue: bytes.byte(at: 1))
        else { throw SegmentError(.badContent, "format or granularity is not one that this version knows") }
        offset = 2
        func number<Value: FixedWidthInteger>(_ name: String) throws(SegmentError) -> Value {
            guard let value = Value(exactly: try Varint.read(bytes, &offset)) else {
                throw SegmentError(.badContent, "\(name) is out of range")
            }
            return value
        }
        let header = SegmentHeader(
            granularity: granularity, provider: try number("provider"), hour: try number("hour"),
            chunk: try number("chunk"), part: try number("part"), afterPosition: try number("position after"),
            lastPosition: try number("last position"))
        try header.check()
        let counts = SectionCounts(
            rows: try number("rows"), combinations: try number("combinations"), tenants: try number("tenants"))
        guard (1...SegmentBounds.maxRows).contains(counts.rows), (1...counts.rows).contains(counts.combinations),
            (1...counts.rows).contains(counts.tenants)
        else {
            throw SegmentError(
                .tooLarge, "\(counts.rows) rows, \(counts.combinations) combinations, \(counts.tenants) tenants")
        }
        return (header, counts)
    }

    private static func tenants(
        distances column: SegmentColumn, rows: SegmentColumn, rowCount: Int, in bytes: RawSpan
    ) throws(SegmentError) -> ([Int64], [Int]) {
        try check(column, within: 0...Int128(SegmentKey.tenantBound - 1), in: bytes, "tenants")
        try check(rows, within: 1...Int128(rowCount), in: bytes, "rows of tenants")
        var tenants: [Int64] = []
        var starts = [0]
        tenants.reserveCapacity(column.count)
        starts.reserveCapacity(column.count + 1)
        for index in 0..<column.count {
            let distance = Int64(column.value(at: index, in: bytes))
            let tenant = (tenants.last ?? 0) + distance
            guard index == 0 || distance > 0, tenant < SegmentKey.tenantBound else {
                throw SegmentError(.badOrder, "tenants are not in their order")
            }
            tenants.append(tenant)
            starts.append(starts[index] + Int(rows.value(at: index, in: bytes)))
        }
        guard starts.last == rowCount else { throw SegmentError(.badContent, "rows of tenants aren't \(rowCount)") }
        return (tenants, starts)
    }

    private static func combinations(
        models: SegmentColumn, regions: SegmentColumn, traits: SegmentColumn, in bytes: RawSpan
    ) throws(SegmentError) -> [UInt128] {
        try check(models, within: 0...Int128(SegmentKey.idBound - 1), in: bytes, "models")
        try check(regions, within: 0...Int128(SegmentKey.idBound - 1), in: bytes, "regions")
        try check(traits, within: 0...Int128(SegmentKey.Combination.traitsBound - 1), in: bytes, "traits")
        var combinations: [UInt128] = []
        combinations.reserveCapacity(models.count)
        for index in 0..<models.count {
            let combination = SegmentKey.Combination(
                model: Int64(models.value(at: index, in: bytes)), region: Int64(regions.value(at: index, in: bytes)),
                traits: Int64(traits.value(at: index, in: bytes)))
            guard combination.isValid else {
                throw SegmentError(.badContent, "traits \(combination.traits) aren't known")
            }
            let bits = combination.packed << SegmentKey.combinationShift
            if let last = combinations.last, bits <= last {
                throw SegmentError(.badOrder, "combinations are not in their order")
            }
            combinations.append(bits)
        }
        return combinations
    }

    private static func check(
        _ column: SegmentColumn, within bounds: ClosedRange<Int128>, in bytes: RawSpan, _ name: String
    ) throws(SegmentError) {
        guard column.lies(within: bounds, in: bytes) else {
            throw SegmentError(.badContent, "\(name): a value is out of range")
        }
    }
}

extension SegmentReader {
    /// The rows of some tenants: those from the first to the last id, both included.
    package func rows(ofTenants ids: ClosedRange<Int64>) -> Range<Int> {
        let first = tenants.partitioningIndex { $0 >= ids.lowerBound }
        let last = tenants.partitioningIndex { $0 > ids.upperBound }
        return tenantStarts[first]..<tenantStarts[max(first, last)]
    }

    /// All rows.
    package var rows: Range<Int> { 0..<rowCount }

    /// Whether any row's counts are somebody's estimate.
    package var hasEstimates: Bool { combinations.contains { SegmentKey(packed: $0).isEstimated } }

    /// The sum over some rows.
    package func totals(_ rows: Range<Int>) -> SignedTokenCounts {
        let bytes = unsafe content.span.bytes
        return SignedTokenCounts(
            requests: requests.sum(over: rows, in: bytes), input: input.sum(over: rows, in: bytes),
            cachedInput: cachedInput.sum(over: rows, in: bytes), output: output.sum(over: rows, in: bytes),
            reasoningOutput: reasoningOutput.sum(over: rows, in: bytes))
    }

    /// Calls `body` with each of some rows, in their order.
    @inline(__always)
    package func forEach(_ rows: Range<Int>, _ body: (SegmentRow) throws -> Void) rethrows {
        var cursor = SegmentCursor(self, rows)
        while let row = cursor.next() { try body(row) }
    }

    /// The SHA-256 of the content.
    package var digest: BatchDigest { BatchDigest(of: content) }

    /// Holds the segment to all rules of the format: that there is no other way to write its rows.
    package func checkCanonical() throws(SegmentError) {
        var rows: [SegmentRow] = []
        rows.reserveCapacity(rowCount)
        forEach(self.rows) { rows.append($0) }
        guard try SegmentEncoder.content(header, rows[...]) == content else {
            throw SegmentError(.notCanonical, "\(header): its rows can be written in another way")
        }
    }

    @inline(__always)
    fileprivate func row(_ index: Int, tenantBits: UInt128) -> SegmentRow {
        let bytes = unsafe content.span.bytes
        let combination = combinations[Int(truncatingIfNeeded: combination.value(at: index, in: bytes))]
        let minute = UInt128(truncatingIfNeeded: minute.value(at: index, in: bytes))
        return SegmentRow(
            key: SegmentKey(packed: tenantBits | combination | minute),
            counts: SignedTokenCounts(
                requests: requests.value(at: index, in: bytes), input: input.value(at: index, in: bytes),
                cachedInput: cachedInput.value(at: index, in: bytes), output: output.value(at: index, in: bytes),
                reasoningOutput: reasoningOutput.value(at: index, in: bytes)))
    }

    /// Which tenant a row is of, by position.
    fileprivate func tenantIndex(ofRow row: Int) -> Int { tenantStarts.partitioningIndex { $0 > row } - 1 }
    fileprivate func tenantBits(at index: Int) -> UInt128 {
        UInt128(truncatingIfNeeded: tenants[index]) << SegmentKey.tenantShift
    }
    fileprivate func endOfTenant(at index: Int) -> Int { tenantStarts[index + 1] }
}

/// A place among the rows of a segment.
package struct SegmentCursor {
    package let reader: SegmentReader
    private var index: Int
    private let end: Int
    private var tenantIndex: Int
    private var tenantBits: UInt128 = 0
    private var tenantEnd = 0

    /// - Parameter rows: which rows it goes through.
    package init(_ reader: SegmentReader, _ rows: Range<Int>) {
        self.reader = reader
        index = rows.lowerBound
        end = rows.upperBound
        tenantIndex = rows.isEmpty ? 0 : reader.tenantIndex(ofRow: rows.lowerBound)
        if !rows.isEmpty {
            tenantBits = reader.tenantBits(at: tenantIndex)
            tenantEnd = reader.endOfTenant(at: tenantIndex)
        }
    }

    package init(_ reader: SegmentReader) {
        self.init(reader, reader.rows)
    }

    /// The next row; `nil` after the last.
    @inline(__always)
    package mutating func next() -> SegmentRow? {
        guard index < end else { return nil }
        if index == tenantEnd {
            tenantIndex += 1
            tenantBits = reader.tenantBits(at: tenantIndex)
            tenantEnd = reader.endOfTenant(at: tenantIndex)
        }
        defer { index += 1 }
        return reader.row(index, tenantBits: tenantBits)
    }
}

extension Array {
    /// The first index whose element satisfies a condition that holds of all elements after it as well; `count` where
    /// none does.
    package func partitioningIndex(where condition: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
