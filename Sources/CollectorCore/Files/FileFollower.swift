internal import SourceFormats
package import Spool
package import UsageModel

/// Follows the files of sources and feeds them to the accumulator, without threads: which file is which, where each is
/// read from, when it was rotated or emptied, and when it is let go.
///
/// The file is the durable truth: nothing is acknowledged or copied, and every sealed batch carries how far each file
/// had been read. A file is what it holds: what was read of one is found again wherever it lies
/// (`FileFollower+Identity.swift`). All I/O goes through the `FileSystem` and all time comes from the clocks that it is
/// given, so that the fault simulation runs this very code. Callers take turns: ``scan()``, then ``readChunk(of:)`` for
/// each of ``order``, then ``letGoOfDetached()``.
package struct FileFollower {
    /// The most files that are followed at once.
    package static let maxFiles = 10_000
    /// Chunks that one file may read before the next file's turn.
    package static let chunksPerTurn = 16
    /// How long a file whose name is gone is still read before it is let go; twice the age of a batch comes on top, so
    /// that what was read of it is sealed by then. As long is what left its place looked for.
    package static let detachedGrace = Duration.seconds(60)
    /// How long a file that was read to its end may rest before its handle is given up. It is opened again once it
    /// grows, and when its name goes.
    package static let idleGrace = Duration.seconds(10)

    /// How long a last line without end that is no whole record is waited for, where it would be taken as complete.
    package static let brokenLineGrace = Duration.seconds(60)

    /// What reading a chunk came to.
    package enum Turn: Sendable {
        case read
        /// Nothing to read for now.
        case waits
        /// The accumulator must seal first.
        case full
        /// Everything must be sealed first: the source's events have ids from here on.
        case sealsAll
        /// A chunk whose events have ids: the writer commits it, and ``FileFollower/finishChunk(of:_:)`` takes what
        /// came of it before anything else is asked.
        case commits(FileChunk)
    }

    /// Globs and formats. Files that are already followed keep the format they started with.
    package var sources: [FollowedSource] {
        didSet {
            hasScanned = false
            waiting = waiting.filter { $0.value.reason != .rewritten }
            exports.sources = sources.filter { $0.exports != nil }
        }
    }
    /// How much of a record that is refused is kept.
    package var keeping = QuarantineRule() { didSet { exports.keeping = keeping } }
    /// Files of sources that are written anew with all that they are to say.
    package internal(set) var exports: ExportFollower
    /// Whether the directories were looked through for these sources.
    var hasScanned = false
    let timeWindow: ReloadableTimeWindow
    let fileSystem: any FileSystem
    let accumulator: Accumulator
    /// The ids that are known; where it is off, ids mean nothing.
    let knownIDs: RememberedEvents
    /// The sources whose events have ids, as was seen since the start: their files are counted by write-ahead records.
    var sourcesWithIDs: Set<String> = []
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
    let identification: FileIdentification

    var followed: [FileID: FollowedFile] = [:]
    /// In the order found, so that turns are fair and rotated files come before their successors.
    package internal(set) var order: [FileID] = []
    /// What was read of files that aren't followed now: by earlier runs until the place is found again, and of files
    /// that have left their places.
    var remembered: [FileID: FileCheckpoint]
    /// The files above by their first events.
    var contents = ContentIndex()
    /// Files that hold what others do, by their places.
    var copies: [FileID: FileCopy] = [:]
    /// Those of them that were told of.
    var toldCopies: Set<FileID> = []
    /// Those that are followed though no glob leads to them, as of the last ``scan()``.
    var detached: [FileID] = []
    /// What is looked for after it has left its place.
    var searches: [FileID: FileSearch] = [:]
    /// The highest number that was given to what left its place.
    var lastOrphan: UInt64
    /// Whether `startsAtEnd` applies to files found now: only at a spool's very first start.
    var isFirstScan: Bool
    let detachedGraceMilliseconds: Int64
    /// When the machine was started, in milliseconds since 1970-01-01T00:00Z; `nil` where that isn't known.
    let bootedAtMilliseconds: Int64?
    /// How long a last line without end that is no whole record is waited for, in milliseconds.
    let brokenLineGraceMilliseconds = Self.brokenLineGrace.wholeMilliseconds
    /// The most files that are followed at once.
    let maxFiles: Int
    let idleGraceMilliseconds = Self.idleGrace.wholeMilliseconds
    /// Files that could not be followed, by path, so that each is reported once.
    var waiting: [String: Waiting] = [:]
    /// Sources that have more files than are followed, and that were told for it.
    var crowded: Set<String> = []

    /// Why a file isn't followed yet.
    struct Waiting {
        var source: String
        var reason: SourceProblem.Reason
        var detail: String
    }

    /// Those of the sources whose files grow.
    var growingSources: [FollowedSource] { sources.filter { $0.exports == nil } }

    /// - Parameters:
    ///   - versionsDirectory: holds what was counted of exports.
    ///   - recovered: what the spool's last batch says about files.
    ///   - sealAge: how old a batch may become before it is sealed.
    ///   - chunkBytes: bytes that are read and parsed at a time.
    ///   - maxFiles: the most files that are followed at once.
    ///   - maxHandles: the most handles that are kept, of files with unread bytes and of those that have just grown.
    ///   - bootedAtMilliseconds: when the machine was started, by the time of day; `nil` where that isn't known.
    ///   - parsing: in how many pieces a chunk is parsed, and by whom.
    ///   - knownIDs: the ids that are known; where it is off, ids mean nothing.
    package init(
        sources: [FollowedSource], timeWindow: ReloadableTimeWindow, recovered: RecoveredFiles, sealAge: Duration,
        accumulator: Accumulator, intakeSwitch: IntakeSwitch, fileSystem: any FileSystem, versionsDirectory: String,
        wallClock: any WallClock, steadyClock: any SteadyClock, chunkBytes: Int = AccumulatorLimits.chunkBytes,
        maxFiles: Int = Self.maxFiles, maxHandles: Int = Self.maxFiles, bootedAtMilliseconds: Int64? = nil,
        parsing: ParallelParsing = .inTurn(pieces: 1), knownIDs: RememberedEvents = .off,
        report: @escaping (FileEvent) -> Void
    ) {
        self.sources = sources
        self.timeWindow = timeWindow
        self.accumulator = accumulator
        self.knownIDs = knownIDs
        self.intakeSwitch = intakeSwitch
        self.fileSystem = fileSystem
        self.wallClock = wallClock
        self.steadyClock = steadyClock
        self.chunkBytes = chunkBytes
        self.maxFiles = min(maxFiles, Self.maxFiles)
        self.maxHandles = maxHandles
        self.report = report
        self.bootedAtMilliseconds = bootedAtMilliseconds
        buffer = ChunkBuffer(byteCount: Limits.maxRecordBytes + chunkBytes)
        chunkParser = ChunkParser(parsing)
        identification = FileIdentification(fileSystem: fileSystem)
        remembered = recovered.checkpoints
        lastOrphan = recovered.checkpoints.keys.map(\.orphan).max() ?? 0
        isFirstScan = recovered.isNewSpool
        detachedGraceMilliseconds = (Self.detachedGrace + sealAge * 2).wholeMilliseconds
        exports = ExportFollower(
            sources: sources.filter { $0.exports != nil }, recovered: recovered.exports, directory: versionsDirectory,
            timeWindow: timeWindow, accumulator: accumulator, intakeSwitch: intakeSwitch, fileSystem: fileSystem,
            wallClock: wallClock, steadyClock: steadyClock, chunkBytes: chunkBytes, report: report)
        for (id, checkpoint) in remembered { contents.insert(id, checkpoint) }
    }

    /// How many files are followed.
    package var count: Int { followed.count + exports.count }

    /// How many files match and aren't followed.
    package var waitingCount: Int { waiting.count }

    /// Bytes that stand in each source's files and weren't read yet, before decompression, as of the last ``scan()``.
    package var bytesBehind: [String: UInt64] {
        followed.values.reduce(into: exports.bytesBehind) { $0[$1.source.name, default: 0] += $1.bytesBehind }
    }

    /// How far a file was read, in bytes after decompression; `nil` where it isn't followed.
    package func offset(of id: FileID) -> UInt64? { followed[id]?.offset }

    /// Whether a file isn't followed since another one holds what it does.
    package func isCopy(_ id: FileID) -> Bool { copies[id] != nil }

    /// Whether everything that is there was read, and nothing is looked for or may be let go yet: until something
    /// changes there is nothing to do but to look.
    package var isIdle: Bool {
        searches.isEmpty && waiting.isEmpty && handleCount == 0 && exports.isIdle
            && followed.values.allSatisfy { !$0.needsTurn && !$0.isDetached }
    }

    /// Reads some of an export, or counts one that was read: at most one is under way.
    package mutating func readExport() -> Turn { exports.step() }

    /// Gives the memory back that chunks are read and parsed in, until there is something to read again.
    package mutating func releaseMemory() {
        chunkParser.releaseMemory()
        buffer = ChunkBuffer(byteCount: buffer.byteCount)
    }

    /// Closes all files. The spool says how far they were read.
    package mutating func close() {
        for handle in followed.values.compactMap(\.handle) { fileSystem.close(handle) }
        exports.close()
        handleCount = 0
        followed = [:]
        order = []
    }
}
