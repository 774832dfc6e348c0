import Foundation
import Testing

@testable import FaultSimulation

@Suite struct SimulationTests {
    /// Seeds of one run of the suite, in a debug build; `.ci/run` has `deploy/simulate-faults` run 2,000.
    static let seedCount: UInt64 = 200

    @Test func `all invariants hold under every seed`() async {
        let seeds = RegressionSeeds.all + Array(1...Self.seedCount)
        let totals = await SimulationRange(seeds: seeds)
            .run(jobs: ProcessInfo.processInfo.activeProcessorCount)
        for (seed, violation) in totals.failures {
            Issue.record("\(violation) | deploy/simulate-faults --seeds 1 --from \(seed) --trace")
        }
        #expect(totals.seeds == seeds.count)
        #expect(totals.faults > totals.seeds)
        #expect(totals.events > totals.seeds * 10)
    }

    @Test func `a seed replays identically`() {
        for seed in 1...20 as ClosedRange<UInt64> {
            #expect(Simulation(seed: seed).run() == Simulation(seed: seed).run())
        }
        #expect(Simulation(seed: 1).run().traceDigest != Simulation(seed: 2).run().traceDigest)
    }

    /// Seeds within which each bug must be noticed.
    static let bugSeedCount: UInt64 = 200
    /// Bugs that later batches nearly always make good (a gap asks for what is missing), and a seed that notices each.
    /// Where the simulation changed, `deploy/simulate-faults --seeds 5000 --bug NAME` finds another.
    static let seedsOfRareBugs: [KnownBug: UInt64] = [.skipGaps: 3212]
    /// Bugs that none of a thousand seeds showed that were looked through since files are known by what they hold. They
    /// are told here and not tried: a seed is wanted.
    static let unshownBugs: Set<KnownBug> = [.acknowledgeBeforeCommit]

    @Test(arguments: KnownBug.allCases.filter { !unshownBugs.contains($0) })
    func `a known bug is caught`(_ bug: KnownBug) {
        let seeds = Self.seedsOfRareBugs[bug].map { $0...$0 } ?? 1...Self.bugSeedCount
        let caught = seeds.first { Simulation(seed: $0, bug: bug).run().violation != nil }
        #expect(caught != nil, "\(bug.rawValue) went unnoticed under seeds \(seeds)")
    }
}
