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
        var stream =
            try file.stream.take()
            ?? FollowedFile.Stream(
                decompressor: compression.makeDecompressor(maxWindowLog: Self.maxFileWindowLog),
                toSkip: file.checkpoint.intake.position.byteOffset)
        // Kept also where a read failed: the next one goes on where this one was.
        defer { file.stream = file.isDone ? nil : stream }
        let isAtEnd = try fill(&stream, handle, upTo: file.chunkBytes)
        return try parseOutput(&stream, &file, isAtEnd: isAtEnd)
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
        let count = Int(min(stream.toSkip, UInt64(stream.output.count)))
        stream.output.removeFirst(count)
        stream.toSkip -= UInt64(count)
    }

    private mutating func parseOutput(
        _ stream: inout FollowedFile.Stream, _ file: inout FollowedFile, isAtEnd: Bool
    ) throws(DecompressionError) -> Turn {
        if stream.toSkip > 0, isAtEnd {
            throw DecompressionError(.truncated, "is shorter than what was already read of it")
        }
        let count = min(stream.output.count, buffer.byteCount)
        guard count > 0 || isAtEnd else {
            // Read as far as there is something; more may come.
            file.settle()
            return .waits
        }
        buffer.write(Array(stream.output[..<count]), at: 0)
        let isLast = isAtEnd && count == stream.output.count
        // Set before parsing, so that the checkpoint that goes with the last events says that they are the last.
        if isLast { file.checkpoint.isFinished = true }
        let parsed = parse(&file, count, endOfInput: isLast)
        let consumed = parsed.consumed
        stream.output.removeFirst(consumed)
        if parsed.isFull {
            file.checkpoint.isFinished = false
            return .full
        }
        file.grewAt = steadyClock.nowMilliseconds()
        file.chunkBytes = consumed == 0 ? buffer.byteCount : chunkBytes
        guard isLast else { return consumed > 0 ? .read : .waits }
        file.settle()
        closeHandle(&file)
        report(.finished(path: file.path, byteCount: file.offset))
        return .read
    }
}
