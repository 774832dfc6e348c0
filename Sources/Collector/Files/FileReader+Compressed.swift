internal import CollectorCore
internal import Logging
internal import SourceFormats
internal import Telemetry
internal import UsageModel

extension FileReader {
    /// Raw bytes that are read at a time.
    private static let rawChunkBytes = 64 << 10
    /// The largest window of a zstd file: what `zstd` itself takes without being told, 128 MiB.
    private static let maxFileWindowLog: Int32 = 27

    /// Decompresses a piece of a whole file and parses it.
    func readCompressed(_ file: inout TrackedFile) -> Turn {
        guard let compression = file.compression else { return .waits }
        if file.stream == nil {
            guard let decompressor = try? compression.makeDecompressor(maxWindowLog: Self.maxFileWindowLog) else {
                fail(&file, "no memory for decompression")
                return .waits
            }
            file.stream = TrackedFile.Stream(
                decompressor: decompressor, toSkip: file.checkpoint.intake.position.byteOffset)
        }
        guard var stream = file.stream.take() else { return .waits }
        do throws(DecompressionError) {
            let isAtEnd = try fill(&stream, file)
            let turn = parseOutput(&stream, &file, isAtEnd: isAtEnd)
            if !file.isDone { file.stream = stream }
            return turn
        } catch {
            fail(&file, error.description)
            return .waits
        }
    }

    /// Decompresses until there is a chunk or nothing more to read. Returns whether the whole file is through.
    private func fill(_ stream: inout TrackedFile.Stream, _ file: TrackedFile) throws(DecompressionError) -> Bool {
        while stream.output.count < file.chunkBytes {
            if stream.raw.isEmpty {
                let count = buffer.read(file.descriptor, at: stream.rawOffset, into: 0..<Self.rawChunkBytes)
                if count < 0 { throw DecompressionError(.corrupt, LocalFiles.errorText(Int32(-count))) }
                stream.raw = buffer.withSpan(0..<max(0, count)) { span in
                    (0..<span.byteCount).map { span.byte(at: $0) }
                }
                stream.rawOffset += UInt64(max(0, count))
            }
            let isRawEnd = stream.raw.isEmpty
            let room = file.chunkBytes - stream.output.count
            let step = try stream.decompressor.decompress(stream.raw[...], into: &stream.output, limit: room)
            stream.raw.removeFirst(step.consumed)
            skip(&stream)
            if isRawEnd, step.produced == 0 { return stream.decompressor.isAtEnd }
        }
        return false
    }

    private func skip(_ stream: inout TrackedFile.Stream) {
        let count = Int(min(stream.toSkip, UInt64(stream.output.count)))
        stream.output.removeFirst(count)
        stream.toSkip -= UInt64(count)
    }

    private func parseOutput(
        _ stream: inout TrackedFile.Stream, _ file: inout TrackedFile, isAtEnd: Bool
    ) -> Turn {
        if stream.toSkip > 0, isAtEnd {
            fail(&file, "is shorter than what was already read of it")
            return .waits
        }
        let count = min(stream.output.count, buffer.byteCount)
        guard count > 0 || isAtEnd else { return .waits }
        buffer.write(Array(stream.output[..<count]), at: 0)
        let isLast = isAtEnd && count == stream.output.count
        if isLast { file.checkpoint.isFinished = true }
        guard let consumed = parse(&file, count, endOfInput: isLast) else {
            file.checkpoint.isFinished = false
            return .full
        }
        stream.output.removeFirst(consumed)
        file.grewAt = clock.nowMilliseconds()
        file.chunkBytes = consumed == 0 ? CollectorLimits.maxChunkBytes : CollectorLimits.chunkBytes
        guard isLast else { return consumed > 0 ? .read : .waits }
        finish(&file)
        return .read
    }

    private func finish(_ file: inout TrackedFile) {
        LocalFiles.close(file.descriptor)
        file.descriptor = -1
        logger.info(
            "a compressed file was read to its end",
            [.path: "\(file.checkpoint.path)", .bytes: "\(file.parser.position.byteOffset)"])
    }
}
