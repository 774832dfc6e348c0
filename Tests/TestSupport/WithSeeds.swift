/// Runs a property under some seeds: fixed ones, so that a run can be repeated, and one that is new every time.
package func withSeeds(_ count: Int = 50, _ property: (UInt64, inout SeededGenerator) throws -> Void) rethrows {
    for seed in (0..<UInt64(count)).map({ $0 }) + [UInt64.random(in: .min ... .max)] {
        var random = SeededGenerator(seed: seed)
        try property(seed, &random)
    }
}
