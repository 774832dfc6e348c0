package import UsageModel

/// Sums by key as they are stored: sorted, in columns, in one zstd frame, with the SHA-256 of the content.
///
/// The content, before compression, is one string of bytes for the same header and rows, whatever they were merged
/// from:
///
/// | part | form |
/// |---|---|
/// | format version, granularity | a byte each |
/// | provider, hour, chunk, part, position after, last position | varints |
/// | rows, combinations, tenants | varints: how many there are of each |
/// | tenants | a column of distances from the tenant before, from 0 |
/// | rows of each tenant | a column |
/// | models, regions, traits of the combinations | a column each; combinations are sorted, and each is used |
/// | combination, minute of each row | a column each |
/// | requests, input, cached input, output, reasoning output of each row | a column each |
///
/// Columns are ``SegmentColumn``s, in this order and without anything between them. Rows are in the order of their
/// keys; no key stands twice, and no row counts nothing.
package struct Segment: Sendable, Equatable {
    package var header: SegmentHeader
    /// One zstd frame.
    package var sealed: [UInt8]
    /// SHA-256 of the content before compression, which doesn't change with the version of zstd.
    package var digest: BatchDigest
    package var rowCount: Int
    package var totals: SignedTokenCounts
}

package enum SegmentEncoder {
    /// Seals rows.
    ///
    /// - Parameter rows: in the order of their keys, at most ``SegmentBounds/maxRows`` and at least one; none that
    ///   counts nothing.
    /// - Throws: ``SegmentError`` where they aren't, or a count is out of range.
    package static func seal(_ header: SegmentHeader, _ rows: ArraySlice<SegmentRow>) throws(SegmentError) -> Segment {
        var boundaries: [Int] = []
        var totals = SignedTokenCounts()
        let content = try content(header, rows, totals: &totals, boundaries: &boundaries)
        let sealed: [UInt8]
        do {
            sealed = try ZstdFrame.compress(
                content, level: BatchEncoder.defaultCompressionLevel, boundaries: boundaries)
        } catch {
            throw SegmentError(.badFrame, "\(error)")
        }
        return Segment(
            header: header, sealed: sealed, digest: BatchDigest(of: content), rowCount: rows.count, totals: totals)
    }

    /// The bytes before compression.
    package static func content(
        _ header: SegmentHeader, _ rows: ArraySlice<SegmentRow>
    ) throws(SegmentError) -> [UInt8] {
        var boundaries: [Int] = []
        var totals = SignedTokenCounts()
        return try content(header, rows, totals: &totals, boundaries: &boundaries)
    }

    private static func content(
        _ header: SegmentHeader, _ rows: ArraySlice<SegmentRow>, totals: inout SignedTokenCounts,
        boundaries: inout [Int]
    ) throws(SegmentError) -> [UInt8] {
        guard (1...SegmentBounds.maxRows).contains(rows.count) else {
            throw SegmentError(.tooLarge, "\(rows.count) rows; a segment has from 1 to \(SegmentBounds.maxRows)")
        }
        try check(header, rows)
        let keys = Keys(rows)
        var content: [UInt8] = [SegmentBounds.formatVersion, header.granularity.rawValue]
        content.reserveCapacity(rows.count * 24 + 1_024)
        let numbers: [Int64] = [
            Int64(header.provider), header.hour, Int64(header.chunk), Int64(header.part), header.afterPosition,
            header.lastPosition, Int64(rows.count), Int64(keys.combinations.count), Int64(keys.tenants.count),
        ]
        for number in numbers { Varint.append(UInt128(number), to: &content) }
        func column(_ values: [Int128]) { SegmentColumn.append(values, to: &content, boundaries: &boundaries) }
        column(keys.tenants)
        column(keys.tenantRows)
        let combinations = keys.combinations.map(SegmentKey.Combination.init)
        column(combinations.map { Int128($0.model) })
        column(combinations.map { Int128($0.region) })
        column(combinations.map { Int128($0.traits) })
        column(keys.rowCombinations)
        column(rows.map { Int128($0.key.minute) })
        column(rows.map { $0.counts.requests })
        column(rows.map { $0.counts.input })
        column(rows.map { $0.counts.cachedInput })
        column(rows.map { $0.counts.output })
        column(rows.map { $0.counts.reasoningOutput })
        for row in rows { totals += row.counts }
        return content
    }

    private static func check(_ header: SegmentHeader, _ rows: ArraySlice<SegmentRow>) throws(SegmentError) {
        try header.check()
        var previous: SegmentKey?
        for row in rows {
            if let previous, row.key <= previous {
                throw SegmentError(.badOrder, "a key of \(header) is not after the one before it")
            }
            previous = row.key
            guard header.holds(row.key) else {
                throw SegmentError(
                    .badOrder, "a row of tenant \(row.key.tenant) belongs into another segment than \(header)")
            }
            guard !row.counts.isZero else {
                throw SegmentError(
                    .notCanonical, "a row of tenant \(row.key.tenant) counts nothing, so it must be left out")
            }
            guard row.counts.isInRange else {
                throw SegmentError(.tooLarge, "a count of tenant \(row.key.tenant) is beyond \(SegmentBounds.maxCount)")
            }
        }
    }

    /// The keys of rows as columns have them.
    private struct Keys {
        /// Each as the distance from the one before.
        var tenants: [Int128] = []
        var tenantRows: [Int128] = []
        var combinations: [UInt128] = []
        var rowCombinations: [Int128] = []

        init(_ rows: ArraySlice<SegmentRow>) {
            var indices: [UInt128: Int128] = [:]
            var order: [UInt128] = []
            rowCombinations.reserveCapacity(rows.count)
            var tenant: Int64 = 0
            // Rows by minute and tenant are all of one combination, and neighbours often are.
            var (last, lastIndex) = (UInt128.max, Int128(0))
            for row in rows {
                if tenantRows.isEmpty || row.key.tenant != tenant {
                    tenants.append(Int128(row.key.tenant - tenant))
                    tenantRows.append(0)
                    tenant = row.key.tenant
                }
                tenantRows[tenantRows.count - 1] += 1
                let combination = row.key.combination
                if combination != last {
                    last = combination
                    if let index = indices[combination] {
                        lastIndex = index
                    } else {
                        lastIndex = Int128(order.count)
                        indices[combination] = lastIndex
                        order.append(combination)
                    }
                }
                rowCombinations.append(lastIndex)
            }
            // From the order of arrival to the order of keys.
            combinations = order.sorted()
            var ranks = [Int128](repeating: 0, count: order.count)
            for (rank, combination) in combinations.enumerated() {
                if let index = indices[combination] { ranks[Int(index)] = Int128(rank) }
            }
            for index in rowCombinations.indices { rowCombinations[index] = ranks[Int(rowCombinations[index])] }
        }
    }
}

extension SegmentHeader {
    /// - Throws: ``SegmentError`` where a number is out of range.
    func check() throws(SegmentError) {
        guard provider >= 0, (0...BatchBounds.maxMinute / 60).contains(hour), chunk >= 0, part >= 0, afterPosition >= 0,
            lastPosition > afterPosition
        else { throw SegmentError(.badContent, "\(self): a number is out of range") }
    }

    /// Whether a row with the key belongs into the segment.
    func holds(_ key: SegmentKey) -> Bool {
        granularity.allows(key) && SegmentBounds.chunk(of: key.tenant) == chunk
    }
}

extension SegmentHeader: CustomStringConvertible {
    package var description: String {
        "segment \(granularity) of provider \(provider), hour \(hour), chunk \(chunk), part \(part), positions above "
            + "\(afterPosition) to \(lastPosition)"
    }
}
