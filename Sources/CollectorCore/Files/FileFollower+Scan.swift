internal import SourceFormats
internal import Spool
internal import UsageModel

extension FileFollower {
    /// What became of a file that was found.
    enum Beginning {
        case begun
        /// Another file than the one that is asked for.
        case isAnother
        /// It can't be opened or read, or too many files are followed: to be asked again.
        case later
    }

    /// A file that a glob leads to and that isn't known by its place.
    private struct Candidate {
        var id: FileID
        var path: String
        var source: FollowedSource
        var status: FileStatus
    }

    /// Brings the list of followed files up to date with the directories.
    package mutating func scan() {
        var seen: Set<FileID> = []
        var listings = FileIdentification.Listings()
        var candidates: [Candidate] = []
        if followed.count < maxFiles { crowded = [] }
        let sources = growingSources
        for source in sources {
            for path in paths(of: source) {
                guard let status = try? fileSystem.status(path), status.isRegular else { continue }
                let id = identification.id(of: status, source: source.name)
                guard seen.insert(id).inserted else { continue }
                if !see(id, status, at: path) {
                    candidates.append(Candidate(id: id, path: path, source: source, status: status))
                }
            }
        }
        // What was renamed comes before what lies in its place now.
        for source in sources {
            for id in lostIDs(of: source, seen: seen) { findRenamed(id, of: source, seen: &seen, &listings) }
        }
        detached = order.filter { !seen.contains($0) }
        for id in detached { followDetached(id, &listings) }
        for candidate in candidates where !isIgnored(candidate) {
            _ = begin(candidate.id, at: candidate.path, candidate.source)
        }
        if !copies.isEmpty { copies = copies.filter { seen.contains($0.key) } }
        search()
        exports.isCountedAsGrowing = growingPlaces()
        exports.scan()
        isFirstScan = false
        hasScanned = true
    }

    /// Tells where something was counted of a source of exports before it was one.
    private func growingPlaces() -> (ExportPlace) -> Bool {
        let names = Set(exports.sources.map(\.name))
        if names.isEmpty { return { _ in false } }
        var places: Set<ExportPlace> = []
        for (id, checkpoint) in remembered where names.contains(id.source) && checkpoint.offset > 0 {
            places.insert(ExportPlace(source: id.source, path: checkpoint.path))
        }
        for (id, file) in followed where names.contains(id.source) && file.offset > 0 {
            places.insert(ExportPlace(source: id.source, path: file.path))
        }
        return { [places] in places.contains($0) }
    }

    private func paths(of source: FollowedSource) -> [String] {
        let found = source.globs.flatMap { fileSystem.paths(matching: $0) }
        if source.excluded.isEmpty || found.isEmpty { return found }
        let excluded = Set(source.excluded.flatMap { fileSystem.paths(matching: $0) })
        return found.filter { !excluded.contains($0) }
    }

    /// Takes in what a look at a known file says. `false` where it isn't known by its place.
    private mutating func see(_ id: FileID, _ status: FileStatus, at path: String) -> Bool {
        if followed[id] != nil {
            followed[id]?.see(status, at: path)
            followed[id]?.detachedAt = nil
            return true
        }
        guard let copy = copies[id] else { return false }
        if followed[copy.original] != nil, copy.look == FollowedFile.Look(status) { return true }
        // Changed, or the one that it is a copy of is gone: it is looked at anew.
        copies[id] = nil
        return false
    }

    /// Whether a file is too old to be followed for the first time.
    private func isIgnored(_ candidate: Candidate) -> Bool {
        guard let age = candidate.source.ignoredAge, remembered[candidate.id] == nil else { return false }
        let millisecond: Int64 = 1_000_000
        return candidate.status.modifiedNanoseconds / millisecond < wallClock.nowMilliseconds() - age.wholeMilliseconds
    }

    /// Files that earlier runs had not let go and that no glob leads to now; in the order of their old paths.
    private func lostIDs(of source: FollowedSource, seen: Set<FileID>) -> [FileID] {
        guard !remembered.isEmpty else { return [] }
        return remembered.filter { $0.key.source == source.name && $0.key.orphan == 0 && !seen.contains($0.key) }
            .sorted { ($0.value.path, $0.key.inode) < ($1.value.path, $1.key.inode) }.map(\.key)
    }

    /// Looks for a file that was renamed away while the collector was down.
    private mutating func findRenamed(
        _ id: FileID, of source: FollowedSource, seen: inout Set<FileID>, _ listings: inout FileIdentification.Listings
    ) {
        guard let checkpoint = remembered[id] else { return }
        let path: String?
        do throws(FileSystemError) {
            path = try identification.findRenamed(
                id, lastPath: checkpoint.path, others: otherDirectories(of: checkpoint.path, source), &listings)?.path
        } catch {
            // The directory can't be read: that the file is gone is not known.
            return
        }
        switch path.map({ begin(id, at: $0, source, onlyIfRemembered: true) }) {
        case .begun: seen.insert(id)
        case .later: break
        // Gone; or another file has got its inode, and that one isn't asked for.
        case .isAnother, nil: if remembered[id] != nil { orphanRemembered(id, source) }
        }
    }

