/// One run of the simulator: everything that a seed makes happen, and whether the invariants held.
package struct Simulation: Sendable {
    package var seed: UInt64
    /// Makes the surroundings misbehave, to show that it is noticed.
    package var bug: KnownBug?

    package init(seed: UInt64, bug: KnownBug? = nil) {
        self.seed = seed
        self.bug = bug
    }

    package struct Outcome: Sendable, Equatable {
        /// `nil` where all invariants held.
        package var violation: Violation?
        /// SHA-256 over everything that happened, in hexadecimal.
        package var traceDigest: String
        package var steps: Int
        package var faults: Int
        package var events: Int
        /// The simulated time, in milliseconds.
        package var milliseconds: Int64
    }

    /// Runs the seed to its end.
    ///
    /// - Parameter print: takes each line of the trace.
    package func run(print: ((String) -> Void)? = nil) -> Outcome {
        let world = World(seed: seed, bug: bug, print: print)
        var violation: Violation?
        do throws(Violation) {
            try world.run()
        } catch {
            violation = error
            world.note("violated: \(error)")
        }
        return Outcome(
            violation: violation, traceDigest: world.trace.digest, steps: world.steps, faults: world.faults,
            events: world.oracle.emitted, milliseconds: world.now)
    }
}
