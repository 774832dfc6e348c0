internal import CollectorCore
internal import Logging
internal import SourceFormats
internal import Telemetry
internal import UsageModel

extension FileReader {
    /// Reads one chunk of a plain file straight into the accumulator.
    func readPlain(_ file: inout TrackedFile) -> Turn {
        guard let status = LocalFiles.status(file.descriptor) else { return .waits }
        let now = clock.nowMilliseconds()
        if status.size < file.parser.position.byteOffset {
            startOver(&file)
        } else if status.size != file.seenSize {
            if !isSameFile(&file) { startOver(&file) }
        } else {
            return completeLastLine(&file, now)
        }
        return readChunk(&file, size: status.size, now)
    }

    private func readChunk(_ file: inout TrackedFile, size: UInt64, _ now: Int64) -> Turn {
        let offset = file.parser.position.byteOffset
        let count = buffer.read(file.descriptor, at: offset, into: 0..<file.chunkBytes)
        guard count > 0 else {
            if count < 0 { fail(&file, LocalFiles.errorText(Int32(-count))) } else { file.seenSize = size }
            return .waits
        }
        let isAtEnd = offset + UInt64(count) >= size
        guard let consumed = parse(&file, count, endOfInput: isAtEnd && file.files.isWhole) else { return .full }
        file.grewAt = now
        file.tailBytes = UInt64(count - consumed)
        if isAtEnd { file.seenSize = offset + UInt64(count) }
        let needsLarger = consumed == 0 && count == file.chunkBytes
        file.chunkBytes =
            needsLarger ? min(file.chunkBytes * 2, CollectorLimits.maxChunkBytes) : CollectorLimits.chunkBytes
        if isAtEnd, file.files.isWhole { restartParser(&file) }
        return consumed > 0 || needsLarger ? .read : .waits
    }

    /// Takes a last line that has no line end once the file has been quiet for as long as the source says.
    private func completeLastLine(_ file: inout TrackedFile, _ now: Int64) -> Turn {
        guard file.tailBytes > 0, let idle = file.files.completeLastLineAfter,
            now - file.grewAt >= idle.wholeMilliseconds
        else { return .waits }
        let offset = file.parser.position.byteOffset
        let count = buffer.read(file.descriptor, at: offset, into: 0..<buffer.byteCount)
        // Bytes that came meanwhile are for the next ordinary read.
        guard count == Int(file.tailBytes) else {
            file.seenSize = 0
            return .waits
        }
        guard parse(&file, count, endOfInput: true) != nil else { return .full }
        file.tailBytes = 0
        restartParser(&file)
        return .read
    }

    /// A parser that was told of the end goes on only afresh from its checkpoint.
    private func restartParser(_ file: inout TrackedFile) {
        file.parser.resume(from: file.checkpoint.intake)
    }

    /// Whether the file still begins as it did; takes in what its beginning has gained.
    private func isSameFile(_ file: inout TrackedFile) -> Bool {
        let known = file.checkpoint.fingerprint
        guard fingerprint(of: file.descriptor, length: known.length) == known else { return false }
        if known.length < FileFingerprint.maxBytes {
            file.checkpoint.fingerprint = fingerprint(of: file.descriptor, length: FileFingerprint.maxBytes)
        }
        return true
    }

    /// The file was emptied and written anew under the same inode.
    private func startOver(_ file: inout TrackedFile) {
        logger.info(
            "a file was emptied; it is read from its start",
            [.path: "\(file.checkpoint.path)", .offset: "\(file.parser.position.byteOffset)"])
        metrics.fileRestarts.increment()
        file.parser.resume(from: .start)
        file.tailBytes = 0
        file.seenSize = 0
        file.checkpoint = FileCheckpoint(
            path: file.checkpoint.path,
            fingerprint: fingerprint(of: file.descriptor, length: FileFingerprint.maxBytes))
        accumulator.setCheckpoint(file.checkpoint, for: file.id)
    }

    func fail(_ file: inout TrackedFile, _ detail: String) {
        file.hasFailed = true
        metrics.fileErrors.increment()
        logger.error(
            "a file can't be read any further; what came before it is counted",
            [
                .path: "\(file.checkpoint.path)", .offset: "\(file.parser.position.byteOffset)",
                .detail: "\(detail)", .remedy: "replace the file, or restart to try it again",
            ])
    }
}
