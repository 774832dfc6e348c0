internal import BatchFormat
internal import CollectorCore
internal import SourceFormats
internal import Spool
internal import UsageModel

/// One process of a collector: the product's writer, accumulator, parser and shipping, driven by hand.
///
/// What this adds is what the product's actors add: it hands sealed batches from the writer to shipping, and answers to
/// the spool.
struct CollectorRun {
    /// A pushed request that was appended.
    struct Pushed {
        var ticket: WriterCore.Ticket
        var events: Oracle.Events
        var rejected: UInt64
    }

    /// Takes what the writer and the follower of files tell.
    final class Inbox {
        var batches: [SpooledBatch] = []
        /// For the trace.
        var fileEvents: [FileEvent] = []
    }

    /// Bytes of a file that are parsed at a time.
    static let chunkBytes = 4_096
    /// Pieces that such a chunk is cut into.
    static let pieces = 3
    static let directory = "/spool"
    static let quarantineDirectory = "/quarantine"
    static let versionsDirectory = "/versions"
    static let quarantineBytes = 1 << 20
    /// What is kept for its ids: more than a simulation brings, since what is forgotten early may count again.
    static let keptWriteAheadBytes: UInt64 = 64 << 20

    let clock: VirtualClock
    let intakeSwitch = IntakeSwitch()
    let accumulator: Accumulator
    var core: WriterCore
    var machine: ShippingStateMachine
    var follower: FileFollower
    private let inbox = Inbox()
    /// The request that is under way.
    var request: Int?
    /// Whether shipping waits before its next request.
    var isWaiting = false
    var ticks = 0

    /// Starts a process on a disk.
    init(
        name: String, glob: String, hasExport: Bool, disk: VirtualDisk, clock: VirtualClock, scenario: Scenario,
        bug: KnownBug?, newID: SpoolID
    ) throws {
        self.clock = clock
        let settings = SpoolSettings(
            segmentBytes: scenario.segmentBytes, maxBytes: 1 << 30, minFreeBytes: CollectorNode.reservedBytes,
            keptWriteAheadMaxBytes: scenario.repeats == nil ? 0 : Self.keptWriteAheadBytes)
        disk.setOpening(true)
        defer { disk.setOpening(false) }
        let (spool, recovered) = try Spool.open(
            directory: Self.directory, settings: settings, fileSystem: disk, clock: clock.wall, makeID: { newID })
        accumulator = Accumulator(limits: Accumulator.Limits(rows: scenario.sealRows), clock: clock)
        let inbox = inbox
        let sealAge = Duration.milliseconds(scenario.sealAgeMilliseconds)
        let quarantine = try Quarantine(
            directory: Self.quarantineDirectory, maxBytes: Self.quarantineBytes,
            nextSpoolSequence: recovered.nextSpoolSequence, fileSystem: disk
        ) { _ in }
        let remembered = RememberedEvents(clock: clock)
        core = WriterCore(
            spool: spool,
            identity: BatchIdentity(
                provider: CollectorNode.provider, collector: name, spoolID: recovered.spoolID, version: "simulated"),
            accumulator: accumulator, intakeSwitch: intakeSwitch, sealAge: sealAge,
            quarantine: quarantine, remembered: remembered, wallClock: clock.wall,
            steadyClock: clock
        ) { event in
            if case .sealed(let note) = event { inbox.batches.append(note.batch) }
        }
        var files = try core.restore(recovered)
        if bug == .forgetCheckpoints { files.checkpoints = [:] }
        machine = ShippingStateMachine(
            unshipped: core.unshipped,
            last: recovered.epoch ?? EpochPosition())
        let defaults = EventDefaults(provider: CollectorNode.provider)
        let export = FollowedSource(
            name: ExportWriter.source, format: NativeFormat(), defaults: defaults, globs: [ExportWriter.path],
            exports: ExportRule(settlesAfter: ExportWriter.settlesAfter))
        follower = FileFollower(
            sources: [
                FollowedSource(
                    name: LogWriter.source, format: NativeFormat(), defaults: defaults, globs: [glob],
                    ids: IDRules(repeats: scenario.repeats ?? .once))
            ] + (hasExport ? [export] : []),
            timeWindow: ReloadableTimeWindow(TimeWindow.Span(back: .seconds(86_400), ahead: .seconds(86_400))),
            recovered: files, sealAge: sealAge, accumulator: accumulator, intakeSwitch: intakeSwitch, fileSystem: disk,
            versionsDirectory: Self.versionsDirectory, wallClock: clock.wall, steadyClock: clock,
            chunkBytes: Self.chunkBytes,
            parsing: .inTurn(pieces: Self.pieces, minPieceBytes: Self.chunkBytes / (2 * Self.pieces)),
            knownIDs: remembered
        ) { event in
            if case .parsed(_, 0, 0, _, _, 0) = event { return }
            inbox.fileEvents.append(event)
        }
        intakeSwitch.set(.starting, false)
        takeSealed()
    }

    /// Hands what the writer has sealed to shipping, as the product's stream does.
    mutating func takeSealed() {
        for batch in inbox.batches { machine.sealed(batch) }
        inbox.batches = []
    }

    /// What the product does every few milliseconds.
    mutating func tick() {
        core.tick()
        ticks += 1
        if ticks % 4 == 0 { core.checkSpace() }
        takeSealed()
    }

    /// Looks for files and reads them, as the product's reader does.
    ///
    /// - Returns: what the follower told.
    mutating func readFiles() -> [FileEvent] {
        defer { inbox.fileEvents = [] }
        follower.scan()
        for id in follower.order { takeTurn(id) }
        if case .full = follower.readExport() { core.makeRoom() }
        follower.letGoOfDetached()
        takeSealed()
        return inbox.fileEvents
    }

    private mutating func takeTurn(_ id: FileID) {
        for _ in 0..<FileFollower.chunksPerTurn {
            var turn = follower.readChunk(of: id)
            if case .commits(let chunk) = turn { turn = follower.finishChunk(of: id, core.commit(chunk)) }
            switch turn {
            case .read: break
            case .waits, .commits: return
            case .full: core.makeRoom()
            case .sealsAll: core.sealAll()
            }
        }
    }

    /// Whether all input has become batches, and all batches are shipped.
    func isDrained(_ log: LogWriter, _ export: ExportWriter?) -> Bool {
        !intakeSwitch.isClosed && accumulator.isEmpty && core.hasNothingWaiting && core.unshipped.isEmpty
            && machine.queuedCount == 0 && request == nil && log.isRead(by: follower)
            && export.map { follower.exports.isCounted($0.place) } ?? true
    }
}
