internal import SourceFormats
internal import Spool
internal import UsageModel

extension FileFollower {
    /// Reads and counts the next chunk of a file, unless input is closed.
    package mutating func readChunk(of id: FileID) -> Turn {
        // Most files have been read to their end, and are neither open nor changed.
        guard !intakeSwitch.isClosed, followed[id]?.needsTurn == true else { return .waits }
        // The file is taken out while it is read: nothing else touches it, and its buffers aren't copied.
        guard var file = followed.removeValue(forKey: id) else { return .waits }
        defer { followed[id] = file }
        guard let handle = heldHandle(&file) else { return .waits }
        let turn = read(&file, handle)
        releaseHandle(&file, after: turn)
        return turn
    }

    private mutating func read(_ file: inout FollowedFile, _ handle: OpenFile) -> Turn {
        do {
            let turn =
                if let compression = file.compression {
                    try readCompressed(&file, handle: handle, compression: compression)
                } else {
                    try readPlain(&file, handle)
                }
            file.isUnreadable = false
            return turn
        } catch let error as DecompressionError {
            file.hasFailed = true
            file.stream = nil
            file.settle()
            closeHandle(&file)
            report(.failed(path: file.path, offset: file.offset, detail: error.description))
        } catch {
            // A disk or a network that comes back: nothing was counted of what could not be read.
            if !file.isUnreadable { report(.unreadable(path: file.path, offset: file.offset, error)) }
            file.isUnreadable = true
        }
        return .waits
    }

    /// Reads one chunk of a plain file straight into the accumulator.
    private mutating func readPlain(_ file: inout FollowedFile, _ handle: OpenFile) throws(FileSystemError) -> Turn {
        let status = try fileSystem.status(handle)
        file.see(status, at: file.path)
        let now = steadyClock.nowMilliseconds()
        if status.byteCount < file.offset {
            try startOver(&file, handle)
        } else if status.byteCount != file.seenSize || status.modifiedNanoseconds != file.seenModified {
            // A log that was copied away, emptied and has grown to its old size or past it is told by its first bytes
            // only.
            if try !isSameFile(&file, handle) { try startOver(&file, handle) }
        } else {
            return try completeLastLine(&file, handle: handle, now: now)
        }
        return try readGrowth(&file, handle: handle, status: status, now: now)
    }

    private mutating func readGrowth(
        _ file: inout FollowedFile, handle: OpenFile, status: FileStatus, now: Int64
    ) throws(FileSystemError) -> Turn {
        let offset = file.offset
        let count = try buffer.read(handle, on: fileSystem, at: offset, into: 0..<file.chunkBytes)
        guard count > 0 else {
            file.seenSize = status.byteCount
            file.seenModified = status.modifiedNanoseconds
            return .waits
        }
        let isAtEnd = offset + UInt64(count) >= status.byteCount
        let parsed = parse(&file, count, endOfInput: isAtEnd && file.source.isWhole)
        if parsed.isFull { return .full }
        let consumed = parsed.consumed
        file.grewAt = now
        file.tailBytes = UInt64(count - consumed)
        if isAtEnd {
            file.seenSize = offset + UInt64(count)
            file.seenModified = status.modifiedNanoseconds
        }
        let needsLarger = consumed == 0 && count == file.chunkBytes
        file.chunkBytes = needsLarger ? min(file.chunkBytes * 2, buffer.byteCount) : chunkBytes
        if isAtEnd, file.source.isWhole { restartParser(&file) }
        return consumed > 0 || needsLarger ? .read : .waits
    }

    /// Takes a last line that has no line end once the file has been quiet for as long as the source says.
    private mutating func completeLastLine(
        _ file: inout FollowedFile, handle: OpenFile, now: Int64
    ) throws(FileSystemError) -> Turn {
        guard file.tailBytes > 0, let idle = file.source.completeLastLineAfter,
            now - file.grewAt >= idle.wholeMilliseconds
        else { return .waits }
        let count = try buffer.read(handle, on: fileSystem, at: file.offset, into: 0..<buffer.byteCount)
        // Bytes that came meanwhile are for the next ordinary read.
        guard count == Int(file.tailBytes) else {
            file.seenSize = 0
            return .waits
        }
        if parse(&file, count, endOfInput: true).isFull { return .full }
        file.tailBytes = 0
        restartParser(&file)
        return .read
    }

