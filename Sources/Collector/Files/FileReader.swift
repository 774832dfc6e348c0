package import CollectorCore
internal import Logging
internal import ServiceLifecycle
internal import SourceFormats
internal import Telemetry
internal import UsageModel

/// Follows the files of all `file` sources and feeds them to the accumulator.
///
/// The file is the durable truth: nothing is acknowledged or copied, and every sealed batch carries how far each file
/// had been read. Files are told apart by device, inode and the hash of their first bytes, so a rename is followed, and
/// a file that was emptied and started over is read from its start.
package actor FileReader: Service {
    /// How often directories are looked through and files asked for their size.
    static let pollInterval = Duration.milliseconds(100)
    /// How long a file whose name is gone is still read before it is let go; twice the age of a batch comes on top, so
    /// that what was read of it is sealed by then.
    static let detachedGrace = Duration.seconds(60)
    /// Chunks that one file may read before the next file's turn.
    static let chunksPerTurn = 16

    nonisolated private let executor = BlockingExecutor(label: "steelyard.files")
    nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    var sources: [SourceSettings]
    let accumulator: Accumulator
    let intakeSwitch: IntakeSwitch
    let writer: Writer
    let metrics: CollectorMetrics
    let logger: Logger
    let wallClock: any WallClock
    let clock: any SteadyClock
    let buffer = ChunkBuffer(byteCount: CollectorLimits.maxChunkBytes)

    var tracked: [FileID: TrackedFile] = [:]
    /// In the order found, so that turns are fair and rotated files come before their successors.
    var order: [FileID] = []
    /// What earlier runs had read, until the file is found again.
    var remembered: [FileID: FileCheckpoint]
    /// Whether `read-from: end` applies to files found now: only at a spool's very first start.
    var isFirstScan: Bool
    var window: CollectorSettings.Window
    let detachedGraceMilliseconds: Int64
    /// Paths that could not be opened, so that each is logged once.
    var unreadable: Set<String> = []

    package init(
        settings: CollectorSettings, writer: Writer, recovered: RecoveredFiles, parts: CollectorDependencies
    ) {
        sources = settings.fileSources
        window = settings.window
        detachedGraceMilliseconds = (Self.detachedGrace + settings.seal.age * 2).wholeMilliseconds
        self.writer = writer
        accumulator = parts.accumulator
        intakeSwitch = parts.intakeSwitch
        metrics = parts.metrics
        logger = parts.logger
        wallClock = parts.wallClock
        clock = parts.steadyClock
        remembered = recovered.checkpoints
        isFirstScan = recovered.isNewSpool
    }

    package func run() async throws {
        guard !sources.isEmpty else {
            try? await gracefulShutdown()
            return
        }
        LocalFiles.raiseOpenFileLimit()
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let didRead = await self.poll()
                if !didRead { try? await Task.sleep(for: Self.pollInterval) }
            }
        }
        for file in tracked.values { LocalFiles.close(file.descriptor) }
        tracked = [:]
    }

    /// New globs, window and formats from now on. Files that are already followed keep the format they started with.
    package func reload(sources: [SourceSettings], window: CollectorSettings.Window) {
        self.sources = sources
        self.window = window
    }

    /// Looks for new and renamed files and reads what there is, a fair share each.
    ///
    /// - Returns: whether anything was read.
    func poll() async -> Bool {
        scan()
        var didRead = false
        for id in order {
            if Task.isCancelled { return didRead }
            didRead = await takeTurn(id) || didRead
        }
        dropDetached()
        return didRead
    }

    private func takeTurn(_ id: FileID) async -> Bool {
        var didRead = false
        for _ in 0..<Self.chunksPerTurn {
            guard !intakeSwitch.isClosed, !Task.isCancelled else { return didRead }
            // The file is taken out while it is read: nothing else touches it, and its buffers aren't copied.
            guard var file = tracked.removeValue(forKey: id) else { return didRead }
            let turn = read(&file)
            tracked[id] = file
            switch turn {
            case .read: didRead = true
            case .waits: return didRead
            case .full: await writer.makeRoom()
            }
        }
        return didRead
    }

    /// What reading a chunk came to.
    enum Turn {
        case read
        /// Nothing to read for now.
        case waits
        /// The accumulator must seal first.
        case full
    }

    private func read(_ file: inout TrackedFile) -> Turn {
        if file.isDone { return .waits }
        return file.compression == nil ? readPlain(&file) : readCompressed(&file)
    }

    /// Parses a chunk under the accumulator's lock and counts what came of it.
    func parse(_ file: inout TrackedFile, _ count: Int, endOfInput: Bool) -> Int? {
        let now = wallClock.nowMilliseconds()
        let context = ChunkContext(
            source: file.source.name, file: file.checkpoint.path, nowMilliseconds: now,
            window: TimeWindow(window, nowMilliseconds: now))
        let outcome = accumulator.parse(
            buffer, 0..<count, endOfInput: endOfInput, with: &file.parser, file: file.id,
            checkpoint: &file.checkpoint, context: context)
        guard case .parsed(let consumed, let events, let rejected) = outcome else { return nil }
        metrics.source(file.source.name).count(events: events, rejected: rejected, bytes: UInt64(consumed))
        return consumed
    }
}
