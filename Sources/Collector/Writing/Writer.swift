internal import Batching
internal import Logging
internal import ServiceLifecycle
package import Spool
internal import Telemetry
package import Usage

/// The one owner of the spool: makes pushed events durable, seals batches, records what was shipped.
///
/// It runs on a thread of its own, one step at a time, which is what makes the order of things safe: rows of a
/// write-ahead record join the meter in the same step that synced it, and a batch covers exactly the records that had
/// joined when its table was rotated out.
package actor Writer: Service {
    /// How often ages, space and archives are looked at.
    static let tick = Duration.milliseconds(50)
    /// Ticks between two looks at the disk: one a second.
    static let ticksPerSpaceCheck = 20
    /// Time between two attempts to write a batch that failed.
    static let retryMilliseconds: Int64 = 1_000

    nonisolated private let executor = BlockingExecutor(label: "steelyard.writer")
    nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// An accepted request whose write-ahead record is not synced yet.
    struct PendingCommit {
        var accepted: AcceptedRows
        var position: UInt64
    }

    let spool: Spool
    let identity: BatchIdentity
    var seal: CollectorSettings.Seal
    var quarantine: Quarantine
    let meter: Meter
    let gate: IntakeGate
    let remembered: RememberedEvents
    let metrics: CollectorMetrics
    let board: StatusBoard
    let logger: Logger
    let wallClock: any WallClock
    let steadyClock: any SteadyClock
    /// Tells the shipper of sealed batches.
    let sealedBatches: AsyncStream<ShippingBatch>.Continuation

    /// Appended, not synced yet, in order.
    var pending: [PendingCommit] = []
    /// Durable, not in the meter yet, in order.
    var unmerged: [PendingCommit] = []
    /// Commits asked for; how many of the first of them are settled; and which of those failed and don't know it yet.
    var commitsAsked: UInt64 = 0
    var commitsSettled: UInt64 = 0
    var failedCommits: Set<UInt64> = []
    /// A table that could not be sealed yet.
    var unsealed: SealContent?
    /// When to try again to seal it, by the steady clock, in milliseconds.
    var retryAt: Int64 = 0
    private var ticks = 0

    /// Opens the data folder, and brings the meter to where the spool's last batch left it.
    ///
    /// - Throws: ``SpoolError``, or a file system's error, with what to do.
    package static func open(
        settings: CollectorSettings, parts: CollectorParts, board: StatusBoard = StatusBoard(), version: String
    ) async throws -> Opened {
        let (batches, continuation) = AsyncStream.makeStream(of: ShippingBatch.self)
        let writer = try Writer(
            settings: settings, parts: parts, board: board, version: version, sealedBatches: continuation)
        let files = try await writer.recover()
        return Opened(
            writer: writer, files: files, unshipped: await writer.unshipped(), epoch: await writer.epochAtStart,
            spoolID: writer.identity.spoolID, sealedBatches: batches)
    }

    /// An opened writer with what the spool held.
    package struct Opened: Sendable {
        package var writer: Writer
        package var files: RecoveredFiles
        package var unshipped: [ShippingBatch]
        package var epoch: EpochMark?
        package var spoolID: SpoolID
        package var sealedBatches: AsyncStream<ShippingBatch>
    }

    private var recovered: RecoveredState?
    private var epochAtStart: EpochMark? { recovered?.epoch }

    private init(
        settings: CollectorSettings, parts: CollectorParts, board: StatusBoard, version: String,
        sealedBatches: AsyncStream<ShippingBatch>.Continuation
    ) throws {
        let (spool, recovered) = try Spool.open(
            directory: "\(settings.storage.folder)/spool", settings: settings.storage.spool, clock: parts.wallClock)
        self.spool = spool
        self.recovered = recovered
        identity = BatchIdentity(
            provider: settings.provider, collector: settings.collector, spoolID: recovered.spoolID, version: version)
        seal = settings.seal
        quarantine = try Quarantine(
            folder: "\(settings.storage.folder)/quarantine", maxBytes: settings.storage.quarantineBytes,
            nextOrdinal: recovered.nextOrdinal, metrics: parts.metrics)
        meter = parts.meter
        gate = parts.gate
        remembered = parts.remembered
        metrics = parts.metrics
        self.board = board
        logger = parts.logger
        wallClock = parts.wallClock
        steadyClock = parts.steadyClock
        self.sealedBatches = sealedBatches
    }

    private func recover() throws -> RecoveredFiles {
        guard let recovered else { preconditionFailure("a writer recovers once, when it is made") }
        let files = try restore(recovered)
        gate.set(.starting, false)
        return files
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.doTick()
                try? await Task.sleep(for: Self.tick)
            }
        }
        gate.set(.draining, true)
        sealAll()
        sealedBatches.finish()
    }

    /// Gives the folder back. Nothing may be asked of the writer after it.
    package func close() throws {
        try spool.close()
    }

    private func doTick() {
        sealDue()
        mergeDurable()
        ticks += 1
        if ticks % Self.ticksPerSpaceCheck == 0 { checkSpace() }
    }

    func checkSpace() {
        do throws(SpoolError) {
            spool.keepWriteAheadFrom = remembered.expire() ?? .max
            try spool.reclaim()
            remembered.forget(through: spool.writeAheadReclaimedThrough)
        } catch {
            logger.warning("the spool could not be tidied; it is tried again", [.error: "\(error)"])
        }
        do throws(SpoolError) {
            try spool.checkSpace()
            if gate.set(.spoolFull, false) { logger.info("the spool has room again; input is taken") }
        } catch {
            if gate.set(.spoolFull, true) {
                logger.error("the spool is full; no input is taken", [.error: "\(error)"])
            }
        }
        if unsealed == nil, gate.closedFor.contains(.spoolFailing), (try? spool.sync()) != nil {
            noteSyncSucceeded()
            gate.set(.spoolFailing, false)
            logger.info("the spool can be written again; input is taken")
        }
        updateGauges()
    }

    func updateGauges() {
        let unshipped = spool.unshippedBatches
        var backlog = StatusBoard.Backlog()
        backlog.batches = unshipped.count
        backlog.bytes = unshipped.reduce(0) { $0 + $1.byteCount }
        backlog.oldestSealedAt = unshipped.first?.appendedAtMilliseconds
        backlog.spoolBytes = spool.bytesOnDisk
        backlog.nextOrdinal = spool.nextOrdinal
        board.setBacklog(backlog)
        metrics.backlogBatches.set(backlog.batches)
        metrics.backlogBytes.set(backlog.bytes)
        metrics.spoolBytes.set(Double(spool.bytesOnDisk))
        metrics.openRows.set(meter.openRows)
    }
}

/// What every batch of this collector says about itself.
struct BatchIdentity: Sendable {
    var provider: String
    var collector: String
    var spoolID: SpoolID
    var version: String
}

extension CollectorSettings.Storage {
    var spool: SpoolSettings {
        SpoolSettings(
            maxBytes: UInt64(spoolBytes), minFreeBytes: UInt64(spoolFreeBytes),
            archiveAgeMilliseconds: archiveAge.wholeMilliseconds, archiveMaxBytes: UInt64(archiveBytes),
            keptWriteAheadMaxBytes: UInt64(deduplicationBytes))
    }
}
