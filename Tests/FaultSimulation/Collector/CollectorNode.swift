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
    /// The file that the collector follows. It stands on another disk, which never fails.
    var file: [UInt8] = []
    var run: CollectorRun?
    /// Counts processes.
    var incarnation = 0
    /// Until when the process is stopped by SIGSTOP, in milliseconds of simulated time.
    var pausedUntil: Int64 = 0
    var isPartitioned = false
    /// What a process dies of that was to die in the middle of a call.
    var diesOfPowerCut = false
    private var random: SimulationRandom

    init(index: Int, time: VirtualTime, random: inout SimulationRandom) {
        self.index = index
        name = "edge-\(index)"
        clock = VirtualClock(time)
        disk = VirtualDisk(random.split())
        self.random = random.split()
    }

    /// Starts a process.
    ///
    /// - Throws: what the product throws where the data directory can't be opened.
    func start(_ scenario: Scenario) throws {
        incarnation += 1
        let newID = SpoolID(using: &random)
        run = try CollectorRun(name: name, disk: disk, clock: clock, scenario: scenario, newID: newID)
    }

    /// Ends the process, at once.
    func crash(powerCut: Bool) {
        run = nil
        pausedUntil = 0
        disk.reboot(powerCut: powerCut)
    }

    // MARK: Input

    /// Adds records to the file, one line each.
    func appendToFile(_ events: Oracle.Events, rubbish: Int) {
        for place in events.places {
            let time = Timestamp.minute(events.key.minute)
            file += Array(
                """
                {"time":"\(time)","tenant":"\(events.key.tenant)","model":"m","region":"r",\
                "input_tokens":\(Oracle.tokens(place)),"output_tokens":0}\n
                """.utf8)
        }
        for _ in 0..<rubbish { file += Array("{rubbish}\n".utf8) }
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
            modality: .text, counts: counts)
        return AcceptedRows(
            rows: UsageRows(tenants: [events.key.tenant], models: ["m"], regions: ["r"], rows: [row]),
            eventCount: UInt64(events.places.count), rejections: rubbish == 0 ? [:] : [.syntax: rubbish])
    }
}

/// Minutes as RFC 3339.
enum Timestamp {
    static func minute(_ minute: Int64) -> String {
        let day = minute / CivilTime.minutesPerDay
        let (hour, rest) = (minute % CivilTime.minutesPerDay).quotientAndRemainder(dividingBy: 60)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(CalendarDate(days: day))T\(two(hour)):\(two(rest)):00Z"
    }
}
