internal import ArgumentParser
internal import FaultSimulation
internal import Foundation

/// `simulate-faults`: runs the collector and the commit of batches against simulated faults.
@main
struct SimulateFaults: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate-faults",
        abstract: "Runs the collector, the spool, shipping and the commit against simulated faults, by seeds.")

    @Option(help: "How many seeds to run, beside those that once failed.")
    var seeds = 2_000

    @Option(help: "The first seed.")
    var from: UInt64 = 1

    @Option(help: "Seeds run at the same time; the number of processors where it isn't given.")
    var jobs: Int?

    @Flag(help: "Prints everything that happens, and leaves out the seeds that once failed.")
    var trace = false

    @Option(
        help: "Behaves as if the product had this bug: \(KnownBug.allCases.map(\.rawValue).joined(separator: ", ")).")
    var bug: KnownBug?

    func validate() throws {
        guard seeds > 0 else { throw ValidationError("--seeds must be at least 1") }
        guard from.addingReportingOverflow(UInt64(seeds)).overflow == false else {
            throw ValidationError("--from and --seeds go beyond the last seed")
        }
    }

    func run() async throws {
        let range = from..<from + UInt64(seeds)
        if trace { return try printTraces(range) }
        let kept = bug == nil ? RegressionSeeds.all.filter { !range.contains($0) } : []
        let bug = bug
        let start = ContinuousClock.now
        let totals = await SimulationRange(seeds: kept + Array(range), bug: bug)
            .run(jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount) { seed, violation in
                print("\(violation) | \(Self.replay(seed, bug))")
            }
        print(
            "simulate-faults: \(totals.seeds) seeds, \(totals.failures.count) failed; \(totals.events) events, "
                + "\(totals.faults) faults, \(totals.steps) steps in \((ContinuousClock.now - start).seconds) s")
        if !totals.failures.isEmpty { throw ExitCode.failure }
    }

    private func printTraces(_ range: Range<UInt64>) throws {
        var failures = 0
        for seed in range {
            let outcome = Simulation(seed: seed, bug: bug).run { print($0, terminator: "") }
            if outcome.violation != nil { failures += 1 }
            print("seed \(seed): \(outcome.violation?.description ?? "held"), trace \(outcome.traceDigest)")
        }
        print("simulate-faults: \(range.count) seeds, \(failures) failed")
        if failures > 0 { throw ExitCode.failure }
    }

    /// The line that runs a seed again.
    private static func replay(_ seed: UInt64, _ bug: KnownBug?) -> String {
        "deploy/simulate-faults --seeds 1 --from \(seed) --trace" + (bug.map { " --bug \($0.rawValue)" } ?? "")
    }
}

extension KnownBug: ExpressibleByArgument {}

extension Duration {
    /// Rounded to tenths, for people.
    fileprivate var seconds: String {
        let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
