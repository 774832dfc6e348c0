internal import CollectorCore
internal import Logging
internal import SourceFormats
internal import Telemetry
internal import UsageModel

extension FileReader {
    /// Brings the list of followed files up to date with the directories.
    func scan() {
        var seen: Set<FileID> = []
        for source in sources {
            guard case .file(let files) = source.kind else { continue }
            for path in files.globs.flatMap(LocalFiles.matches) {
                guard let status = LocalFiles.status(path), status.isRegular else { continue }
                let id = FileID(source: source.name, device: status.device, inode: status.inode)
                guard seen.insert(id).inserted else { continue }
                if tracked[id] != nil {
                    tracked[id]?.checkpoint.path = path
                    tracked[id]?.isDetached = false
                } else {
                    begin(id, at: path, source, files)
                }
            }
            for id in lostIDs(of: source, seen: seen) { findRenamed(id, source, files, &seen) }
        }
        for id in order where !seen.contains(id) { tracked[id]?.isDetached = true }
        remembered = remembered.filter { !seen.contains($0.key) }
        isFirstScan = false
        metrics.trackedFiles.set(tracked.count)
    }

    /// Files that earlier runs had not let go and that no glob leads to now.
    private func lostIDs(of source: SourceSettings, seen: Set<FileID>) -> [FileID] {
        remembered.keys.filter { $0.source == source.name && !seen.contains($0) && tracked[$0] == nil }
    }

    /// A file that was renamed away while the collector was down is in its old directory under another name.
    private func findRenamed(
        _ id: FileID, _ source: SourceSettings, _ files: SourceSettings.Files, _ seen: inout Set<FileID>
    ) {
        guard let checkpoint = remembered.removeValue(forKey: id) else { return }
        let directory = LocalFiles.directory(of: checkpoint.path)
        guard let path = LocalFiles.path(ofInode: id.inode, in: directory), let status = LocalFiles.status(path),
            status.device == id.device, status.isRegular
        else {
            accumulator.removeCheckpoints([id])
            return
        }
        remembered[id] = checkpoint
        // Another file may have got the inode: then this one is gone, and the other isn't asked for.
        if begin(id, at: path, source, files, onlyIfRemembered: true) { seen.insert(id) }
        remembered[id] = nil
    }

    /// Starts to follow a file, from its checkpoint where it has one.
    @discardableResult
    private func begin(
        _ id: FileID, at path: String, _ source: SourceSettings, _ files: SourceSettings.Files,
        onlyIfRemembered: Bool = false
    ) -> Bool {
        guard tracked.count < CollectorLimits.maxTrackedFiles else {
            if unreadable.insert(path).inserted {
                logger.error("too many files are followed; this one waits until others are gone", [.path: "\(path)"])
            }
            return false
        }
        let descriptor = LocalFiles.open(path)
        guard descriptor >= 0, let status = LocalFiles.status(descriptor), status.inode == id.inode else {
            LocalFiles.close(descriptor)
            noteUnreadable(path, code: descriptor)
            return false
        }
        guard let parser = try? source.format.makeParser(defaults: source.defaults, framing: .stream) else {
            return false
        }
        var file = TrackedFile(
            id: id, source: source, files: files, descriptor: descriptor,
            checkpoint: FileCheckpoint(path: path), parser: parser, compression: Compression(path: path),
            grewAt: clock.nowMilliseconds())
        let isRemembered = resume(&file)
        if onlyIfRemembered, !isRemembered {
            LocalFiles.close(descriptor)
            accumulator.removeCheckpoints([id])
            return false
        }
        if !isRemembered { startNew(&file, size: status.size) }
        if file.isDone {
            LocalFiles.close(descriptor)
            file.descriptor = -1
        }
        unreadable.remove(path)
        tracked[id] = file
        order.append(id)
        accumulator.setCheckpoint(file.checkpoint, for: id)
        logger.info(
            "following a file",
            [.path: "\(path)", .source: "\(source.name)", .offset: "\(file.parser.position.byteOffset)"])
        return true
    }

    /// Goes on where the last batch ended, if this is still the same file.
    private func resume(_ file: inout TrackedFile) -> Bool {
        guard let checkpoint = remembered[file.id] else { return false }
        guard fingerprint(of: file.descriptor, length: checkpoint.fingerprint.length) == checkpoint.fingerprint else {
            return false
        }
        let path = file.checkpoint.path
        file.checkpoint = checkpoint
        file.checkpoint.path = path
        // A file that was compressed under its old name still is.
        file.compression = Compression(path: path) ?? Compression(path: checkpoint.path)
        file.parser.resume(from: checkpoint.intake)
        return true
    }

    private func startNew(_ file: inout TrackedFile, size: UInt64) {
        file.checkpoint.fingerprint = fingerprint(of: file.descriptor, length: FileFingerprint.maxBytes)
        guard isFirstScan, file.files.startsAtEnd else { return }
        if file.compression != nil {
            file.checkpoint.isFinished = true
            return
        }
        var start = ParserCheckpoint.start
        start.position = RecordPosition(line: 1, byteOffset: lastLineStart(file.descriptor, size: size))
        file.parser.resume(from: start)
        file.checkpoint.intake = start
    }

    /// Where the last line that isn't complete yet begins, or the file's size.
    private func lastLineStart(_ descriptor: Int32, size: UInt64) -> UInt64 {
        var end = size
        while end > 0 {
            let count = Int(min(end, UInt64(CollectorLimits.chunkBytes)))
            let start = end - UInt64(count)
            guard buffer.read(descriptor, at: start, into: 0..<count) == count else { return size }
            let newline = buffer.withSpan(0..<count) { span in
                stride(from: count - 1, through: 0, by: -1).first { span.byte(at: $0) == 0x0A }
            }
            if let newline { return start + UInt64(newline) + 1 }
            end = start
        }
        return 0
    }

    /// The fingerprint of the first `length` bytes, or of as many as there are.
    func fingerprint(of descriptor: Int32, length: Int) -> FileFingerprint {
        let count = buffer.read(descriptor, at: 0, into: 0..<min(length, FileFingerprint.maxBytes))
        return count > 0 ? buffer.withSpan(0..<count) { FileFingerprint($0) } : .empty
    }

    private func noteUnreadable(_ path: String, code: Int32) {
        guard code < 0, unreadable.insert(path).inserted else { return }
        metrics.fileErrors.increment()
        logger.error(
            "a file can't be opened; it is tried again",
            [.path: "\(path)", .error: "\(LocalFiles.errorText(-code))", .remedy: "let this user read it"])
    }

    /// Lets files go whose name is gone, once they are read and quiet.
    func dropDetached() {
        let now = clock.nowMilliseconds()
        let gone = order.filter { id in
            guard let file = tracked[id], file.isDetached else { return false }
            return now - file.grewAt > detachedGraceMilliseconds && !intakeSwitch.isClosed
        }
        guard !gone.isEmpty else { return }
        for id in gone {
            guard let file = tracked.removeValue(forKey: id) else { continue }
            LocalFiles.close(file.descriptor)
            logger.info("a file is gone and no longer followed", [.path: "\(file.checkpoint.path)"])
        }
        order.removeAll { gone.contains($0) }
        accumulator.removeCheckpoints(gone)
    }
}
