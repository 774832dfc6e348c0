internal import CollectorCore
internal import UsageModel

/// Collectors, network and aggregator on one virtual time, driven by one seed.
final class World {
    /// Every so many seeds collectors follow an export as well.
    static let seedsPerExport: UInt64 = 4
    /// Time after healing within which everything must have drained, in milliseconds.
    static let drainLimit: Int64 = 30 * 60_000
    /// A client's deadline for one request, in milliseconds.
    static let timeout: Int64 = 10_000

    let bug: KnownBug?
    let scenario: Scenario
    let time = VirtualTime()
    var random: SimulationRandom
    var trace: Trace
    var queue = EventQueue()
    var oracle = Oracle()
    var database: DatabaseModel
    /// Backups of the database, with what the oracle saw counted then.
    var backups: [(database: DatabaseModel, counted: Oracle.Counted)] = []
    let nodes: [CollectorNode]
    var isDatabaseDown = false
    var isHealed = false
    /// When healing began.
    var healedAt: Int64 = 0
    var requests = 0
    var steps = 0
    var faults = 0

    init(seed: UInt64, bug: KnownBug?, print: ((String) -> Void)?) {
        var random = SimulationRandom(seed: seed)
        var drawn = Scenario(&random)
        drawn.setRepeats(of: seed)
        let scenario = drawn
        self.bug = bug
        self.scenario = scenario
        trace = Trace(print: print)
        database = DatabaseModel(bug: bug)
        let time = time
        nodes = (0..<scenario.collectors).map {
            CollectorNode(index: $0, time: time, scenario: scenario, seed: seed, random: &random)
        }
        if seed % Self.seedsPerExport == Self.seedsPerExport - 1 {
            for node in nodes { node.export = ExportWriter(collector: node.index, disk: node.disk, seed: seed) }
        }
        self.random = random
    }

    var now: Int64 { time.milliseconds }

    func note(_ text: @autoclosure () -> String) {
        trace.note(now, text())
    }

    func after(_ milliseconds: Int64, _ event: Event) {
        queue.add(event, at: now + milliseconds)
    }

    /// Runs until everything has drained.
    func run() throws(Violation) {
        backups.append((database, oracle.counted))
        for node in nodes {
            node.disk.change { faults in
                faults = scenario.disk
                faults.ignoresSync = bug == .acknowledgeBeforeSync
                faults.ignoresDirectorySync = bug == .forgetDirectorySync
            }
            after(0, .start(node.index))
            after(random.within(1...2_000), .push(node.index))
            after(random.within(1...2_000), .append(node.index))
            if node.export != nil { after(500, .writeExport(node.index)) }
            if scenario.rotation != .never { after(random.within(1...20_000), .rotate(node.index)) }
        }
        after(random.within(1...scenario.meanBetweenFaults), .fault)
        after(random.within(1...10_000), .backup)
        after(scenario.lengthMilliseconds, .heal)
        while let (moment, event) = queue.next() {
            time.milliseconds = max(now, moment)
            steps += 1
            if try handle(event) { return }
        }
    }

    /// - Returns: whether everything has drained.
    private func handle(_ event: Event) throws(Violation) -> Bool {
        switch event {
        case .push(let index): push(nodes[index])
        case .append(let index): append(nodes[index])
        case .writeExport(let index): writeExport(nodes[index])
        case .rotate(let index): rotate(nodes[index])
        case .makeDurable(let index, let incarnation, let pushed):
            if let node = awake(index, incarnation, event) { makeDurable(node, pushed) }
        case .tick(let index, let incarnation):
            if let node = awake(index, incarnation, event) { tick(node) }
        case .arrive(let request): try arrive(request)
        case .answer(let request, let answer):
            if let node = awake(request.collector, request.incarnation, event) { take(answer, to: request, node) }
        case .giveUp(let request):
            if let node = awake(request.collector, request.incarnation, event) { giveUp(request, node) }
        case .resume(let index, let incarnation):
            if let node = awake(index, incarnation, event) { resume(node) }
        case .start(let index): start(nodes[index])
        case .fault: fault()
        case .faultEnds(let kind, let index): end(kind, nodes[index])
        case .backup: backUp()
        case .heal: heal()
        case .inspect: return try inspect()
        }
        return false
    }

    /// The node, if the process that the event is for still lives; puts the event off while that process is stopped.
    private func awake(_ index: Int, _ incarnation: Int, _ event: Event) -> CollectorNode? {
        let node = nodes[index]
        guard node.run != nil, node.incarnation == incarnation else { return nil }
        guard now >= node.pausedUntil else {
            queue.add(event, at: node.pausedUntil)
            return nil
        }
        return node
    }

    // MARK: The end

    private func inspect() throws(Violation) -> Bool {
        if nodes.allSatisfy({ $0.isDrained }) {
            note("drained")
            try oracle.checkDrained()
            return true
        }
        guard now - healedAt < Self.drainLimit else {
            for node in nodes where !node.isDrained {
                throw Violation(.drains, "\(node.name) has not drained: \(state(of: node))")
            }
            return true
        }
        after(1_000, .inspect)
        return false
    }

    private func state(of node: CollectorNode) -> String {
        guard let run = node.run else { return "no process" }
        return
            "closed for \(run.intakeSwitch.closedFor.map(\.rawValue)), \(run.core.unshipped.count) batches in the spool, "
            + "\(run.machine.queuedCount) to be shipped, accumulator empty \(run.accumulator.isEmpty), "
            + "next \(run.machine.next())"
    }
}
