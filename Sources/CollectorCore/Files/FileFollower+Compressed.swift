internal import SourceFormats
internal import Spool
internal import UsageModel

extension FileFollower {
    /// Raw bytes that are read at a time.
    private static let rawChunkBytes = 64 << 10
    /// The largest window of a zstd file: what `zstd` itself takes without being told, 128 MiB.
    private static let maxFileWindowLog: Int32 = 27

    /// Decompresses a piece of a whole file and parses it.
    ///
    /// - Throws: ``DecompressionError``, or what reading threw: `FileSystemError`.
    mutating func readCompressed(
        _ file: inout FollowedFile, handle: OpenFile, compression: Compression
    ) throws -> Turn {
        if file.stream == nil, try identifyCompressed(&file, handle, by: compression) == .waits {
            if file.hold != nil { file.settle() }
            return .waits
        }
        // One that was read to its end has nothing more; one that another file was read of is passed over first.
        if file.isDone {
            file.settle()
            return .waits
        }
        var stream =
            try file.stream.take()
            ?? FollowedFile.Stream(
                decompressor: compression.makeDecompressor(maxWindowLog: Self.maxFileWindowLog),
                toSkip: file.checkpoint.offset)
        // Kept also where a read failed: the next one goes on where this one was.
        defer { file.stream = file.isDone ? nil : stream }
        let isAtEnd = try fill(&stream, handle, upTo: chunkBytes(of: file))
        return try parseOutput(&stream, &file, isAtEnd: isAtEnd)
    }

    /// Finds out which file a compressed one is, by its decompressed beginning.
    private mutating func identifyCompressed(
        _ file: inout FollowedFile, _ handle: OpenFile, by compression: Compression
    ) throws(FileSystemError) -> Identity {
        let status = try fileSystem.status(handle)
        file.see(status, at: file.path)
        if !(try isSame(handle, status, by: compression, as: file.checkpoint)) { restart(&file) }
        guard file.checkpoint.firstEvent == nil, !file.isDone,
            var view = try decompressedView(of: handle, compression)
        else { return .known }
        if file.offset > 0 {
            // Of a release that told compressed files by their compressed bytes.
            file.checkpoint.fingerprint = FileFingerprint(view.beginning.prefix(FileFingerprint.maxBytes))
            noteFirstEvent(&file, view.beginning)
            return .known
        }
        return try identify(&file, &view, endOfInput: true)
    }

    /// The beginning of a compressed file; `nil` where it can't be decompressed.
    func decompressedView(
        of handle: OpenFile, _ compression: Compression
    ) throws(FileSystemError) -> DecompressedFileView? {
        guard let decompressor = try? compression.makeDecompressor(maxWindowLog: Self.maxFileWindowLog) else {
            return nil
        }
        let wanted = FirstEventProbe.maxBytes + FileFingerprint.maxBytes
        var output: [UInt8] = []
        var raw: [UInt8] = []
        var offset: UInt64 = 0
        while output.count < wanted {
            var isEnd = false
            if raw.isEmpty {
                var piece: [UInt8] = []
                let count = try fileSystem.readAll(handle, at: offset, count: Self.rawChunkBytes, into: &piece)
                raw = Array(piece.prefix(count))
                offset += UInt64(count)
                isEnd = count == 0
            }
            guard let step = try? decompressor.decompress(raw[...], into: &output, limit: wanted - output.count) else {
                return nil
            }
            raw.removeFirst(step.consumed)
            if isEnd, step.produced == 0 {
                return DecompressedFileView(beginning: output, isWhole: decompressor.isAtEnd)
            }
        }
        return DecompressedFileView(beginning: output, isWhole: false)
    }

    /// Whether an open file holds what was read.
    func isSame(
        _ handle: OpenFile, _ status: FileStatus, by compression: Compression?, as known: FileCheckpoint
    ) throws(FileSystemError) -> Bool {
        if known.offset == 0 { return true }
        var plain = PlainFileView(handle: handle, fileSystem: fileSystem, size: status.byteCount)
        guard let compression else { return try identification.likeness(&plain, to: known) == .same }
        if var view = try decompressedView(of: handle, compression),
            try identification.likeness(&view, to: known) == .same
        {
            return true
        }
        guard known.firstEvent == nil, known.tail == nil else { return false }
        // Of a release that told compressed files by their compressed bytes.
        return known.fingerprint.begins(try plain.available(from: 0, count: known.fingerprint.length)[...])
    }

