package import SourceFormats
internal import UsageModel

/// Rows of a table as the process hands them over that reads it: a line for each, its id, a blank and the row in the
/// source's format.
package struct TableRows: Sendable {
    /// Why they can't be counted.
    package enum Fault: Error, Sendable, Equatable {
        /// A line isn't an id and a row.
        case malformed(line: Int)
        /// An id isn't above the one before, or above the checkpoint.
        case outOfOrder(id: Int64)
    }

    private struct Row {
        var id: Int64
        var bytes: Range<Int>
    }

    private let bytes: [UInt8]
    private var rows: [Row] = []

    /// The id of the last one; `nil` for none.
    package var lastID: Int64? { rows.last?.id }
    package var byteCount: Int { bytes.count }

    /// - Parameter id: the last one that was read before: all of them must be above it.
    package init(_ bytes: [UInt8], behind id: Int64) throws(Fault) {
        self.bytes = bytes
        var start = 0
        var last = id
        while start < bytes.count {
            guard let end = bytes[start...].firstIndex(of: 0x0A),
                let blank = bytes[start..<end].firstIndex(of: 0x20),
                let id = Int64(String(decoding: bytes[start..<blank], as: UTF8.self))
            else { throw .malformed(line: rows.count + 1) }
            guard id > last else { throw .outOfOrder(id: id) }
            rows.append(Row(id: id, bytes: blank + 1..<end))
            last = id
            start = end + 1
        }
    }

    /// Reads all rows, each at the line of its id, so that what is refused is found in the table.
    func read(by plan: SourcePlan, into sink: inout ChunkSink) {
        var parser = plan.makeParser()
        for row in rows {
            parser.resume(
                from: ParserCheckpoint(position: RecordPosition(line: UInt64(clamping: row.id), byteOffset: 0)))
            _ = unsafe parser.consume(bytes.span.bytes.extracting(row.bytes), endOfInput: true, into: &sink)
        }
        sink.settle(by: parser)
    }
}

extension Accumulator {
    /// Counts rows of a source's table, and takes over how far it was read by them: all of it or, where a table of sums
    /// has to be sealed first, nothing.
    package func add(
        _ rows: TableRows, of source: String, by plan: SourcePlan, context: ChunkContext, checkpoint: TableCheckpoint
    ) -> ChunkOutcome {
        precondition(
            rows.lastID == checkpoint.id, "rows up to \(rows.lastID ?? 0) with a checkpoint at \(checkpoint.id)")
        return addRows(of: source, context: context, checkpoint: checkpoint) { sink in
            rows.read(by: plan, into: &sink)
            return rows.byteCount
        }
    }
}
