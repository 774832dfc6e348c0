internal import BatchFormat
internal import CollectorCore
internal import SourceFormats
internal import Spool
internal import Synchronization
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

    /// Takes the batches that the writer seals.
    final class Inbox {
        var batches: [ShippingBatch] = []
    }

    static let file = FileID(source: "log", device: 1, inode: 1)
    /// The most bytes of the file that are parsed at a time.
    static let chunkBytes = 4_096
    static let directory = "/spool"

    let clock: VirtualClock
    let intakeSwitch = IntakeSwitch()
    let accumulator: Accumulator
    var core: WriterCore
    var machine: ShippingStateMachine
    var parser: any SourceParser
    var checkpoint: FileCheckpoint
    private let buffer = ChunkBuffer(byteCount: CollectorRun.chunkBytes)
    private let inbox = Inbox()
    /// The request that is under way.
    var request: Int?
    /// Whether shipping waits before its next request.
    var isWaiting = false
    var ticks = 0

    /// Starts a process on a disk.
    init(
        name: String, disk: VirtualDisk, clock: VirtualClock, scenario: Scenario, newID: SpoolID
    ) throws {
        self.clock = clock
        let settings = SpoolSettings(
            segmentBytes: scenario.segmentBytes, maxBytes: 1 << 30, minFreeBytes: CollectorNode.reservedBytes)
        disk.setOpening(true)
        defer { disk.setOpening(false) }
        let (spool, recovered) = try Spool.open(
            directory: Self.directory, settings: settings, fileSystem: disk, clock: clock.wall, makeID: { newID })
        accumulator = Accumulator(limits: Accumulator.Limits(rows: scenario.sealRows), clock: clock)
        let inbox = inbox
        core = WriterCore(
            spool: spool,
            identity: BatchIdentity(
                provider: CollectorNode.provider, collector: name, spoolID: recovered.spoolID, version: "simulated"),
            accumulator: accumulator, intakeSwitch: intakeSwitch, sealAge: .milliseconds(scenario.sealAgeMilliseconds),
            quarantine: QuarantineModel(disk: disk), remembered: RememberedEvents(clock: clock), wallClock: clock.wall,
            steadyClock: clock
        ) { event in
            if case .sealed(let note) = event { inbox.batches.append(note.batch) }
        }
        let files = try core.restore(recovered)
        machine = ShippingStateMachine(
            unshipped: core.unshipped,
            last: recovered.epoch.map { .init(epoch: $0.epoch, nextSequence: $0.nextSequence) } ?? .init())
        parser = try NativeFormat().makeParser(
            defaults: EventDefaults(provider: CollectorNode.provider), framing: .stream)
        checkpoint = files.checkpoints[Self.file] ?? FileCheckpoint(path: "/log")
        parser.resume(from: checkpoint.intake)
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

    /// Reads on in the followed file, as the product's reader does.
    mutating func readFile(_ file: [UInt8]) {
        while !intakeSwitch.isClosed {
            let offset = Int(parser.position.byteOffset)
            let chunk = file.dropFirst(offset).prefix(Self.chunkBytes)
            guard !chunk.isEmpty else { break }
            buffer.write(Array(chunk), at: 0)
            let now = clock.wall.nowMilliseconds()
            let context = ChunkContext(
                source: Self.file.source, file: checkpoint.path, nowMilliseconds: now,
                window: TimeWindow(back: .seconds(86_400), ahead: .seconds(86_400), nowMilliseconds: now))
            let outcome = accumulator.parse(
                buffer, 0..<chunk.count, endOfInput: false, with: &parser, file: Self.file, checkpoint: &checkpoint,
                context: context)
            switch outcome {
            case .full: if !core.makeRoom() { return takeSealed() }
            case .parsed(let consumed, _, _): if consumed == 0 { return takeSealed() }
            }
        }
        takeSealed()
    }

    /// Whether all input has become batches, and all batches are shipped.
    func isDrained(_ file: [UInt8]) -> Bool {
        !intakeSwitch.isClosed && accumulator.isEmpty && core.hasNothingWaiting && core.unshipped.isEmpty
            && machine.queuedCount == 0 && request == nil && Int(parser.position.byteOffset) == file.count
    }
}

/// Records that were rejected, on the same disk: it can't be written while that fails.
struct QuarantineModel: QuarantineWriter {
    struct Failure: Error {}

    let disk: VirtualDisk

    func write(_ entries: [QuarantineEntry], spoolSequence: UInt64) throws {
        if !entries.isEmpty, disk.state.withLock({ $0.faults.isFailing }) { throw Failure() }
    }

    func writePushed(_ entries: [QuarantineEntry]) throws {}
}
