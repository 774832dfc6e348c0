import Foundation
import Testing

@testable import FaultSimulation

@Suite struct SimulationTests {
    /// Seeds of one run of the suite; `deploy/simulate-faults` runs more. Fewer where the environment says so.
    static let seedCount =
        ProcessInfo.processInfo.environment["STEELYARD_SIMULATION_SEEDS"].flatMap { UInt64($0) } ?? 2_000

    @Test func all_invariants_hold_under_every_seed() async {
        let seeds = KeptSeeds.all + Array(1...Self.seedCount)
        let totals = await SimulationRange(seeds: seeds)
            .run(jobs: ProcessInfo.processInfo.activeProcessorCount)
        for (seed, violation) in totals.failures {
            Issue.record("\(violation) | deploy/simulate-faults --seeds 1 --from \(seed) --trace")
        }
        #expect(totals.seeds == seeds.count)
        #expect(totals.faults > totals.seeds)
        #expect(totals.events > totals.seeds * 10)
    }

    @Test func a_seed_replays_identically() {
        for seed in 1...20 as ClosedRange<UInt64> {
            #expect(Simulation(seed: seed).run() == Simulation(seed: seed).run())
        }
        #expect(Simulation(seed: 1).run().traceDigest != Simulation(seed: 2).run().traceDigest)
    }

    /// Seeds within which each bug must be noticed.
    static let bugSeedCount: UInt64 = 200

    @Test(arguments: KnownBug.allCases) func a_known_bug_is_caught(_ bug: KnownBug) {
        let caught = (1...Self.bugSeedCount).first { Simulation(seed: $0, bug: bug).run().violation != nil }
        #expect(caught != nil, "\(bug.rawValue) went unnoticed for \(Self.bugSeedCount) seeds")
    }
}
