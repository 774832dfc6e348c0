/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, the same everywhere.
struct MarketRandom {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// A stream of its own for something that has a name, so that adding one thing to a description leaves the
    /// randomness of the others as it was.
    init(seed: UInt64, path: String) {
        // FNV-1a over the path, then mixed with the seed by one step of the generator.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        state = hash
        state = next() ^ seed
        state = next()
    }

    mutating func next() -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number below `bound`, which must not be zero.
    mutating func below(_ bound: UInt64) -> UInt64 {
        // Lemire's multiply-shift; its bias is below 2^-40 for every bound used here and always the same.
        next().multipliedFullWidth(by: bound).high
    }

    /// The index of one of some weights, each as likely as its weight. `sum` is theirs and must not be zero.
    mutating func pick(_ weights: [UInt64], sum: UInt64) -> Int {
        var rest = below(sum)
        for (index, weight) in weights.enumerated() {
            if rest < weight { return index }
            rest -= weight
        }
        return weights.count - 1
    }
}
