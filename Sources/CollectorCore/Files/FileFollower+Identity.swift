internal import SourceFormats
internal import Spool
internal import UsageModel

/// Which file a file is. It is decided when its first event is there, before anything of it is counted, and again
/// whenever what lies in its place turns out to hold something else.
///
/// What was read of a file goes with its bytes: the first of them with the first event (``FileCheckpoint/fingerprint``,
/// ``FileCheckpoint/firstEvent``) and the last before the checkpoint (``FileCheckpoint/tail``). A file that holds both
/// goes on from the checkpoint, whatever its name, device and inode. Of which less than the fingerprint was read, it is
/// looked for in its own place and under names that rotation gives.
extension FileFollower {
    /// What was found out about a file.
    enum Identity {
        /// It is read on.
        case known
        /// Nothing of it is read for now.
        case waits
    }

    /// How a file's beginning stands to what was read of another one.
    private struct Match {
        var id: FileID
        var checkpoint: FileCheckpoint
        var likeness: FileLikeness
        /// Whether the other one is still there.
        var isAlive: Bool
    }

    /// Finds out which file one is whose first event wasn't read yet.
    ///
    /// - Parameter endOfInput: whether a last record without line end is whole.
    mutating func identify(
        _ file: inout FollowedFile, _ view: inout some FileView, endOfInput: Bool
    ) throws(FileSystemError) -> Identity {
        guard let zeros = try view.leadingZeros(from: file.checkpoint.fingerprint.length == 0 ? file.offset : 0),
            let parser = file.source.plan?.makeParser()
        else { return .known }
        if file.offset == 0, let (id, checkpoint) = try eventlessPredecessor(of: file, &view) {
            takeOver(id, checkpoint, by: &file)
            return .known
        }
        let isCut = view.byteCount == nil
        let start = try view.available(from: zeros, count: FirstEventProbe.maxBytes)
        var end = FirstEventProbe.end(of: start, by: parser, endOfInput: endOfInput && !isCut)
        // A first event that is longer, or nothing but headers and rubbish: all of that tells the file.
        if start.count >= FirstEventProbe.maxBytes { end = end ?? FirstEventProbe.maxBytes }
        guard let end else { return .known }
        let firstEvent = FileFingerprint(start.prefix(end))
        var matches: [Match] = []
        for id in contents.files(of: file.source.name, firstEvent: firstEvent, head: start) where id != file.id {
            // That one has its turn first: until something of it is counted, nothing tells whether this is a copy.
            if followed[id]?.offset == 0 { return .waits }
            if let match = try match(file, &view, to: id) { matches.append(match) }
        }
        guard let match = matches.min(by: { Self.rank($0) < Self.rank($1) }) else {
            establish(&file, firstEvent: firstEvent)
            return .known
        }
        return try act(on: match, of: &file)
    }

    /// What was read in a file's place, without any event in it, of a file that is gone and that this one goes on with.
    private func eventlessPredecessor(
        of file: FollowedFile, _ view: inout some FileView
    ) throws(FileSystemError) -> (FileID, FileCheckpoint)? {
        let followedOnes = detached.filter { followed[$0]?.path == file.path && $0.source == file.source.name }
        for id in contents.eventlessFiles(of: file.source.name, at: file.path) + followedOnes where id != file.id {
            guard let checkpoint = followed[id]?.checkpoint ?? remembered[id], checkpoint.firstEvent == nil,
                checkpoint.offset > 0, checkpoint.tail != nil, try !isAlive(id),
                try identification.likeness(&view, to: checkpoint) == .same
            else { continue }
            return (id, checkpoint)
        }
        return nil
    }

    /// The best first: what has no place before what has one, and what goes on before what can't.
    private static func rank(_ match: Match) -> Int {
        switch match.likeness {
        case .same: match.isAlive ? 1 : 0
        case .zeroed: 2
        case .shorter: 3
        default: 4
        }
    }

