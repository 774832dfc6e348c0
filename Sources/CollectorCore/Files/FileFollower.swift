internal import SourceFormats
package import Spool
package import UsageModel

/// Follows the files of sources and feeds them to the accumulator, without threads: which file is which, where each is
/// read from, when it was rotated or emptied, and when it is let go.
///
/// The file is the durable truth: nothing is acknowledged or copied, and every sealed batch carries how far each file
/// had been read. All I/O goes through the `FileSystem` and all time comes from the clocks that it is given, so that
/// the fault simulation runs this very code. Callers take turns: ``scan()``, then ``readChunk(of:)`` for each of
/// ``order``, then ``letGoOfDetached()``.
package struct FileFollower {
    /// The most files that are followed at once.
    package static let maxFiles = 10_000
    /// Chunks that one file may read before the next file's turn.
    package static let chunksPerTurn = 16
    /// How long a file whose name is gone is still read before it is let go; twice the age of a batch comes on top, so
    /// that what was read of it is sealed by then.
    package static let detachedGrace = Duration.seconds(60)
    /// How long a file that was read to its end may rest before its handle is given up. It is opened again once it
    /// grows, and when its name goes.
    package static let idleGrace = Duration.seconds(10)

    /// What reading a chunk came to.
    package enum Turn: Sendable {
        case read
        /// Nothing to read for now.
        case waits
        /// The accumulator must seal first.
        case full
    }

    /// What became of a file that was found.
    private enum Beginning {
        case begun
        /// Another file than the one that is asked for.
        case isAnother
        /// It can't be opened or read, or too many files are followed: to be asked again.
        case later
    }

    /// Globs and formats. Files that are already followed keep the format they started with.
    package var sources: [FollowedSource] { didSet { hasScanned = false } }
    /// How much of a record that is refused is kept.
    package var keeping = QuarantineRule()
    /// Whether the directories were looked through for these sources.
    var hasScanned = false
    let timeWindow: ReloadableTimeWindow
    let fileSystem: any FileSystem
    let accumulator: Accumulator
    let intakeSwitch: IntakeSwitch
    let wallClock: any WallClock
    let steadyClock: any SteadyClock
    /// The most handles that are kept. A file beyond them is opened for its turn alone.
    let maxHandles: Int
    /// Handles that are open now.
    package internal(set) var handleCount = 0
    /// Takes what there is to tell. It must not come back to this value.
    let report: (FileEvent) -> Void
    /// Bytes that are read and parsed at a time.
    let chunkBytes: Int
    var buffer: ChunkBuffer
    let chunkParser: ChunkParser
    var identification: FileIdentification

    var followed: [FileID: FollowedFile] = [:]
    /// In the order found, so that turns are fair and rotated files come before their successors.
    package private(set) var order: [FileID] = []
    /// What earlier runs had read, until the file is found again.
    private var remembered: [FileID: FileCheckpoint]
    /// Whether `startsAtEnd` applies to files found now: only at a spool's very first start.
    private var isFirstScan: Bool
    private let detachedGraceMilliseconds: Int64
    /// The most files that are followed at once.
    private let maxFiles: Int
    let idleGraceMilliseconds = Self.idleGrace.wholeMilliseconds
    /// Files that could not be followed, by path, so that each is reported once.
    var waiting: [String: Waiting] = [:]

    /// Sources that have more files than are followed, and that were told for it.
    private var crowded: Set<String> = []

    /// Why a file isn't followed yet.
    struct Waiting {
        var source: String
        var reason: SourceProblem.Reason
        var detail: String
    }

    /// - Parameters:
    ///   - recovered: what the spool's last batch says about files.
    ///   - sealAge: how old a batch may become before it is sealed.
    ///   - chunkBytes: bytes that are read and parsed at a time.
    ///   - maxFiles: the most files that are followed at once.
    ///   - maxHandles: the most handles that are kept, of files with unread bytes and of those that have just grown.
    ///   - parsing: in how many pieces a chunk is parsed, and by whom.
    package init(
        sources: [FollowedSource], timeWindow: ReloadableTimeWindow, recovered: RecoveredFiles, sealAge: Duration,
        accumulator: Accumulator, intakeSwitch: IntakeSwitch, fileSystem: any FileSystem, wallClock: any WallClock,
        steadyClock: any SteadyClock, chunkBytes: Int = AccumulatorLimits.chunkBytes, maxFiles: Int = Self.maxFiles,
        maxHandles: Int = Self.maxFiles, parsing: ParallelParsing = .inTurn(pieces: 1),
        report: @escaping (FileEvent) -> Void
    ) {
        self.sources = sources
        self.timeWindow = timeWindow
        self.accumulator = accumulator
        self.intakeSwitch = intakeSwitch
        self.fileSystem = fileSystem
        self.wallClock = wallClock
        self.steadyClock = steadyClock
        self.chunkBytes = chunkBytes
        self.maxFiles = min(maxFiles, Self.maxFiles)
        self.maxHandles = maxHandles
        self.report = report
        buffer = ChunkBuffer(byteCount: Limits.maxRecordBytes + chunkBytes)
        chunkParser = ChunkParser(parsing)
        identification = FileIdentification(fileSystem: fileSystem)
        remembered = recovered.checkpoints
        isFirstScan = recovered.isNewSpool
        detachedGraceMilliseconds = (Self.detachedGrace + sealAge * 2).wholeMilliseconds
    }

    /// How many files are followed.
    package var count: Int { followed.count }

    /// How many files match and aren't followed.
    package var waitingCount: Int { waiting.count }

    /// Bytes that stand in each source's files and weren't read yet, before decompression, as of the last ``scan()``.
    package var bytesBehind: [String: UInt64] {
        followed.values.reduce(into: [:]) { $0[$1.source.name, default: 0] += $1.bytesBehind }
    }

    /// How far a file was read, in bytes after decompression; `nil` where it isn't followed.
    package func offset(of id: FileID) -> UInt64? { followed[id]?.offset }

    /// Gives the memory back that chunks are read and parsed in, until there is something to read again.
    package mutating func releaseMemory() {
        chunkParser.releaseMemory()
        buffer = ChunkBuffer(byteCount: buffer.byteCount)
    }

    /// Closes all files. The spool says how far they were read.
    package mutating func close() {
        for handle in followed.values.compactMap(\.handle) { fileSystem.close(handle) }
        handleCount = 0
        followed = [:]
        order = []
    }

    // MARK: Finding files

    /// Brings the list of followed files up to date with the directories.
    package mutating func scan() {
        var seen: Set<FileID> = []
        var listings = FileIdentification.Listings()
        if followed.count < maxFiles { crowded = [] }
        for source in sources {
            for path in source.globs.flatMap({ fileSystem.paths(matching: $0) }) {
                guard let status = try? fileSystem.status(path), status.isRegular else { continue }
                let id = identification.id(of: status, source: source.name)
                guard seen.insert(id).inserted else { continue }
                if followed[id] != nil {
                    followed[id]?.see(status, at: path)
                    followed[id]?.detachedAt = nil
                } else {
                    _ = begin(id, at: path, source)
                }
            }
            for id in lostIDs(of: source, seen: seen) { findRenamed(id, of: source, seen: &seen, &listings) }
        }
        for id in order where !seen.contains(id) { followDetached(id, &listings) }
        isFirstScan = false
        hasScanned = true
    }

    /// Files that earlier runs had not let go and that no glob leads to now; in the order of their old paths.
    private func lostIDs(of source: FollowedSource, seen: Set<FileID>) -> [FileID] {
        guard !remembered.isEmpty else { return [] }
        return remembered.filter { $0.key.source == source.name && !seen.contains($0.key) }
            .sorted { ($0.value.path, $0.key.inode) < ($1.value.path, $1.key.inode) }.map(\.key)
    }

    /// Looks for a file that was renamed away while the collector was down.
    private mutating func findRenamed(
        _ id: FileID, of source: FollowedSource, seen: inout Set<FileID>, _ listings: inout FileIdentification.Listings
    ) {
        guard let checkpoint = remembered[id] else { return }
        let path: String?
        do throws(FileSystemError) {
            path = try identification.findRenamed(id, lastPath: checkpoint.path, &listings)?.path
        } catch {
            // The directory can't be read: that the file is gone is not known, and a checkpoint that was dropped too
            // early would have the file counted a second time.
            return
        }
        switch path.map({ begin(id, at: $0, source, onlyIfRemembered: true) }) {
        case .begun: seen.insert(id)
        case .later: break
        // Gone; or another file has got its inode, and that one isn't asked for.
        case .isAnother, nil:
            remembered[id] = nil
            accumulator.removeCheckpoints([id])
        }
    }

    /// Starts to follow a file, from its checkpoint where it has one.
    private mutating func begin(
        _ id: FileID, at path: String, _ source: FollowedSource, onlyIfRemembered: Bool = false
    ) -> Beginning {
        guard followed.count < maxFiles else {
            wait(
                path, of: source, for: .tooManyFiles, detail: "\(maxFiles) are followed",
                telling: crowded.insert(source.name).inserted ? .tooMany(path: path, limit: maxFiles) : nil)
            return .later
        }
        guard let parser = source.plan?.makeParser() else { return .later }
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
                let isResumed = try resume(&file, handle)
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
        accumulator.setCheckpoint(file.checkpoint, for: file.id)
        report(.following(path: file.path, source: file.source.name, offset: file.offset))
    }

    /// Goes on where the last batch ended, if this is still the same file.
    private mutating func resume(_ file: inout FollowedFile, _ handle: OpenFile) throws(FileSystemError) -> Bool {
        guard let checkpoint = remembered[file.id],
            try identification.isSame(handle, as: checkpoint.fingerprint)
        else { return false }
        let path = file.path
        file.checkpoint = checkpoint
        file.checkpoint.path = path
        // A file that was compressed under its old name still is.
        file.compression = Compression(path: path) ?? Compression(path: checkpoint.path)
        file.parser.resume(from: checkpoint.intake)
        return true
    }

    private mutating func startNew(
        _ file: inout FollowedFile, _ handle: OpenFile, byteCount: UInt64
    ) throws(FileSystemError) {
        file.checkpoint.fingerprint = try identification.fingerprint(of: handle)
        guard isFirstScan, file.source.startsAtEnd else { return }
        if file.compression != nil {
            file.checkpoint.isFinished = true
            return
        }
        var start = ParserCheckpoint.start
        let lastLine = try lastLineStart(handle, byteCount: byteCount)
        start.position = RecordPosition(line: 1, byteOffset: lastLine)
        file.parser.resume(from: start)
        file.checkpoint.intake = start
    }

    /// Where the last line that isn't complete yet begins, or the file's end.
    private func lastLineStart(_ handle: OpenFile, byteCount: UInt64) throws(FileSystemError) -> UInt64 {
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

    // MARK: Letting go

    /// Keeps an eye on a file that no glob leads to: it may still grow under another name, or without one. While its
    /// handle is held it is read by that; one that had none gets one, where its new name can be found.
    private mutating func followDetached(_ id: FileID, _ listings: inout FileIdentification.Listings) {
        guard var file = followed.removeValue(forKey: id) else { return }
        defer { followed[id] = file }
        file.detachedAt = file.detachedAt ?? steadyClock.nowMilliseconds()
        guard file.handle == nil, !file.isDone, !file.isGone else { return }
        do throws(FileSystemError) {
            guard let found = try identification.findRenamed(id, lastPath: file.path, &listings) else {
                file.isGone = true
                if file.bytesBehind > 0 { report(.lost(path: file.path, byteCount: file.bytesBehind)) }
                return
            }
            file.see(found.status, at: found.path)
            if handleCount < maxHandles { _ = try open(&file) }
        } catch {
            // Whether it is there is not known; it is looked for again.
            file.hasLookFailed = true
        }
    }

    /// Lets files go whose name is gone, once they are read and quiet.
    package mutating func letGoOfDetached() {
        // While no input is taken, files can't have been read to their end.
        guard !intakeSwitch.isClosed else { return }
        let now = steadyClock.nowMilliseconds()
        let gone = order.filter { id in
            guard let file = followed[id], let detachedAt = file.detachedAt, !file.mayHoldMore else { return false }
            return now - max(file.grewAt, detachedAt) > detachedGraceMilliseconds
        }
        guard !gone.isEmpty else { return }
        for id in gone {
            guard var file = followed.removeValue(forKey: id) else { continue }
            closeHandle(&file)
            report(.letGo(path: file.path))
        }
        order.removeAll { gone.contains($0) }
        accumulator.removeCheckpoints(gone)
    }
}
