internal import SourceFormats
internal import Synchronization
internal import UsageModel

/// How a followed file's chunk is parsed: in how many pieces, and by whom.
package struct ParallelParsing: Sendable {
    /// The smallest piece that is worth another thread, in bytes.
    package static let minPieceBytes = 64 << 10
    /// The most threads that parse one chunk.
    package static let maxPieces = 16

    /// The most pieces of a chunk.
    package var pieces: Int
    /// The smallest piece, in bytes.
    package var minPieceBytes: Int
    /// Calls the body with each index below the count, on any threads, and returns when all calls have.
    package var forEach: @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void

    package init(
        pieces: Int, minPieceBytes: Int = Self.minPieceBytes,
        forEach: @escaping @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void
    ) {
        self.pieces = max(1, min(pieces, Self.maxPieces))
        self.minPieceBytes = minPieceBytes
        self.forEach = forEach
    }

    /// One piece after the other, by the caller.
    package static func inTurn(pieces: Int, minPieceBytes: Int = Self.minPieceBytes) -> ParallelParsing {
        ParallelParsing(pieces: pieces, minPieceBytes: minPieceBytes) { count, body in
            for index in 0..<count { body(index) }
        }
    }
}

/// Parses chunks of followed files without holding the accumulator's lock, in pieces that are parsed at the same time.
///
/// Where a format's records end at line ends, a chunk is cut behind some of them, and each piece is read by a parser of
/// its own that resumed there. Only the number of its first line isn't known then; it is put right when the pieces
/// before have been read. One owner at a time.
final class ChunkParser {
    /// One piece while it is parsed.
    private struct Piece: Sendable {
        var chunk: StagedChunk
        var parser: (any SourceParser)?
        var consumed = 0
    }

    /// A place for one piece, kept from chunk to chunk with its memory.
    private final class Lane: Sendable {
        let piece: Mutex<Piece>

        init(_ context: ChunkContext) {
            piece = Mutex(Piece(chunk: StagedChunk(context)))
        }

        func read(_ bytes: RawSpan, endOfInput: Bool) {
            piece.withLock { piece in
                piece.consumed = piece.parser?.consume(bytes, endOfInput: endOfInput, into: &piece.chunk) ?? 0
                if let parser = piece.parser { piece.chunk.settle(by: parser) }
            }
        }

        var hasIDs: Bool { piece.withLock { $0.chunk.hasIDs } }
    }

    private let parallel: ParallelParsing
    private var lanes: [Lane] = []

    init(_ parallel: ParallelParsing) {
        self.parallel = parallel
    }

    /// Gives the memory back that the next chunks would need.
    func releaseMemory() { lanes = [] }

    /// Parses the first `count` bytes of a buffer and has them counted.
    ///
    /// - Parameters:
    ///   - parser: stands behind what was counted afterwards.
    ///   - honoursIDs: whether nothing is counted where an event has an id.
    ///   - counting: is asked for one piece after the other, with the parser's checkpoint behind it and whether it is
    ///     the chunk's last, to count it; `false` ends the chunk before that piece.
    /// - Returns: bytes that were counted; `nil` where an event has an id, and nothing was counted.
    func parse(
        _ buffer: ChunkBuffer, count: Int, endOfInput: Bool, by parser: inout any SourceParser, _ context: ChunkContext,
        honoursIDs: Bool, counting: (inout StagedChunk, ParserCheckpoint, _ isLast: Bool) -> Bool
    ) -> Int? {
        let start = parser.checkpoint
        let ends = pieceEnds(buffer, count: count, isCut: parser.endsRecordsAtLineEnds)
        prepare(ends, from: start, parser: parser, context: context)
        parallel.forEach(ends.count) { [lanes, bytes = buffer.bytes] index in
            let piece = (index == 0 ? 0 : ends[index - 1])..<ends[index]
            let isLast = index == ends.count - 1
            lanes[index].read(unsafe bytes.span.bytes.extracting(piece), endOfInput: endOfInput && isLast)
        }
        if honoursIDs, lanes[..<ends.count].contains(where: \.hasIDs) { return nil }
        return counted(ends, from: start, by: &parser, counting)
    }

    /// Where the pieces of a chunk end: behind line ends, and at the chunk's own end.
    private func pieceEnds(_ buffer: ChunkBuffer, count: Int, isCut: Bool) -> [Int] {
        let wanted = isCut ? max(1, min(parallel.pieces, count / max(1, parallel.minPieceBytes))) : 1
        var ends: [Int] = []
        buffer.withSpan(0..<count) { span in
            for number in 1..<max(1, wanted) {
                var index = max(count * number / wanted, ends.last ?? 0)
                while index < count, span.byte(at: index) != 0x0A { index += 1 }
                guard index + 1 < count else { break }
                ends.append(index + 1)
            }
        }
        return ends + [count]
    }

    private func prepare(
        _ ends: [Int], from start: ParserCheckpoint, parser: any SourceParser, context: ChunkContext
    ) {
        while lanes.count < ends.count { lanes.append(Lane(context)) }
        for index in ends.indices {
            var own = parser
            if index > 0 {
                var checkpoint = start
                checkpoint.position.byteOffset += UInt64(ends[index - 1])
                checkpoint.isInsideLongRecord = false
                own.resume(from: checkpoint)
            }
            let prepared = own
            lanes[index].piece.withLock { piece in
                piece.chunk.begin(context)
                piece.parser = prepared
                piece.consumed = 0
            }
        }
    }

    /// Has the pieces counted in their order, up to the first one that isn't.
    private func counted(
        _ ends: [Int], from start: ParserCheckpoint, by parser: inout any SourceParser,
        _ counting: (inout StagedChunk, ParserCheckpoint, _ isLast: Bool) -> Bool
    ) -> Int {
        var consumed = 0
        var lines: UInt64 = 0
        for index in ends.indices {
            let isLast = index == ends.count - 1
            let counted = lanes[index].piece.withLock { piece -> (bytes: Int, parser: any SourceParser)? in
                guard var own = piece.parser.take() else { return nil }
                if lines > 0 {
                    var checkpoint = own.checkpoint
                    checkpoint.position.line += lines
                    own.resume(from: checkpoint)
                    piece.chunk.addLines(lines)
                }
                return counting(&piece.chunk, own.checkpoint, isLast) ? (piece.consumed, own) : nil
            }
            guard let counted else { break }
            parser = counted.parser
            consumed += counted.bytes
            lines = parser.position.line - start.position.line
            // Only the last piece may end within a record. Should another one, the rest is read again from there.
            if consumed < ends[index] { break }
        }
        return consumed
    }
}
