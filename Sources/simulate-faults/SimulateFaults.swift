internal import FaultSimulation

@main struct SimulateFaults {
    static func main() {
        let arguments = CommandLine.arguments
        func value(_ name: String) -> UInt64? {
            arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? UInt64(arguments[$0 + 1]) : nil }
        }
        let first = value("--from") ?? 1, count = value("--seeds") ?? 1
        let bug = arguments.firstIndex(of: "--bug").flatMap { KnownBug(rawValue: arguments[$0 + 1]) }
        let trace = arguments.contains("--trace")
        var failed = 0, steps = 0, events = 0, faults = 0
        let clock = ContinuousClock(), start = clock.now
        for seed in first..<first + count {
            let outcome = Simulation(seed: seed, bug: bug).run(print: trace ? { print($0, terminator: "") } : nil)
            steps += outcome.steps; events += outcome.events; faults += outcome.faults
            if let violation = outcome.violation {
                failed += 1
                print("seed \(seed) \(violation)")
                if bug != nil { break }
            }
            if trace { print(outcome) }
        }
        print("\(count) seeds, \(failed) failed, \(steps) steps, \(events) events, \(faults) faults, \(clock.now - start)")
    }
}
