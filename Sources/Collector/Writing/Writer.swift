package import CollectorCore
internal import Logging
internal import ServiceLifecycle
internal import Spool
internal import Telemetry
package import UsageModel

/// The one owner of the spool: makes pushed events durable, seals batches, records what was shipped.
///
/// It runs on a thread of its own, one step at a time, which is what makes the order of things safe: rows of a
/// write-ahead record join the accumulator in the same step that synced it, and a batch covers exactly the records that had
/// joined when its table was rotated out. What is decided in a step is ``WriterCore``'s.
package actor Writer: Service {
    /// How often ages, space and archives are looked at.
    static let tick = Duration.milliseconds(50)
    /// Ticks between two looks at the disk: one a second.
    static let ticksPerSpaceCheck = 20

    nonisolated private let executor = BlockingExecutor(label: "steelyard.writer")
    nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    var core: WriterCore
    let metrics: CollectorMetrics
    let board: StatusStore
    let steadyClock: any SteadyClock
    private let sealedBatches: AsyncStream<ShippingBatch>.Continuation
    private var ticks = 0

    /// Opens the data directory, and brings the accumulator to where the spool's last batch left it.
    ///
    /// - Throws: ``SpoolError``, or a file system's error, with what to do.
    package static func open(
        settings: CollectorSettings, parts: CollectorDependencies, board: StatusStore = StatusStore(), version: String
    ) async throws -> Opened {
        let (batches, continuation) = AsyncStream.makeStream(of: ShippingBatch.self)
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
        package var unshipped: [ShippingBatch]
        package var epoch: EpochPosition?
        package var spoolID: SpoolID
        package var sealedBatches: AsyncStream<ShippingBatch>
    }

    private var recovered: RecoveredState?
    private var epochAtStart: EpochPosition? { recovered?.epoch }
    private var spoolID: SpoolID { core.identity.spoolID }

    private init(
        settings: CollectorSettings, parts: CollectorDependencies, board: StatusStore, version: String,
        sealedBatches: AsyncStream<ShippingBatch>.Continuation
    ) throws {
        let (spool, recovered) = try Spool.open(
            directory: "\(settings.storage.directory)/spool", settings: settings.storage.spool, clock: parts.wallClock)
        try SpoolOwner.check(spool, of: settings)
        let quarantine = try Quarantine(
            directory: "\(settings.storage.directory)/quarantine", maxBytes: settings.storage.quarantineBytes,
            nextSpoolSequence: recovered.nextSpoolSequence, metrics: parts.metrics)
        let report = WriterReport(metrics: parts.metrics, logger: parts.logger, sealedBatches: sealedBatches)
        core = WriterCore(
            spool: spool,
            identity: BatchIdentity(
                provider: settings.provider, collector: settings.collector, spoolID: recovered.spoolID,
                version: version),
            accumulator: parts.accumulator, intakeSwitch: parts.intakeSwitch, sealAge: settings.seal.age,
            quarantine: quarantine,
            remembered: parts.remembered,
            wallClock: parts.wallClock, steadyClock: parts.steadyClock, report: { report($0) })
        self.recovered = recovered
        metrics = parts.metrics
        self.board = board
        steadyClock = parts.steadyClock
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
                try? await Task.sleep(for: Self.tick)
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
        if ticks % Self.ticksPerSpaceCheck == 0 { core.checkSpace() }
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

extension TimeWindow {
    init(_ settings: CollectorSettings.Window, nowMilliseconds: Int64) {
        self.init(back: settings.back, ahead: settings.ahead, nowMilliseconds: nowMilliseconds)
    }
}
