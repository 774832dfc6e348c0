/// Many seeds, and what came of them together.
package struct SimulationRange: Sendable {
    package struct Totals: Sendable {
        package var seeds = 0
        package var steps = 0
        package var faults = 0
        package var events = 0
        /// Seeds that failed, in ascending order, with what didn't hold.
        package var failures: [(seed: UInt64, violation: Violation)] = []
    }

    package var seeds: [UInt64]
    package var bug: KnownBug?

    package init(seeds: some Sequence<UInt64>, bug: KnownBug? = nil) {
        self.seeds = Array(seeds)
        self.bug = bug
    }

    /// Runs all seeds, so many at a time.
    ///
    /// - Parameter failed: takes each failure when it comes.
    package func run(
        jobs: Int, failed: @escaping @Sendable (UInt64, Violation) -> Void = { _, _ in }
    ) async -> Totals {
        let (seeds, bug) = (seeds, bug)
        var totals = await withTaskGroup(of: Totals.self) { group in
            for job in 0..<max(1, jobs) {
                group.addTask {
                    var totals = Totals()
                    for index in stride(from: job, to: seeds.count, by: max(1, jobs)) {
                        let outcome = Simulation(seed: seeds[index], bug: bug).run()
                        totals.add(seeds[index], outcome)
                        if let violation = outcome.violation { failed(seeds[index], violation) }
                    }
                    return totals
                }
            }
            return await group.reduce(into: Totals()) { $0.add($1) }
        }
        totals.failures.sort { $0.seed < $1.seed }
        return totals
    }
}

extension SimulationRange.Totals {
    mutating func add(_ seed: UInt64, _ outcome: Simulation.Outcome) {
        seeds += 1
        steps += outcome.steps
        faults += outcome.faults
        events += outcome.events
        if let violation = outcome.violation { failures.append((seed, violation)) }
    }

    mutating func add(_ other: Self) {
        seeds += other.seeds
        steps += other.steps
        faults += other.faults
        events += other.events
        failures += other.failures
    }
}
