internal import BatchFormat
internal import CollectorCore
internal import Spool
internal import UsageModel

/// A machine with a collector: what outlives a process, and the process while there is one.
final class CollectorNode {
    static let provider = "volcengine"
    /// The spool's reserve of free space, in bytes.
    static let reservedBytes: UInt64 = 16_384

    let index: Int
    let name: String
    let disk: VirtualDisk
    let clock: VirtualClock
    /// Writes the log that the collector follows, on the same disk.
    var log: LogWriter
    /// Writes an export that the collector follows; `nil` for none.
    var export: ExportWriter?
    var run: CollectorRun?
    /// Counts processes.
    var incarnation = 0
    /// Until when the process is stopped by SIGSTOP, in milliseconds of simulated time.
    var pausedUntil: Int64 = 0
    var isPartitioned = false
    /// What a process dies of that was to die in the middle of a call.
    var diesOfPowerCut = false
    private var random: SimulationRandom

    init(index: Int, time: VirtualTime, scenario: Scenario, seed: UInt64, random: inout SimulationRandom) {
        self.index = index
        name = "edge-\(index)"
        clock = VirtualClock(time)
        disk = VirtualDisk(random.split())
        let repeats = scenario.repeats.map { repeats in
            LogRepeats(repeats, SimulationRandom(seed: seed &+ UInt64(index)))
        }
        log = LogWriter(disk: disk, rotation: scenario.rotation, repeats: repeats)
        self.random = random.split()
    }

    /// Starts a process.
    ///
    /// - Throws: what the product throws where the data directory can't be opened.
    func start(_ scenario: Scenario, _ bug: KnownBug?) throws {
        incarnation += 1
        let newID = SpoolID(using: &random)
        run = try CollectorRun(
            name: name, glob: log.glob, hasExport: export != nil, disk: disk, clock: clock, scenario: scenario,
            bug: bug, newID: newID)
    }

    /// Whether all input has become batches, and all batches are shipped.
    var isDrained: Bool { run?.isDrained(log, export) ?? false }

    /// Ends the process, at once.
    func crash(powerCut: Bool) {
        run = nil
        pausedUntil = 0
        disk.reboot(powerCut: powerCut)
    }

    // MARK: Input

    /// Adds records to the log.
    func appendToLog(_ events: Oracle.Events, rubbish: Int) {
        log.append(events, rubbish: rubbish, &random)
    }

    /// Appends a pushed request as the product's HTTP handler does once it has parsed the body.
    func accept(_ events: Oracle.Events, rubbish: UInt64) throws(CommitFailure) -> CollectorRun.Pushed {
        guard let ticket = try run?.core.accept(Self.rows(events, rubbish), quarantine: []) else {
            throw .closed(.starting)
        }
        return CollectorRun.Pushed(ticket: ticket, events: events, rejected: rubbish)
    }

    private static func rows(_ events: Oracle.Events, _ rubbish: UInt64) -> AcceptedRows {
        let counts = TokenCounts(
            requests: UInt64(events.places.count), input: events.tokens, cachedInput: 0, output: 0, reasoningOutput: 0)
        let row = UsageRow(
            minute: events.key.minute, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online,
            modality: .text, flags: events.key.flags, counts: counts)
        return AcceptedRows(
            rows: UsageRows(tenants: [events.key.tenant], models: ["m"], regions: ["r"], rows: [row]),
            eventCount: UInt64(events.places.count), rejections: rubbish == 0 ? [:] : [.syntax: rubbish])
    }
}
