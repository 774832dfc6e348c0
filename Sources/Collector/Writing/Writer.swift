internal import BatchFormat
package import CollectorCore
internal import DaemonSupport
internal import Logging
internal import ServiceLifecycle
package import Spool
internal import Telemetry
package import UsageModel

/// The one owner of the spool: makes pushed events durable, seals batches, records what was shipped.
///
/// It runs on a thread of its own, one step at a time, which is what makes the order of things safe: rows of a
/// write-ahead record join the accumulator in the same step that synced it, and a batch covers exactly the records that
/// had joined when its table was rotated out. What is decided in a step is ``WriterCore``'s.
package actor Writer: Service {
    /// How often ages, space and archives are looked at.
    static let tick = Duration.milliseconds(50)
    /// How much earlier than `seal.age` a batch may be sealed, in percent.
    static let sealSpread = 10
    /// Ticks between two looks at the disk: one a second.
    static let ticksPerSpaceCheck = 20
    /// How long nothing must have come before the memory of the tables is given back.
    static let idleBeforeRelease = Duration.seconds(10)

    nonisolated private let executor = BlockingExecutor(label: "steelyard.writer")
    nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    var core: WriterCore
    let metrics: CollectorMetrics
    let board: StatusStore
    let steadyClock: any SteadyClock
    private let timeWindow: ReloadableTimeWindow
    private let sealedBatches: AsyncStream<SpooledBatch>.Continuation
    private var ticks = 0

    /// Opens the data directory, and brings the accumulator to where the spool's last batch left it.
    ///
    /// - Throws: ``SpoolError``, or a file system's error, with what to do.
    package static func open(
        settings: CollectorSettings, parts: CollectorDependencies, board: StatusStore = StatusStore(), version: String
    ) async throws -> Opened {
        let (batches, continuation) = AsyncStream.makeStream(of: SpooledBatch.self)
        let writer = try Writer(
            settings: settings, parts: parts, board: board, version: version, sealedBatches: continuation)
        let files = try await writer.recover()
        return Opened(
            writer: writer, files: files, unshipped: await writer.unshipped(), epoch: await writer.epochAtStart,
            spoolID: await writer.spoolID, sealedBatches: batches)
    }

    /// An opened writer with what the spool held.
    package struct Opened: Sendable {
        package var writer: Writer
        package var files: RecoveredFiles
        package var unshipped: [SpooledBatch]
        package var epoch: EpochPosition?
        package var spoolID: SpoolID
        package var sealedBatches: AsyncStream<SpooledBatch>
    }

    private var recovered: RecoveredState?
    private var epochAtStart: EpochPosition? { recovered?.epoch }
    private var spoolID: SpoolID { core.identity.spoolID }

    private init(
        settings: CollectorSettings, parts: CollectorDependencies, board: StatusStore, version: String,
        sealedBatches: AsyncStream<SpooledBatch>.Continuation
    ) throws {
        let (spool, recovered) = try Spool.open(
            directory: "\(settings.storage.directory)/spool", settings: settings.storage.spool,
            fileSystem: parts.fileSystem, clock: parts.wallClock)
        try SpoolOwner.check(spool, of: settings)
        let quarantine = try Quarantine(
            directory: "\(settings.storage.directory)/quarantine", maxBytes: settings.storage.quarantineBytes,
            nextSpoolSequence: recovered.nextSpoolSequence, fileSystem: parts.fileSystem, metrics: parts.metrics)
        let report = WriterReport(
            metrics: parts.metrics, refusals: parts.refusals, logger: parts.logger, sealedBatches: sealedBatches)
        core = WriterCore(
            spool: spool,
            identity: BatchIdentity(
                provider: settings.provider, collector: settings.collector, spoolID: recovered.spoolID,
                version: version),
            accumulator: parts.accumulator, intakeSwitch: parts.intakeSwitch, sealAge: settings.seal.age,
            sealSpread: Self.sealSpread,
            quarantine: quarantine,
            remembered: parts.remembered,
            wallClock: parts.wallClock, steadyClock: parts.steadyClock, report: { report($0) })
        self.recovered = recovered
        metrics = parts.metrics
        self.board = board
        steadyClock = parts.steadyClock
        timeWindow = parts.timeWindow
        self.sealedBatches = sealedBatches
    }

    private func recover() throws -> RecoveredFiles {
        guard let recovered else { preconditionFailure("a writer recovers once, when it is made") }
        let files = try core.restore(recovered)
        updateGauges()
        core.intakeSwitch.set(.starting, false)
        return files
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.doTick()
                try? await self.steadyClock.sleep(for: Self.tick)
            }
        }
        core.intakeSwitch.set(.draining, true)
        core.sealAll()
        updateGauges()
        sealedBatches.finish()
    }

    /// Gives the directory back. Nothing may be asked of the writer after it.
    package func close() throws {
        try core.spool.close()
    }

    private func doTick() {
        core.tick()
        ticks += 1
        if ticks % Self.ticksPerSpaceCheck == 0 {
            core.checkSpace()
            if core.accumulator.releaseMemory(idleFor: Self.idleBeforeRelease) {
                ProcessMemory.giveBack()
                ProcessMemory.letGoOfCode()
            }
        }
        updateGauges()
    }
}

