internal import Foundation
internal import TestHarness
internal import TestSupport

/// F22 to F24: the same collector twice, from an older copy of itself, or without its memory.
struct CloneScenario: Scenario {
    let name = "clone"
    let abstract = "a collector cloned, set back to an older copy of its directory, and wiped (F22 to F24)"
    let defaultRounds = 6

    private static let pushes = 5

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator()
            var fenced = 0
            for round in 0..<run.rounds {
                let life = try Life("edge-\(round)", world, aggregator)
                switch round % 3 {
                case 0: fenced += try await life.clone() ? 1 : 0
                case 1: try await life.setBack()
                default: try await life.wipe()
                }
            }
            let comparison = try await world.settle([])
            return "\(run.rounds) collectors cloned, set back or wiped; \(fenced) older twins fenced; \(comparison)"
        }
    }

    /// One collector's story. Copies are made when everything is shipped: what a copy still holds unsealed would be
    /// sealed by both, as bytes that nobody can tell to be the same.
    private struct Life {
        let world: World
        let aggregator: AggregatorProcess
        let collector: CollectorProcess

        init(_ name: String, _ world: World, _ aggregator: AggregatorProcess) throws {
            self.world = world
            self.aggregator = aggregator
            collector = try world.collector(name) { $0.sources = "" }
        }

        private var copy: String { "\(collector.dataDirectory).copy" }

        /// Ships something and stops.
        private func begin() async throws {
            try await collector.start(aggregatorURL: aggregator.ingestURL)
            try await push(collector)
            try await collector.stop()
        }

        private func push(_ collector: CollectorProcess, reusesSpoolSequences: Bool = false) async throws {
            let load = Load(world: world, collector: collector)
            for _ in 0..<CloneScenario.pushes { try await load.push(reusesSpoolSequences: reusesSpoolSequences) }
        }

        /// Both run, and seal under the same spoolSequences: what either acknowledges counts once or is quarantined.
        func clone() async throws -> Bool {
            try await begin()
            try FileManager.default.copyItem(atPath: collector.dataDirectory, toPath: copy)
            try await collector.start()
            let twin = try world.installation.makeCollector(twinSetup, instance: "-twin")
            try await twin.start(aggregatorURL: aggregator.ingestURL)
            try await push(twin, reusesSpoolSequences: true)
            try await push(collector, reusesSpoolSequences: true)
            try await eventually("the older twin says that it is fenced", within: .seconds(60)) {
                try await HTTPCaller.impatient.get("\(collector.url)/readyz").status == 503
            }
            let isFenced = try await HTTPCaller.impatient.get("\(collector.url)/readyz").text.contains("fenced")
            try await push(collector, reusesSpoolSequences: true)
            try await twin.stop()
            try await collector.killHard()
            try await collector.start()
            try await collector.stop()
            return isFenced
        }

        /// An older state of the directory comes back: its batches are known by digest, its epoch is past, and what it
        /// seals next is quarantined.
        func setBack() async throws {
            try await begin()
            try FileManager.default.copyItem(atPath: collector.dataDirectory, toPath: copy)
            try await collector.start()
            try await push(collector)
            try await collector.stop()
            try FileManager.default.removeItem(atPath: collector.dataDirectory)
            try FileManager.default.moveItem(atPath: copy, toPath: collector.dataDirectory)
            try await collector.start()
            try await push(collector, reusesSpoolSequences: true)
            try await collector.stop()
        }

        /// A new spool, whose spool sequences begin anew.
        func wipe() async throws {
            try await begin()
            try FileManager.default.removeItem(atPath: collector.dataDirectory)
            try await collector.start()
            try await push(collector)
            try await collector.stop()
        }

        private var twinSetup: CollectorSetup {
            var setup = collector.setup
            setup.dataDirectory = copy
            return setup
        }
    }
}