    /// Where else than in its own directory a file may be that was moved away: where links to it lead, and where the
    /// source says that rotation moves files to.
    func otherDirectories(of path: String, _ source: FollowedSource) -> [String] {
        var directories: [String] = []
        if let real = try? fileSystem.realPath(path) { directories.append(FileIdentification.directory(of: real)) }
        for directory in source.rotatedDirectories {
            directories +=
                directory.hasPrefix("/")
                ? [directory] : ["\(FileIdentification.directory(of: path))/\(directory)"]
        }
        return directories
    }

    /// Starts to follow a file, from its checkpoint where its place has one.
    mutating func begin(
        _ id: FileID, at path: String, _ source: FollowedSource, onlyIfRemembered: Bool = false
    ) -> Beginning {
        guard followed.count < maxFiles else {
            wait(
                path, of: source, for: .tooManyFiles, detail: "\(maxFiles) are followed",
                telling: crowded.insert(source.name).inserted ? .tooMany(path: path, limit: maxFiles) : nil)
            return .later
        }
        guard let parser = source.plan?.makeParser() else { return .later }
        if exports.hasCounted(ExportPlace(source: source.name, path: path)) {
            wait(
                path, of: source, for: .rewritten, detail: "was counted with content: replaced",
                telling: .rewritten(path: path, original: path, offset: 0))
            return .later
        }
        do throws(FileSystemError) {
            let handle = try fileSystem.open(path, .follow)
            do throws(FileSystemError) {
                let status = try fileSystem.status(handle)
                // Between looking and opening, the name may have gone over to another file.
                guard identification.id(of: status, source: source.name) == id else {
                    fileSystem.close(handle)
                    return .later
                }
                var file = FollowedFile(
                    id: id, source: source, handle: handle, checkpoint: FileCheckpoint(path: path), parser: parser,
                    compression: Compression(path: path), chunkBytes: chunkBytes,
                    grewAt: steadyClock.nowMilliseconds())
                let isResumed = try resume(&file, handle, at: status)
                if !isResumed, onlyIfRemembered {
                    fileSystem.close(handle)
                    return .isAnother
                }
                if !isResumed { try startNew(&file, handle, byteCount: status.byteCount) }
                file.see(status, at: path)
                follow(file)
                return .begun
            } catch {
                fileSystem.close(handle)
                throw error
            }
        } catch {
            // What an earlier run had read of it stays remembered until it can be opened.
            wait(
                path, of: source, for: .notReadable, detail: error.text, telling: .unopenable(path: path, error))
            return .later
        }
    }

    /// Keeps in mind that a file can't be followed now; tells of it the first time.
    private mutating func wait(
        _ path: String, of source: FollowedSource, for reason: SourceProblem.Reason, detail: String,
        telling event: FileEvent?
    ) {
        let isNew =
            waiting.updateValue(
                Waiting(source: source.name, reason: reason, detail: detail), forKey: path) == nil
        if isNew, let event { report(event) }
    }

    private mutating func follow(_ begun: FollowedFile) {
        var file = begun
        handleCount += 1
        if file.isDone { file.settle() }
        if file.isDone || handleCount > maxHandles { closeHandle(&file) }
        remembered[file.id] = nil
        waiting[file.path] = nil
        followed[file.id] = file
        order.append(file.id)
        contents.insert(file.id, file.checkpoint)
        accumulator.setCheckpoint(file.checkpoint, for: file.id)
        report(.following(path: file.path, source: file.source.name, offset: file.offset))
    }

    /// Goes on where the last batch ended, if this is still the same file. Where it isn't, what was read is looked for
    /// elsewhere.
    private mutating func resume(
        _ file: inout FollowedFile, _ handle: OpenFile, at status: FileStatus
    ) throws(FileSystemError) -> Bool {
        guard let checkpoint = remembered[file.id] else { return false }
        let path = file.path
        // A file that was compressed under its old name still is.
        let compression = Compression(path: path) ?? Compression(path: checkpoint.path)
        guard try isSame(handle, status, by: compression, as: checkpoint) else {
            orphanRemembered(file.id, file.source)
            file.restartedAt = checkpoint.offset
            return false
        }
        file.checkpoint = checkpoint
        file.checkpoint.path = path
        file.compression = compression
        file.parser.resume(from: checkpoint.intake)
        return true
    }

    private mutating func startNew(
        _ file: inout FollowedFile, _ handle: OpenFile, byteCount: UInt64
    ) throws(FileSystemError) {
        guard isFirstScan, file.source.startsAtEnd else { return }
        if file.compression != nil {
            file.checkpoint.isFinished = true
            return
        }
        var start = ParserCheckpoint.start
        let lastLine = try lastLineStart(handle, byteCount: byteCount)
        start.position = RecordPosition(line: 1, byteOffset: lastLine)
        file.parser.resume(from: start)
        try noteRead(&file, handle, byteCount: byteCount, to: start)
    }

    /// Where the last line that isn't complete yet begins, or the file's end.
    func lastLineStart(_ handle: OpenFile, byteCount: UInt64) throws(FileSystemError) -> UInt64 {
        var end = byteCount
        while end > 0 {
            let count = Int(min(end, UInt64(chunkBytes)))
            let start = end - UInt64(count)
            guard try buffer.read(handle, on: fileSystem, at: start, into: 0..<count) == count else { return byteCount }
            let newline = buffer.withSpan(0..<count) { span in
                stride(from: count - 1, through: 0, by: -1).first { span.byte(at: $0) == 0x0A }
            }
            if let newline { return start + UInt64(newline) + 1 }
            end = start
        }
        return 0
    }
}
