internal import Reporting
internal import UsageModel

/// Sums by a packed key: an open-addressing table that keeps its entries in order of arrival.
struct SumTable {
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
    var totals: SignedTokenCounts { counts.reduce(into: SignedTokenCounts()) { $0 += $1 } }

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

/// How many bits of a packed key each part takes, from the most significant on, so that keys are in the order of the
/// primary keys of the tables.
///
/// Ids come from sequences whose ends `m0010_names.sql` sets to what fits here; ``SumBuilder`` refuses a time that
/// doesn't.
private enum KeyBits {
    static let region = 28
    static let model = 28
    static let tenant = 40
    static let layer = 3
    static let workload = 2
    static let modality = 3
    /// Hours reach to the year 3883.
    static let time = 24
    static let granularity = 8
    static let provider = 16

    /// Lets a time lie a little before 1970, as a day in a zone west of Greenwich does.
    static let timeBias: Int64 = 1 << 10
}

/// What a row of hour, day or month sums is keyed by, in 128 bits whose order is the order of the primary key.
struct SumKey {
    /// Hours or days since 1970, or months since the year 0.
    var time: Int64
    var tenant: Int64
    var model: Int32
    var region: Int32
    var layer: Layer
    var workload: Workload
    var modality: Modality

    private static let restBits =
        KeyBits.tenant + KeyBits.model + KeyBits.region + KeyBits.layer + KeyBits.workload + KeyBits.modality
    private static let smallBits = KeyBits.layer + KeyBits.workload + KeyBits.modality

    /// Times that a key can hold.
    static let times = -KeyBits.timeBias..<(Int64(1) << Int64(KeyBits.time) - KeyBits.timeBias)

    var packed: UInt128 { Self.pack(time: time) | rest }

    /// Everything but the time.
    var rest: UInt128 {
        let names =
            UInt128(UInt64(bitPattern: tenant)) << UInt128(KeyBits.model + KeyBits.region + Self.smallBits)
            | UInt128(UInt32(bitPattern: model)) << UInt128(KeyBits.region + Self.smallBits)
            | UInt128(UInt32(bitPattern: region)) << UInt128(Self.smallBits)
        return names | UInt128(layer.rawValue) << 5 | UInt128(workload.rawValue) << 3 | UInt128(modality.rawValue)
    }

    static func pack(time: Int64) -> UInt128 {
        UInt128(UInt64(bitPattern: time + KeyBits.timeBias)) << UInt128(restBits)
    }

    static func time(of key: UInt128) -> Int64 {
        Int64(truncatingIfNeeded: key >> UInt128(restBits)) - KeyBits.timeBias
    }
    static func rest(of key: UInt128) -> UInt128 { key & (UInt128(1) << UInt128(restBits) - 1) }
    static func tenant(of key: UInt128) -> Int64 {
        part(of: key, from: KeyBits.model + KeyBits.region + smallBits, bits: KeyBits.tenant)
    }
    static func model(of key: UInt128) -> Int32 {
        Int32(part(of: key, from: KeyBits.region + smallBits, bits: KeyBits.model))
    }
    static func region(of key: UInt128) -> Int32 { Int32(part(of: key, from: smallBits, bits: KeyBits.region)) }
    static func layer(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key >> 5) & 7 }
    static func workload(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key >> 3) & 3 }
    static func modality(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key) & 7 }

    private static func part(of key: UInt128, from shift: Int, bits: Int) -> Int64 {
        Int64(UInt64(truncatingIfNeeded: key >> UInt128(shift)) & (1 << UInt64(bits) - 1))
    }
}

/// The key of a minute sum, in the order of its primary key.
enum MinuteKey {
    private static let subjectBits = KeyBits.tenant
    private static let minuteShift = UInt128(subjectBits + KeyBits.granularity + KeyBits.provider)

    static func pack(minute: Int64, provider: Int16, granularity: MinuteGranularity, subject: Int64) -> UInt128 {
        UInt128(UInt64(bitPattern: minute + KeyBits.timeBias)) << minuteShift
            | UInt128(UInt16(bitPattern: provider)) << UInt128(subjectBits + KeyBits.granularity)
            | UInt128(UInt8(truncatingIfNeeded: granularity.rawValue)) << UInt128(subjectBits)
            | UInt128(UInt64(bitPattern: subject))
    }

    static func minute(of key: UInt128) -> Int64 { Int64(truncatingIfNeeded: key >> minuteShift) - KeyBits.timeBias }
    static func provider(of key: UInt128) -> Int16 {
        Int16(truncatingIfNeeded: key >> UInt128(subjectBits + KeyBits.granularity))
    }
    static func granularity(of key: UInt128) -> Int16 { Int16(truncatingIfNeeded: key >> UInt128(subjectBits)) & 0xFF }
    static func subject(of key: UInt128) -> Int64 {
        Int64(UInt64(truncatingIfNeeded: key) & (1 << UInt64(subjectBits) - 1))
    }
}
