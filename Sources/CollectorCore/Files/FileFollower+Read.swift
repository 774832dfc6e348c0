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
        guard let handle = heldHandle(&file) else {
            followed[id] = file
            return .waits
        }
        let turn = read(&file, handle)
        if let original = file.original {
            followAsCopy(file, of: original)
            return .waits
        }
        // One whose chunk waits to be counted keeps it until that is done.
        if file.uncounted == nil { releaseHandle(&file, after: turn) }
        followed[id] = file
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
        guard file.hasChanged || file.isUnreadable else { return try completeLastLine(&file, handle, upTo: status) }
        var view = PlainFileView(handle: handle, fileSystem: fileSystem, size: status.byteCount)
        // Its size says nothing: a log that was copied away and emptied may have grown to its old size or past it, and
        // a line may be overwritten by another one.
        if try identification.likeness(&view, to: file.checkpoint) != .same { restart(&file) }
        guard status.byteCount > file.offset else {
            file.settle()
            return .waits
        }
        let isLast = file.source.isWhole
        if file.checkpoint.firstEvent == nil, try identify(&file, &view, endOfInput: isLast) == .waits {
            if file.hold != nil { file.settle() }
            return .waits
        }
        return try readGrowth(&file, handle, upTo: status)
    }

    private mutating func readGrowth(
        _ file: inout FollowedFile, _ handle: OpenFile, upTo status: FileStatus
    ) throws(FileSystemError) -> Turn {
        let offset = file.offset
        let wanted = chunkBytes(of: file)
        let count = try buffer.read(handle, on: fileSystem, at: offset, into: 0..<wanted)
        guard count > 0 else {
            file.settle()
            return .waits
        }
        guard try isStillSame(file, handle, since: status) else { return .read }
        file.checkpoint.seenBytes = status.byteCount
        let end = offset + UInt64(count)
        let growth = Growth(
            count: count, isCut: count == wanted, isAtEnd: end >= status.byteCount, isSettled: end == status.byteCount)
        if hasIDs(file.source) {
            let mayEnd = growth.isAtEnd && file.source.isWhole
            return countAhead(&file, count, endOfInput: false, mayEnd: mayEnd, then: .growth(growth))
        }
        let parsed = parse(&file, count, endOfInput: false)
        if let turn = parsed.turn { return turn }
        var consumed = parsed.consumed
        if growth.isAtEnd, file.source.isWhole, isWholeRecord(consumed..<count, behind: file.parser) {
            let last = parseInPlace(&file, consumed..<count, endOfInput: true, context: context(of: file))
            if let turn = last.turn { return turn }
            consumed += last.consumed
            restartParser(&file)
        }
        return noteGrowth(&file, growth, consumed: consumed)
    }

    /// What was read at a file's end.
    struct Growth {
        var count: Int
        /// Whether there was no room for more.
        var isCut: Bool
        /// Whether the file ended there when it was looked at, and whether it did so exactly.
        var isAtEnd: Bool
        var isSettled: Bool
    }

    /// Takes in that so much of what was read is counted.
    mutating func noteGrowth(_ file: inout FollowedFile, _ growth: Growth, consumed: Int) -> Turn {
        file.grewAt = steadyClock.nowMilliseconds()
        file.tailBytes = UInt64(growth.count - consumed)
        if growth.isAtEnd, growth.isSettled { file.settle() }
        let needsLarger = consumed == 0 && growth.isCut
        // Never the ordinary size, which is less for sources with ids.
        let larger = max(chunkBytes(of: file) * 2, chunkBytes + 1)
        file.chunkBytes = needsLarger ? min(larger, buffer.byteCount) : chunkBytes
        return consumed > 0 || needsLarger ? .read : .waits
    }

    /// Whether the bytes that were just read are still those of the file that was looked at before: it may have been
    /// emptied and written anew in between.
    private func isStillSame(
        _ file: FollowedFile, _ handle: OpenFile, since before: FileStatus
    ) throws(FileSystemError) -> Bool {
        let status = try fileSystem.status(handle)
        guard FollowedFile.Look(status) != FollowedFile.Look(before) else { return true }
        var view = PlainFileView(handle: handle, fileSystem: fileSystem, size: status.byteCount)
        return try identification.likeness(&view, to: file.checkpoint) == .same
    }

    /// Takes a last line that has no line end once the file has been quiet for as long as the source says.
    private mutating func completeLastLine(
        _ file: inout FollowedFile, _ handle: OpenFile, upTo status: FileStatus
    ) throws(FileSystemError) -> Turn {
        let rested = steadyClock.nowMilliseconds() - file.grewAt
        let idle = file.source.isWhole ? Self.brokenLineGrace : file.source.completeLastLineAfter
        guard file.tailBytes > 0, let idle, rested >= idle.wholeMilliseconds else { return .waits }
        if file.checkpoint.firstEvent == nil {
            var view = PlainFileView(handle: handle, fileSystem: fileSystem, size: status.byteCount)
            guard try identify(&file, &view, endOfInput: true) == .known else { return .waits }
        }
        let count = try buffer.read(handle, on: fileSystem, at: file.offset, into: 0..<buffer.byteCount)
        // Bytes that came meanwhile are for the next ordinary read.
        guard count == Int(file.tailBytes) else {
            file.settled = FollowedFile.Look()
            return .waits
        }
        // A writer may pause in the middle of a line.
        guard rested >= brokenLineGraceMilliseconds || isWholeRecord(0..<count, behind: file.parser) else {
            return .waits
        }
        if hasIDs(file.source) {
            return countAhead(&file, count, endOfInput: true, mayEnd: false, then: .lastLine)
        }
        if let turn = parse(&file, count, endOfInput: true).turn { return turn }
        return noteLastLine(&file)
    }

    /// Takes in that a last line without end is counted.
    mutating func noteLastLine(_ file: inout FollowedFile) -> Turn {
        file.tailBytes = 0
        restartParser(&file)
        return .read
    }

    /// Whether bytes in the buffer that have no line end are a record that counts.
    func isWholeRecord(_ range: Range<Int>, behind parser: any SourceParser) -> Bool {
        buffer.withSpan(range) { FirstEventProbe.isEvent($0, behind: parser) }
    }

    /// A parser that was told of the end goes on only afresh from its checkpoint.
    func restartParser(_ file: inout FollowedFile) {
        file.parser.resume(from: file.checkpoint.intake)
    }

    /// What was counted of a chunk.
    struct Parsed {
        /// Bytes that are done with.
        var consumed: Int
        /// What has to be done before the rest can be counted; `nil` where everything was.
        var turn: Turn?
    }

    /// Parses a chunk and counts what came of it.
    mutating func parse(_ file: inout FollowedFile, _ count: Int, endOfInput: Bool) -> Parsed {
        guard accumulator.makeRoom() else { return Parsed(consumed: 0, turn: .full) }
        let context = context(of: file)
        let start = file.checkpoint.offset
        var checkpoint = file.checkpoint
        var outcome = Accumulator.StagedOutcome.added
        var (events, rejected) = (0, 0)
        var ignored = IgnoredRecords()
        let counted = chunkParser.parse(
            buffer, count: count, endOfInput: endOfInput, by: &file.parser, context, honoursIDs: !knownIDs.isOff
        ) { [id = file.id, isFinished = checkpoint.isFinished] chunk, intake, isLast in
            var behind = checkpoint
            advance(&behind, to: intake, count: count, from: start)
            behind.isFinished = isFinished && isLast
            outcome = accumulator.add(&chunk, of: id, checkpoint: behind)
            guard outcome == .added else { return false }
            checkpoint = behind
            events += chunk.eventCount
            rejected += chunk.quarantine.count
            ignored.add(chunk.ignored)
            return true
        }
        guard let consumed = counted else { return Parsed(consumed: 0, turn: beginAhead(file.source)) }
        checkpoint.isFinished = file.checkpoint.isFinished
        file.checkpoint = checkpoint
        if outcome != .full {
            report(
                .parsed(
                    source: file.source.name, events: UInt64(events), rejected: UInt64(rejected), ignored: ignored,
                    duplicates: 0, byteCount: consumed))
        }
        guard outcome == .mustBeReadAgain else {
            return Parsed(consumed: consumed, turn: outcome == .full ? .full : nil)
        }
        return parseInParts(&file, consumed..<count, endOfInput: endOfInput, context: context)
    }

    /// Parses a range of a chunk in place, a part at a time, so that a table may be put away in between: the whole may be
    /// more than fits into one.
    ///
    /// - Returns: what was consumed of the chunk, with what is before the range.
    private mutating func parseInParts(
        _ file: inout FollowedFile, _ range: Range<Int>, endOfInput: Bool, context: ChunkContext
    ) -> Parsed {
        let isFinished = file.checkpoint.isFinished
        defer { file.checkpoint.isFinished = isFinished }
        var (consumed, most) = (range.lowerBound, AccumulatorLimits.chunkBytes)
        while consumed < range.upperBound {
            let end = min(range.upperBound, consumed + most)
            let isLast = end == range.upperBound
            file.checkpoint.isFinished = isFinished && isLast
            let part = parseInPlace(&file, consumed..<end, endOfInput: endOfInput && isLast, context: context)
            consumed += part.consumed
            if let turn = part.turn { return Parsed(consumed: consumed, turn: turn) }
            if part.consumed == 0 {
                if isLast { break }
                // A record that is longer than the part.
                most *= 2
            }
        }
        return Parsed(consumed: consumed, turn: nil)
    }

    func context(of file: FollowedFile) -> ChunkContext {
        let now = wallClock.nowMilliseconds()
        return ChunkContext(
            source: file.source.name, file: file.path, nowMilliseconds: now,
            window: timeWindow.window(nowMilliseconds: now), keeping: keeping, ids: file.source.ids)
    }

    /// Moves a checkpoint on within the buffer, whose first byte stands at `start` of the file.
    func advance(
        _ checkpoint: inout FileCheckpoint, to intake: ParserCheckpoint, count: Int, from start: UInt64
    ) {
        let before = checkpoint.offset
        buffer.withSpan(min(Int(before - start), count)..<count) {
            checkpoint.advance(to: intake, in: $0, from: before)
        }
    }

    /// Parses a part of a chunk under the accumulator's lock, event by event: what is near a table's limits.
    private mutating func parseInPlace(
        _ file: inout FollowedFile, _ range: Range<Int>, endOfInput: Bool, context: ChunkContext
    ) -> Parsed {
        let hasID =
            !knownIDs.isOff
            && buffer.withSpan(range) { FirstEventProbe.hasID($0, endOfInput: endOfInput, behind: file.parser) }
        if hasID { return Parsed(consumed: 0, turn: beginAhead(file.source)) }
        let start = file.checkpoint.offset - UInt64(range.lowerBound)
        let outcome = accumulator.addChunk(of: file.id, context: context) { sink in
            let consumed = buffer.withSpan(range) { span in
                file.parser.consume(span, endOfInput: endOfInput, into: &sink)
            }
            sink.settle(by: file.parser)
            advance(&file.checkpoint, to: file.parser.checkpoint, count: range.upperBound, from: start)
            return (consumed, file.checkpoint)
        }
        guard case .parsed(let consumed, let events, let rejected, let ignored) = outcome else {
            return Parsed(consumed: 0, turn: .full)
        }
        report(
            .parsed(
                source: file.source.name, events: events, rejected: rejected, ignored: ignored, duplicates: 0,
                byteCount: consumed))
        return Parsed(consumed: consumed, turn: nil)
    }
}
