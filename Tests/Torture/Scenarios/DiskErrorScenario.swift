internal import Foundation
internal import TestHarness
internal import TestSupport

/// F6: calls on the collector's disk fail, once or from some moment on.
struct DiskErrorScenario: Scenario {
    let name = "disk-error"
    let abstract = "writes, syncs, renames and truncations that fail once or for ever (F6; strace)"
    let defaultRounds = 16

    private static let calls = ["fdatasync", "fsync", "pwrite64", "rename", "ftruncate", "unlink"]
    private static let errors = ["EIO", "ENOSPC", "EDQUOT", "EINTR"]
    private static let pushes = 12
    private static let pause = Duration.milliseconds(60)

    func run(_ run: ScenarioRun) async throws -> String {
        let calls = try SystemCalls()
        return try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator()
            var random = run.random(2)
            for round in 0..<run.rounds {
                let call = Self.calls[round % Self.calls.count]
                let error = Self.errors[Int.random(in: 0..<Self.errors.count, using: &random)]
                // EINTR for ever is no fault that exists.
                let isSticky = error != "EINTR" && Bool.random(using: &random)
                let when = "\(Int.random(in: 1...12, using: &random))\(isSticky ? "+" : "")"
                do {
                    try await live(
                        "edge-\(round)", aggregator, under: calls.injecting("error=\(error)", into: call, when: when),
                        in: world)
                } catch let failure {
                    throw BrokenInvariant("\(call) \(when) failing with \(error) is survived", "\(failure)")
                }
            }
            return "\(run.rounds) failing calls; \(try await world.settle([]))"
        }
    }

    /// Pushes while the disk fails, kills, and starts again on a sound disk: what was acknowledged is there.
    private func live(
        _ name: String, _ aggregator: AggregatorProcess, under wrapper: [String], in world: World
    ) async throws {
        let collector = try world.collector(name) { $0.sources = "" }
        let load = Load(world: world, collector: collector)
        collector.setAggregatorURL(aggregator.ingestURL)
        let program = try collector.launch(under: wrapper)
        // It may refuse to start on a disk that can't be written; it may not lose what it accepted.
        try? await collector.waitUntilListening(program)
        for _ in 0..<Self.pushes where program.isRunning {
            try await load.push()
            try await Task.sleep(for: Self.pause)
        }
        if let traced = SystemCalls.traced(by: program) { kill(traced, SIGKILL) }
        try await program.waitForEnd()
        try await collector.start()
        try await load.push()
        try await world.waitUntilAcknowledgedIsCounted()
        try await collector.stop()
    }
}