    /// A parser that was told of the end goes on only afresh from its checkpoint.
    private func restartParser(_ file: inout FollowedFile) {
        file.parser.resume(from: file.checkpoint.intake)
    }

    /// Whether the file still begins as it did; takes in what its beginning has gained.
    private mutating func isSameFile(_ file: inout FollowedFile, _ handle: OpenFile) throws(FileSystemError) -> Bool {
        let known = file.checkpoint.fingerprint
        guard try identification.isSame(handle, as: known) else { return false }
        if known.length < FileFingerprint.maxBytes {
            file.checkpoint.fingerprint = try identification.fingerprint(of: handle)
        }
        return true
    }

    /// The file was emptied and written anew, or is another one under the same inode.
    mutating func startOver(_ file: inout FollowedFile, _ handle: OpenFile) throws(FileSystemError) {
        let fingerprint = try identification.fingerprint(of: handle)
        report(.startedOver(path: file.path, offset: file.offset))
        file.parser.resume(from: .start)
        file.compression = Compression(path: file.path)
        file.stream = nil
        file.hasFailed = false
        file.tailBytes = 0
        file.seenSize = 0
        file.checkpoint = FileCheckpoint(path: file.path, fingerprint: fingerprint)
        accumulator.setCheckpoint(file.checkpoint, for: file.id)
    }

    /// What was counted of a chunk.
    struct Parsed {
        /// Bytes that are done with.
        var consumed: Int
        /// Whether a table has to be sealed before the rest can be counted.
        var isFull: Bool
    }

    /// Parses a chunk and counts what came of it.
    func parse(_ file: inout FollowedFile, _ count: Int, endOfInput: Bool) -> Parsed {
        guard accumulator.makeRoom() else { return Parsed(consumed: 0, isFull: true) }
        let now = wallClock.nowMilliseconds()
        let context = ChunkContext(
            source: file.source.name, file: file.path, nowMilliseconds: now,
            window: timeWindow.window(nowMilliseconds: now), keeping: keeping)
        var checkpoint = file.checkpoint
        var outcome = Accumulator.StagedOutcome.added
        var (events, rejected) = (0, 0)
        var ignored = IgnoredRecords()
        let consumed = chunkParser.parse(
            buffer, count: count, endOfInput: endOfInput, by: &file.parser, context
        ) { [id = file.id, isFinished = checkpoint.isFinished] chunk, intake, isLast in
            var behind = checkpoint
            behind.intake = intake
            behind.isFinished = isFinished && isLast
            outcome = accumulator.add(&chunk, of: id, checkpoint: behind)
            guard outcome == .added else { return false }
            checkpoint = behind
            events += chunk.eventCount
            rejected += chunk.quarantine.count
            ignored.add(chunk.ignored)
            return true
        }
        file.checkpoint.intake = checkpoint.intake
        if outcome != .full {
            report(
                .parsed(
                    source: file.source.name, events: UInt64(events), rejected: UInt64(rejected), ignored: ignored,
                    byteCount: consumed))
        }
        guard outcome == .mustBeReadAgain else { return Parsed(consumed: consumed, isFull: outcome == .full) }
        var parsed = parseInPlace(&file, consumed..<count, endOfInput: endOfInput, context: context)
        parsed.consumed += consumed
        return parsed
    }

    /// Parses a part of a chunk under the accumulator's lock, event by event: what is near a table's limits.
    private func parseInPlace(
        _ file: inout FollowedFile, _ range: Range<Int>, endOfInput: Bool, context: ChunkContext
    ) -> Parsed {
        let outcome = accumulator.addChunk(of: file.id, context: context) { sink in
            let consumed = buffer.withSpan(range) { span in
                file.parser.consume(span, endOfInput: endOfInput, into: &sink)
            }
            sink.settle(by: file.parser)
            file.checkpoint.intake = file.parser.checkpoint
            return (consumed, file.checkpoint)
        }
        guard case .parsed(let consumed, let events, let rejected, let ignored) = outcome else {
            return Parsed(consumed: 0, isFull: true)
        }
        report(
            .parsed(
                source: file.source.name, events: events, rejected: rejected, ignored: ignored, byteCount: consumed))
        return Parsed(consumed: consumed, isFull: false)
    }
}
