import Testing

/// A random source for property tests whose seed is printed with every failure, so that it can be run again.
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Runs a property under some seeds: fixed ones, so that a run can be repeated, and one that is new every time.
func withSeeds(_ count: Int = 50, _ property: (UInt64, inout TestRandom) throws -> Void) rethrows {
    for seed in (0..<UInt64(count)).map({ $0 }) + [UInt64.random(in: .min ... .max)] {
        var random = TestRandom(seed: seed)
        try property(seed, &random)
    }
}
