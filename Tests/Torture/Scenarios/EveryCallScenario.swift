internal import Foundation
internal import TestHarness
internal import TestSupport

/// F2: SIGKILL at each system call that changes the disk, one after another, over a canonical life of a collector.
struct EveryCallScenario: Scenario {
    let name = "every-call"
    let abstract = "SIGKILL at every n-th file-system call of a collector's life (F2; strace)"
    let defaultRounds = 100

    /// Collectors that are killed beside each other.
    private static let width = 3
    /// How often a point is tried that a life doesn't come to: how many calls there are depends on its timing.
    private static let attempts = 5

    func run(_ run: ScenarioRun) async throws -> String {
        let calls = try SystemCalls()
        return try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator()
            var points: [CrashPoint] = []
            for life in CanonicalLife.Kind.allCases {
                let notes = "\(run.scratch)/\(life.rawValue).calls"
                let whole = try CanonicalLife(life, name: "whole-\(life.rawValue)", world: world)
                try await whole.live(aggregator, under: calls.noting(in: notes))
                points += try SystemCalls.points(in: notes).map { CrashPoint(life: life, at: $0) }
            }
            var random = run.random(2)
            let all = points.count
            points.shuffle(using: &random)
            let chosen = Array(points.prefix(run.rounds))
            let reached = try await killing(at: chosen, calls, aggregator, world)
            // A life's last calls may never come again; most points must be met, or the scenario shows nothing.
            guard reached * 10 >= chosen.count * 8 else {
                throw BrokenInvariant("kills happen", "only \(reached) of \(chosen.count) points were reached")
            }
            let comparison = try await world.settle([])
            return "\(reached) of \(chosen.count) crash points reached (there are \(all)); \(comparison)"
        }
    }

    private struct CrashPoint: Sendable {
        var life: CanonicalLife.Kind
        var at: SystemCalls.Point
    }

    /// - Returns: how many of the points were reached.
    private func killing(
        at points: [CrashPoint], _ calls: SystemCalls, _ aggregator: AggregatorProcess, _ world: World
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            var reached = 0
            for (index, point) in points.enumerated() {
                if index >= Self.width, try await group.next() == true { reached += 1 }
                group.addTask {
                    for attempt in 1...Self.attempts {
                        let life = try CanonicalLife(point.life, name: "point-\(index)-\(attempt)", world: world)
                        do {
                            if try await life.live(aggregator, under: calls.killing(at: point.at)) { return true }
                        } catch {
                            throw BrokenInvariant(
                                "a crash at \(point.life.rawValue), \(point.at) is survived", "\(error)")
                        }
                    }
                    return false
                }
            }
            for try await wasReached in group where wasReached { reached += 1 }
            return reached
        }
    }
}

/// A short life with everything in it that touches the disk.
struct CanonicalLife: Sendable {
    enum Kind: String, CaseIterable {
        /// From an empty directory: pushes, a file, a refused record, seals, shipping, an orderly stop.
        case fresh
        /// From what a killed collector left: a backlog and write-ahead records that no batch covers.
        case again
    }

    private static let pushes = 3
    /// Long enough for a push to be sealed by itself.
    private static let pause = Duration.milliseconds(90)

    private let kind: Kind
    private let world: World
    private let collector: CollectorProcess
    private let load: Load

    init(_ kind: Kind, name: String, world: World) throws {
        self.kind = kind
        self.world = world
        collector = try world.collector(name) { $0.sealAge = "50ms" }
        load = Load(world: world, collector: collector)
    }

    /// Lives it under `wrapper`; after a crash goes on without, to the end. Then all of it must be counted.
    ///
    /// - Returns: whether it crashed on the way.
    @discardableResult
    func live(_ aggregator: AggregatorProcess, under wrapper: [String]) async throws -> Bool {
        var written: [EventGroup] = []
        if kind == .again { written.append(try await leaveSomething()) }
        written.append(try load.write())
        try writeRubbish()
        collector.setAggregatorURL(aggregator.ingestURL)
        let program = try collector.launch(under: wrapper)
        try? await collector.waitUntilListening(program)
        for _ in 0..<Self.pushes {
            if !program.isRunning { break }
            try await load.push()
            try await Task.sleep(for: Self.pause)
        }
        try await waitUntilCounted(written) { program.isRunning }
        if program.isRunning, let traced = SystemCalls.traced(by: program) { kill(traced, SIGTERM) }
        let outcome = try await program.waitForEnd()
        if outcome == .exited(0) { return false }
        try await collector.start()
        try await load.push()
        written.append(try load.write())
        try await waitUntilCounted(written)
        try await collector.stop()
        return true
    }

    /// A backlog, and a push that no batch covers.
    private func leaveSomething() async throws -> EventGroup {
        let written = try load.write()
        // Nobody listens there: what is sealed stays.
        try await collector.start(aggregatorURL: "https://127.0.0.1:1")
        try await load.push()
        try await Task.sleep(for: Self.pause)
        try await load.push()
        try await collector.killHard()
        return written
    }

    /// A record that must be refused and kept, in the way of nothing.
    private func writeRubbish() throws {
        try LogFile.append(Array("{\"time\":\"never\"}\n".utf8), to: world.eventFile(collector.setup.name))
    }

    /// A stop leaves what has not been read in the file, for a next start that doesn't come here.
    private func waitUntilCounted(_ groups: [EventGroup], while isGoingOn: () -> Bool = { true }) async throws {
        for group in groups {
            try await eventually("group \(group.id), from the file, is counted") {
                if !isGoingOn() { return true }
                return try await world.database.knows(group)
            }
        }
    }
}

extension Database {
    /// Whether a group has been rolled up.
    fileprivate func knows(_ group: EventGroup) async throws -> Bool {
        try await number("SELECT count(*) FROM tenant WHERE name = '\(EventGroup.marker(group.id))'") > 0
    }
}
