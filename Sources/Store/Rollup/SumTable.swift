internal import Reporting
internal import UsageModel

/// Sums by a packed key: an open-addressing table that keeps its entries in order of arrival.
struct SumTable {
    private var slots: [Int32]
    private var mask: Int
    private(set) var keys: [UInt128] = []
    private(set) var counts: [WideTokenCounts] = []

    init(minimumCapacity: Int = 1_024) {
        var size = 16
        while size < minimumCapacity * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
        mask = size - 1
    }

    var count: Int { keys.count }
    var totals: WideTokenCounts { counts.reduce(into: WideTokenCounts()) { $0 += $1 } }

    mutating func add(_ key: UInt128, _ value: WideTokenCounts) {
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

    /// Indices of the entries in order of their keys.
    func sortedIndices() -> [Int] {
        keys.indices.sorted { keys[$0] < keys[$1] }
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

/// What a row of hour, day or month sums is keyed by, in 120 bits whose order is the order of the primary key.
struct SumKey {
    /// Hours or days since 1970, or months since the year 0.
    var time: Int64
    var tenant: Int32
    var model: Int32
    var region: Int16
    var layer: Layer
    var workload: Workload
    var modality: Modality

    /// Moves negative times above zero without changing their order.
    private static let timeBias: Int64 = 1 << 31

    var packed: UInt128 { Self.pack(time: time) | rest }

    /// Everything but the time.
    var rest: UInt128 {
        let names = UInt128(UInt32(bitPattern: tenant)) << 56 | UInt128(UInt32(bitPattern: model)) << 24
        let place = UInt128(UInt16(bitPattern: region)) << 8
        return names | place
            | UInt128(layer.rawValue) << 5 | UInt128(workload.rawValue) << 3 | UInt128(modality.rawValue)
    }

    static func pack(time: Int64) -> UInt128 { UInt128(UInt32(truncatingIfNeeded: time + timeBias)) << 88 }

    static func time(of key: UInt128) -> Int64 { Int64(UInt32(truncatingIfNeeded: key >> 88)) - timeBias }
    static func rest(of key: UInt128) -> UInt128 { key & (UInt128(1) << 88 - 1) }
    static func tenant(of key: UInt128) -> Int32 { Int32(truncatingIfNeeded: key >> 56) }
    static func model(of key: UInt128) -> Int32 { Int32(truncatingIfNeeded: key >> 24) }
    static func region(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key >> 8) }
    static func layer(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key >> 5) & 7 }
    static func workload(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key >> 3) & 3 }
    static func modality(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key) & 7 }
}

/// The key of a minute sum, in the order of its primary key.
enum MinuteKey {
    private static let timeBias: Int64 = 1 << 39

    static func pack(minute: Int64, provider: Int16, granularity: MinuteGranularity, subject: Int32) -> UInt128 {
        UInt128(UInt64(bitPattern: minute + timeBias)) << 56 | UInt128(UInt16(bitPattern: provider)) << 40
            | UInt128(UInt8(truncatingIfNeeded: granularity.rawValue)) << 32 | UInt128(UInt32(bitPattern: subject))
    }

    static func minute(of key: UInt128) -> Int64 { Int64(truncatingIfNeeded: key >> 56) - timeBias }
    static func provider(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key >> 40) }
    static func granularity(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key >> 32) & 0xFF }
    static func subject(of key: UInt128) -> Int32 { Int32(truncatingIfNeeded: key) }
}