    /// How a file stands to one that begins with the same event; `nil` where the two have nothing to do with each
    /// other.
    private func match(
        _ file: FollowedFile, _ view: inout some FileView, to id: FileID
    ) throws(FileSystemError) -> Match? {
        guard let checkpoint = followed[id]?.checkpoint ?? remembered[id], checkpoint.offset > 0 else { return nil }
        let isFull = checkpoint.fingerprint.length >= FileFingerprint.maxBytes
        let isInPlace = checkpoint.path == file.path
        guard isFull || isInPlace || isNear(file, to: checkpoint, of: id) else { return nil }
        let likeness = try identification.likeness(&view, to: checkpoint)
        guard likeness != .other, likeness != .undecided else { return nil }
        let isAlive = try isAlive(id)
        // Beside the other one it is a file of its own that only begins alike.
        if likeness == .changed || likeness == .zeroed, isAlive || !isInPlace { return nil }
        return Match(id: id, checkpoint: checkpoint, likeness: likeness, isAlive: isAlive)
    }

    /// Whether a file lies where rotation may have moved what was read of another one.
    private func isNear(_ file: FollowedFile, to checkpoint: FileCheckpoint, of id: FileID) -> Bool {
        if file.id.device == id.device, file.id.inode == id.inode { return true }
        let name = FileIdentification.name(of: file.path)
        guard names(of: checkpoint.path).contains(where: { FileIdentification.areRelated(name, and: $0) }) else {
            return false
        }
        let directory = FileIdentification.directory(of: file.path)
        return identification.directories(
            around: checkpoint.path, otherDirectories(of: checkpoint.path, file.source)
        ).contains(directory)
    }

    /// Whether a followed file is there, under whatever name.
    private func isAlive(_ id: FileID) throws(FileSystemError) -> Bool {
        guard let other = followed[id] else { return false }
        guard other.isDetached else { return true }
        if other.isGone { return false }
        var listings = FileIdentification.Listings()
        return try identification.findRenamed(
            id, lastPath: other.path, others: otherDirectories(of: other.path, other.source), &listings) != nil
    }

    private mutating func act(
        on match: Match, of file: inout FollowedFile
    ) throws(FileSystemError) -> Identity {
        let original = match.checkpoint
        switch match.likeness {
        case .zeroed:
            try takeOver(match.id, cut: original, at: original.intake.position, by: &file)
            return .known
        case .shorter where !match.isAlive && wasCutByPowerFailure(file, original):
            guard let handle = file.handle else { return .waits }
            var position = original.intake.position
            position.byteOffset = try lastLineStart(handle, byteCount: file.looked.byteCount)
            try takeOver(match.id, cut: original, at: position, by: &file)
            return .known
        case .same, .shorter:
            if match.isAlive, let other = followed[match.id] {
                guard match.likeness == .same, holdsMore(file, than: other) else {
                    file.original = match.id
                    return .waits
                }
                // The longer one is read, and the other one is its copy.
                takeOver(match.id, original, by: &file)
                copies[match.id] = FileCopy(original: file.id, look: other.looked)
                return .known
            }
            if match.likeness == .same {
                takeOver(match.id, original, by: &file)
                return .known
            }
            if file.hold != .shorter {
                report(.held(path: file.path, byteCount: file.looked.byteCount, offset: original.offset))
            }
            file.hold = .shorter
        case .changed, .rewritten, .other, .undecided:
            if file.hold != .rewritten {
                report(.rewritten(path: file.path, original: original.path, offset: original.offset))
            }
            file.hold = .rewritten
        }
        return .waits
    }

    /// Whether a file goes on where another one that holds the same ends.
    private func holdsMore(_ file: FollowedFile, than other: FollowedFile) -> Bool {
        file.compression == nil && other.compression == nil && file.looked.byteCount > other.looked.byteCount
    }

    /// Whether a file lost its end when the machine went down: it lies where it was and wasn't written since.
    private func wasCutByPowerFailure(_ file: FollowedFile, _ original: FileCheckpoint) -> Bool {
        guard let bootedAtMilliseconds, file.compression == nil, original.path == file.path else { return false }
        return file.looked.modified / 1_000_000 < bootedAtMilliseconds
    }

    /// What was read of a file goes on in what a power failure left of it: that stays counted, and what is read from
    /// `position` on is new.
    private mutating func takeOver(
        _ id: FileID, cut original: FileCheckpoint, at position: RecordPosition, by file: inout FollowedFile
    ) throws(FileSystemError) {
        var checkpoint = original
        checkpoint.intake.position = position
        takeOver(id, checkpoint, by: &file)
        if let handle = file.handle {
            try noteRead(&file, handle, byteCount: file.looked.byteCount, to: checkpoint.intake)
            contents.insert(file.id, file.checkpoint)
            accumulator.setCheckpoint(file.checkpoint, for: file.id)
        }
        report(.cutByPowerFailure(path: file.path, offset: original.offset, goesOnAt: position.byteOffset))
    }

