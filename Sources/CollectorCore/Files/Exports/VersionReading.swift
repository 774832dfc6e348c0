internal import Crypto
internal import SourceFormats
internal import Spool
internal import UsageModel

/// Reads one version of an export to its end, piece by piece.
///
/// Where another version is counted, its bytes are gone through first: the same ones change nothing, and one that only
/// adds to what was read is parsed from there on. Whether the file stayed what it was all the while is for the caller
/// to find out, by a look before and one after.
struct VersionReading {
    /// What was read.
    struct Outcome {
        enum Kind {
            /// The same bytes as those that are counted.
            case unchanged
            /// The builder holds what follows those that are counted.
            case added
            /// The builder holds all of it.
            case whole
        }

        var kind: Kind
        var digest: [UInt8]
        var byteCount: UInt64
        /// See ``ExportCheckpoint/end``.
        var end: ParserCheckpoint?
        var endsWithLine: Bool
        /// Whether its last record isn't whole.
        var isCut: Bool
    }

    private enum Phase {
        /// The bytes are held against those that are counted.
        case comparing
        case parsing
    }

    let place: ExportPlace
    let source: FollowedSource
    let handle: OpenFile
    /// How the file was when it was opened.
    let status: FileStatus
    /// The version that is counted.
    let before: ExportCheckpoint?
    private(set) var builder: VersionBuilder
    private let fileSystem: any FileSystem
    private let compression: Compression?
    private var phase: Phase
    private var kind = Outcome.Kind.whole
    private var stream: ContentStream
    private var hash = SHA256()
    private var digest: [UInt8] = []
    /// The digest of as many bytes as the version before had.
    private var digestOfBeginning: [UInt8]?
    private var byteCount: UInt64 = 0
    private var parser: any SourceParser
    /// Bytes that the parser was given and isn't done with.
    private var pending: [UInt8] = []
    private var lastByte: UInt8?

    /// - Throws: ``DecompressionError``.
    init(
        of place: ExportPlace, _ source: FollowedSource, _ parser: any SourceParser, handle: OpenFile,
        status: FileStatus, before: ExportCheckpoint?, context: ChunkContext, fileSystem: any FileSystem
    ) throws(DecompressionError) {
        self.place = place
        self.source = source
        self.parser = parser
        self.handle = handle
        self.status = status
        self.before = before
        self.fileSystem = fileSystem
        compression = Compression(path: place.path)
        stream = try ContentStream(handle, on: fileSystem, by: compression)
        builder = VersionBuilder(context)
        phase = before == nil ? .parsing : .comparing
    }

    /// Reads the next piece.
    ///
    /// - Returns: `nil` until the end was reached.
    /// - Throws: ``DecompressionError``, or what reading threw: `FileSystemError`.
    mutating func readOn(upTo chunkBytes: Int) throws -> Outcome? {
        let piece = try stream.next(upTo: chunkBytes)
        switch phase {
        case .comparing:
            guard piece.isEmpty else {
                compare(piece)
                return nil
            }
            digest = Array(hash.finalize())
            return try decide()
        case .parsing:
            guard piece.isEmpty else {
                if before == nil { note(piece) }
                parse(piece)
                return nil
            }
            if before == nil { digest = Array(hash.finalize()) }
            return finish()
        }
    }

    private mutating func note(_ piece: [UInt8]) {
        hash.update(data: piece)
        byteCount += UInt64(piece.count)
    }

    private mutating func compare(_ piece: [UInt8]) {
        guard let known = before?.byteCount, compression == nil, byteCount <= known,
            known - byteCount <= UInt64(piece.count)
        else { return note(piece) }
        let first = Int(known - byteCount)
        note(Array(piece[..<first]))
        digestOfBeginning = Array(hash.finalize())
        note(Array(piece[first...]))
    }

    /// How the version is to be parsed, once its bytes are known.
    private mutating func decide() throws -> Outcome? {
        guard let before else { preconditionFailure("there is nothing to compare a first version with") }
        phase = .parsing
        stream = try ContentStream(handle, on: fileSystem, by: compression)
        // What was refused may count by now: such a version is parsed whole each time.
        guard before.refusedCount == 0 else { return nil }
        if digest == before.digest {
            return Outcome(
                kind: .unchanged, digest: digest, byteCount: byteCount, end: before.end,
                endsWithLine: before.endsWithLine, isCut: false)
        }
        if let end = before.end, digestOfBeginning == before.digest, byteCount > before.byteCount {
            kind = .added
            parser.resume(from: end)
            stream.move(to: before.byteCount)
        }
        return nil
    }

    private mutating func parse(_ piece: [UInt8]) {
        lastByte = piece.last
        pending += piece
        let consumed = consume(endOfInput: false)
        pending.removeFirst(consumed)
    }

    private mutating func consume(endOfInput: Bool) -> Int {
        Self.consume(pending, endOfInput: endOfInput, by: &parser, into: &builder)
    }

    private static func consume(
        _ bytes: [UInt8], endOfInput: Bool, by parser: inout any SourceParser, into builder: inout VersionBuilder
    ) -> Int {
        let first = builder.keptRefusals
        let consumed = unsafe parser.consume(bytes.span.bytes, endOfInput: endOfInput, into: &builder)
        builder.settle(from: first, by: parser)
        return consumed
    }

    private mutating func finish() -> Outcome {
        let endsWithLine = lastByte == 0x0A
        let end = pending.isEmpty && endsWithLine && compression == nil ? parser.checkpoint : nil
        let (records, refused) = (builder.recordCount, builder.refusedCount)
        _ = consume(endOfInput: true)
        return Outcome(
            kind: kind, digest: digest, byteCount: byteCount, end: builder.recordCount == records ? end : nil,
            endsWithLine: endsWithLine, isCut: builder.refusedCount > refused)
    }
}