extension CollectorSettings.Storage {
    var spool: SpoolSettings {
        SpoolSettings(
            maxBytes: UInt64(spoolBytes), minFreeBytes: UInt64(spoolFreeBytes),
            archiveAgeMilliseconds: archiveAge.wholeMilliseconds, archiveMaxBytes: UInt64(archiveBytes),
            keptWriteAheadMaxBytes: UInt64(deduplicationBytes))
    }
}

extension Quarantine {
    /// The quarantine with its size and its losses in the metrics.
    init(
        directory: String, maxBytes: Int, nextSpoolSequence: UInt64, fileSystem: any FileSystem = POSIXFileSystem(),
        metrics: CollectorMetrics
    ) throws {
        try self.init(
            directory: directory, maxBytes: maxBytes, nextSpoolSequence: nextSpoolSequence, fileSystem: fileSystem
        ) { note in
            switch note {
            case .holds(let byteCount): metrics.quarantineBytes.set(byteCount)
            case .dropped(let records): metrics.quarantineDropped.increment(by: UInt64(records))
            }
        }
    }
}

extension Writer {
    /// Makes accepted rows durable and then counts them; returns only when they are.
    ///
    /// Everything that waits when a sync starts shares it: the first to come back from its yield syncs for all.
    func commit(_ accepted: AcceptedRows, quarantine entries: [QuarantineEntry]) async throws(CommitFailure) {
        let started = steadyClock.nowMilliseconds()
        let ticket = try core.accept(accepted, quarantine: entries)
        await Task.yield()
        // At once, not with the next round: whoever was answered may look next whether anything is left to ship.
        defer { noteSealed() }
        try core.makeDurable(ticket)
        metrics.commitSeconds.observe(.milliseconds(steadyClock.nowMilliseconds() - started))
    }

    /// Makes a chunk of a followed file durable and counts it: see ``WriterCore/commit(_:)``.
    func commit(_ chunk: FileChunk) -> FileChunkOutcome {
        defer { noteSealed() }
        return core.commit(chunk)
    }

    /// Seals what is old enough.
    func sealDue() {
        defer { noteSealed() }
        core.sealDue()
    }

    /// Seals everything, whatever its age.
    func sealAll() {
        defer { noteSealed() }
        core.sealAll()
    }

    /// Seals what was rotated out, so that a full accumulator can take more.
    func makeRoom() {
        defer { noteSealed() }
        core.makeRoom()
    }

    /// See ``WriterCore/requeueableFiles``.
    var requeueableFiles: [String] { core.requeueableFiles }

    /// Reads one file of the quarantine again: see ``WriterCore/requeue(_:_:)``.
    func requeue(_ name: String, reader: RequeueReader) throws -> RequeueOutcome {
        defer { noteSealed() }
        let now = core.wallClock.nowMilliseconds()
        let context = ChunkContext(
            source: reader.request.source, file: "", nowMilliseconds: now,
            window: timeWindow.window(nowMilliseconds: now), keeping: reader.keeping, ids: reader.ids)
        var outcome = RequeueOutcome()
        try core.requeue(name) { [remembered = core.remembered] lines in
            let read = reader.read(lines, into: RequestBuckets(context: context, remembered: remembered))
            outcome = read.outcome
            return read.requeued
        }
        return outcome
    }

    func checkSpace() {
        core.checkSpace()
        updateGauges()
    }

    /// The sealed bytes of a batch.
    func read(_ spoolSequence: UInt64) throws(SpoolError) -> [UInt8] {
        try core.read(spoolSequence)
    }

    /// Batches that are not shipped, by spool sequence.
    func unshipped() -> [SpooledBatch] { core.unshipped }

    /// Shipped batches that are still kept, by spool sequence.
    func archived() -> [SpooledBatch] { core.archived }

    /// See ``WriterCore/record(_:)``.
    func record(_ record: ShippingRecord) throws(SpoolError) {
        defer { updateGauges() }
        try core.record(record)
    }

    /// After what may have sealed something: a batch is in the backlog before its rows stop being open ones, so that
    /// there is no moment in which nothing seems to be left.
    private func noteSealed() {
        if core.spool.nextSpoolSequence != board.currentBacklog.nextSpoolSequence {
            updateGauges()
        } else {
            metrics.openRows.set(core.accumulator.openRows)
        }
    }

    func updateGauges() {
        let spool = core.spool
        var backlog = StatusStore.Backlog()
        backlog.batches = spool.backlog.batchCount
        backlog.bytes = spool.backlog.byteCount
        backlog.oldestSealedAt = spool.backlog.oldestAppendedAtMilliseconds
        backlog.spoolBytes = spool.bytesOnDisk
        backlog.nextSpoolSequence = spool.nextSpoolSequence
        board.setBacklog(backlog)
        metrics.backlogBatches.set(backlog.batches)
        metrics.backlogBytes.set(backlog.bytes)
        metrics.spoolBytes.set(Double(spool.bytesOnDisk))
        metrics.openRows.set(core.accumulator.openRows)
    }
}
