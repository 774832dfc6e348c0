internal import UsageModel

/// Sums by a packed key: an open-addressing table that keeps its entries in order of arrival.
struct CellSums {
    private var slots: [Int32]
    private var mask: Int
    private(set) var keys: [UInt128] = []
    private(set) var counts: [SignedTokenCounts] = []

    init(minimumCapacity: Int = 1_024) {
        var size = 16
        while size < minimumCapacity * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        mask = size - 1
    }

    var count: Int { keys.count }

    mutating func add(_ key: UInt128, _ value: SignedTokenCounts) {
        var slot = Self.hash(key) & mask
        while true {
            let entry = Int(slots[slot])
            if entry < 0 { break }
            if keys[entry] == key {
                counts[entry] += value
                return
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = Int32(keys.count)
        keys.append(key)
        counts.append(value)
        if keys.count * 2 > slots.count { grow() }
    }

    private mutating func grow() {
        mask = slots.count * 2 - 1
        slots = [Int32](repeating: -1, count: mask + 1)
        for (index, key) in keys.enumerated() {
            var slot = Self.hash(key) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(index)
        }
    }

    /// Keys are numbers that we gave out ourselves, so a mixing function is enough; nobody can aim at it.
    private static func hash(_ key: UInt128) -> Int {
        var value = UInt64(truncatingIfNeeded: key) ^ (UInt64(truncatingIfNeeded: key >> 64) &* 0x9E37_79B9_7F4A_7C15)
        value ^= value >> 32
        value = value &* 0xD6E8_FEB8_6659_FD93
        value ^= value >> 32
        return Int(truncatingIfNeeded: value)
    }
}
