internal import UsageModel

/// Rows of several segments as one: keys in their order, equal ones added, those that count nothing left out.
///
/// What comes out doesn't depend on which segments the rows came in, or on the order of these.
package struct SegmentMerge {
    private struct Input {
        var cursor: SegmentCursor
        var row: SegmentRow
    }

    private var inputs: [Input] = []

    package init(_ segments: [SegmentReader]) {
        for segment in segments {
            var cursor = SegmentCursor(segment)
            if let row = cursor.next() { inputs.append(Input(cursor: cursor, row: row)) }
        }
    }

    /// The next row; `nil` after the last.
    ///
    /// - Throws: ``SegmentError`` where a segment's rows aren't in their order.
    package mutating func next() throws(SegmentError) -> SegmentRow? {
        while !inputs.isEmpty {
            var key = inputs[0].row.key
            for index in inputs.indices.dropFirst() where inputs[index].row.key < key { key = inputs[index].row.key }
            var counts = SignedTokenCounts()
            var hasEnded = false
            for index in inputs.indices where inputs[index].row.key == key {
                counts += inputs[index].row.counts
                if let row = inputs[index].cursor.next() {
                    guard row.key > key else {
                        throw SegmentError(
                            .badOrder, "\(inputs[index].cursor.reader.header): a key is not after the one before it")
                    }
                    inputs[index].row = row
                } else {
                    hasEnded = true
                    inputs[index].row.key = Self.ended
                }
            }
            if hasEnded { inputs.removeAll { $0.row.key == Self.ended } }
            if !counts.isZero { return SegmentRow(key: key, counts: counts) }
        }
        return nil
    }

    /// No row has this key: no minute is 63.
    private static let ended = SegmentKey(packed: .max)

    /// Merges segments of one provider, hour, granularity and chunk and seals them under a header, in as many parts as
    /// are needed.
    ///
    /// - Parameters:
    ///   - header: of the first part.
    ///   - maxRows: of a part.
    package static func seal(
        _ segments: [SegmentReader], as header: SegmentHeader, maxRows: Int = SegmentBounds.maxRows
    ) throws(SegmentError) -> [Segment] {
        var merge = SegmentMerge(segments)
        var sealed: [Segment] = []
        var rows: [SegmentRow] = []
        rows.reserveCapacity(min(maxRows, segments.reduce(0) { $0 + $1.rowCount }))
        var header = header
        while let row = try merge.next() {
            if rows.count == maxRows {
                sealed.append(try SegmentEncoder.seal(header, rows[...]))
                header.part += 1
                rows.removeAll(keepingCapacity: true)
            }
            rows.append(row)
        }
        if !rows.isEmpty { sealed.append(try SegmentEncoder.seal(header, rows[...])) }
        return sealed
    }
}