    /// Decompresses until there is a chunk or nothing more to read. Returns whether the whole file is through.
    private mutating func fill(_ stream: inout FollowedFile.Stream, _ handle: OpenFile, upTo chunkBytes: Int) throws
        -> Bool
    {
        while stream.output.count < chunkBytes {
            if stream.raw.isEmpty {
                let range = 0..<Self.rawChunkBytes
                let count = try buffer.read(handle, on: fileSystem, at: stream.rawOffset, into: range)
                stream.raw = buffer.withSpan(0..<count) { span in (0..<count).map { span.byte(at: $0) } }
                stream.rawOffset += UInt64(count)
            }
            let isRawEnd = stream.raw.isEmpty
            let room = chunkBytes - stream.output.count
            let step = try stream.decompressor.decompress(stream.raw[...], into: &stream.output, limit: room)
            stream.raw.removeFirst(step.consumed)
            skip(&stream)
            if isRawEnd, step.produced == 0 { return stream.decompressor.isAtEnd }
        }
        return false
    }

    private func skip(_ stream: inout FollowedFile.Stream) {
        guard stream.toSkip > 0 else { return }
        let count = Int(min(stream.toSkip, UInt64(stream.output.count)))
        stream.skippedTail = (stream.skippedTail + stream.output.prefix(count)).suffix(FileCheckpoint.maxTailBytes)
        stream.output.removeFirst(count)
        stream.toSkip -= UInt64(count)
    }

    private mutating func parseOutput(
        _ stream: inout FollowedFile.Stream, _ file: inout FollowedFile, isAtEnd: Bool
    ) throws(DecompressionError) -> Turn {
        if stream.toSkip > 0, isAtEnd {
            throw DecompressionError(.truncated, "is shorter than what was already read of it")
        }
        try checkSkipped(&stream, file)
        let count = min(stream.output.count, hasIDs(file.source) ? chunkBytes(of: file) : buffer.byteCount)
        guard count > 0 || isAtEnd else {
            // Read as far as there is something; more may come.
            file.settle()
            return .waits
        }
        buffer.write(Array(stream.output[..<count]), at: 0)
        let isLast = isAtEnd && count == stream.output.count
        let output = Output(count: count, isLast: isLast)
        if hasIDs(file.source) {
            return countAhead(&file, count, endOfInput: isLast, mayEnd: false, then: .output(output))
        }
        // Set before parsing, so that the checkpoint that goes with the last events says that they are the last.
        if isLast { file.checkpoint.isFinished = true }
        let parsed = parse(&file, count, endOfInput: isLast)
        if let turn = parsed.turn {
            stream.output.removeFirst(parsed.consumed)
            file.checkpoint.isFinished = false
            return turn
        }
        return noteOutput(&stream, of: &file, output, consumed: parsed.consumed)
    }

    /// What was decompressed at a time.
    struct Output {
        var count: Int
        /// Whether the file's last bytes are among it.
        var isLast: Bool
    }

    /// Takes in that so much of what was decompressed is counted.
    mutating func noteOutput(
        _ stream: inout FollowedFile.Stream, of file: inout FollowedFile, _ output: Output, consumed: Int
    ) -> Turn {
        stream.output.removeFirst(consumed)
        file.grewAt = steadyClock.nowMilliseconds()
        file.chunkBytes = consumed == 0 ? buffer.byteCount : chunkBytes
        guard output.isLast else { return consumed > 0 ? .read : .waits }
        file.settle()
        closeHandle(&file)
        report(.finished(path: file.path, byteCount: file.offset))
        return .read
    }

    /// Makes sure that what was passed over is what had been read of another file.
    private func checkSkipped(
        _ stream: inout FollowedFile.Stream, _ file: FollowedFile
    ) throws(DecompressionError) {
        guard stream.toSkip == 0, !stream.skippedTail.isEmpty, let tail = file.checkpoint.tail else { return }
        guard FileFingerprint(stream.skippedTail.suffix(tail.length)) == tail else {
            throw DecompressionError(.corrupt, "begins with what was already read and then holds something else")
        }
        stream.skippedTail = []
    }
}