    /// It is a file of its own.
    private mutating func establish(_ file: inout FollowedFile, firstEvent: FileFingerprint) {
        file.hold = nil
        file.checkpoint.firstEvent = firstEvent
        contents.insert(file.id, file.checkpoint)
        if let offset = file.restartedAt.take() { report(.startedOver(path: file.path, offset: offset)) }
    }

    /// What was read of another file goes on in this one.
    private mutating func takeOver(_ id: FileID, _ checkpoint: FileCheckpoint, by file: inout FollowedFile) {
        let path = file.path
        if var other = followed.removeValue(forKey: id) {
            closeHandle(&other)
            order.removeAll { $0 == id }
        }
        remembered[id] = nil
        searches[id] = nil
        contents.remove(id, checkpoint)
        file.checkpoint = checkpoint
        file.checkpoint.path = path
        file.checkpoint.orphanedAtMilliseconds = nil
        // The end of a compressed file is its own.
        file.checkpoint.isFinished = false
        file.hold = nil
        file.restartedAt = nil
        file.stream = nil
        file.tailBytes = 0
        file.parser.resume(from: checkpoint.intake)
        complete(&file)
        contents.insert(file.id, file.checkpoint)
        accumulator.moveCheckpoint(from: id, to: file.id, file.checkpoint)
        for (place, copy) in copies where copy.original == id { copies[place]?.original = file.id }
        report(.moved(path: path, from: checkpoint.path, offset: checkpoint.offset))
    }

    /// What lies in a file's place isn't what was read of it: that is looked for elsewhere, and this is a file of which
    /// nothing is known.
    mutating func restart(_ file: inout FollowedFile) {
        file.restartedAt = file.offset
        let checkpoint = file.checkpoint
        contents.remove(file.id, checkpoint)
        file.forgetContent()
        guard checkpoint.offset > 0 else { return accumulator.setCheckpoint(file.checkpoint, for: file.id) }
        let orphan = orphan(file.id, checkpoint, of: file.source)
        accumulator.moveCheckpoint(from: file.id, to: orphan.id, orphan.checkpoint)
        accumulator.setCheckpoint(file.checkpoint, for: file.id)
    }

    // MARK: Checkpoints of files that were read by a release that kept less of them, or that begin at their end

    /// Takes in what tells a file of which `intake` says how far it counts as read.
    func noteRead(
        _ file: inout FollowedFile, _ handle: OpenFile, byteCount: UInt64, to intake: ParserCheckpoint
    ) throws(FileSystemError) {
        var view = PlainFileView(handle: handle, fileSystem: fileSystem, size: byteCount)
        file.checkpoint.intake = intake
        let offset = file.checkpoint.offset
        guard offset > 0, let zeros = try view.leadingZeros(from: 0), zeros < offset else { return }
        file.checkpoint.leadingZeros = zeros
        let head = try view.bytes(at: zeros, count: Int(min(offset - zeros, UInt64(FirstEventProbe.maxBytes)))) ?? []
        file.checkpoint.fingerprint = FileFingerprint(head.prefix(FileFingerprint.maxBytes))
        let tailCount = Int(min(offset, UInt64(FileCheckpoint.maxTailBytes)))
        file.checkpoint.tail = FileFingerprint(try view.bytes(at: offset - UInt64(tailCount), count: tailCount) ?? [])
        noteFirstEvent(&file, head)
    }

    func noteFirstEvent(_ file: inout FollowedFile, _ head: [UInt8]) {
        guard let parser = file.source.plan?.makeParser() else { return }
        let start = Array(head.prefix(FirstEventProbe.maxBytes))
        var end = FirstEventProbe.end(of: start, by: parser, endOfInput: false)
        if start.count == FirstEventProbe.maxBytes { end = end ?? start.count }
        file.checkpoint.firstEvent = end.map { FileFingerprint(start.prefix($0)) }
    }

    /// Adds what a checkpoint of an earlier release lacks.
    private func complete(_ file: inout FollowedFile) {
        guard file.checkpoint.tail == nil, file.compression == nil, let handle = file.handle else { return }
        try? noteRead(&file, handle, byteCount: file.looked.byteCount, to: file.checkpoint.intake)
    }
}
