package import BatchFormat

/// Event fingerprints by their keys: open addressing, by a hash that is keyed with random numbers of this process, so
/// that nobody outside can choose ids that collide. The keys are parts of SHA-256 already, so that little mixing is
/// needed.
package struct FingerprintTable: Sendable {
    private static let initialSlotCount = 16

    /// In the order in which they were inserted, as long as none is removed.
    package private(set) var fingerprints: [EventFingerprint] = []
    /// 0, or the index of a fingerprint plus 1. A power of two of them, at most half in use; none at first.
    private var slots: [UInt32] = []
    private static let first = UInt64.random(in: .min ... .max)
    private static let second = UInt64.random(in: .min ... .max)

    package init() {}

    package var count: Int { fingerprints.count }
    package var isEmpty: Bool { fingerprints.isEmpty }

    /// The content that is kept under a key.
    package func content(of key: UInt128) -> UInt64? {
        guard !slots.isEmpty else { return nil }
        let slot = slots[place(of: key)]
        return slot == 0 ? nil : fingerprints[Int(slot) - 1].content
    }

    /// Keeps a fingerprint, in the place of one of the same key.
    package mutating func insert(_ fingerprint: EventFingerprint) {
        if (fingerprints.count + 1) * 2 > slots.count { grow() }
        let place = place(of: fingerprint.key)
        if slots[place] != 0 {
            fingerprints[Int(slots[place]) - 1] = fingerprint
        } else {
            fingerprints.append(fingerprint)
            slots[place] = UInt32(fingerprints.count)
        }
    }

    package mutating func remove(_ key: UInt128) {
        guard !slots.isEmpty else { return }
        let place = place(of: key)
        guard slots[place] != 0 else { return }
        let index = Int(slots[place]) - 1
        let last = fingerprints.count - 1
        if index != last {
            slots[self.place(of: fingerprints[last].key)] = UInt32(index + 1)
            fingerprints.swapAt(index, last)
        }
        fingerprints.removeLast()
        close(place)
    }

    /// Forgets everything and gives the memory back.
    package mutating func removeAll() {
        fingerprints = []
        slots = []
    }

    /// Frees a slot and moves up those behind it that would not be found any more.
    private mutating func close(_ freed: Int) {
        let mask = slots.count - 1
        var hole = freed
        var index = freed
        slots[hole] = 0
        while true {
            index = (index + 1) & mask
            guard slots[index] != 0 else { return }
            let home = home(of: fingerprints[Int(slots[index]) - 1].key)
            // It stays where its home lies behind the hole, on the way round.
            if (index - home) & mask < (index - hole) & mask { continue }
            slots[hole] = slots[index]
            slots[index] = 0
            hole = index
        }
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: max(slots.count * 2, Self.initialSlotCount))
        for (index, fingerprint) in fingerprints.enumerated() { slots[place(of: fingerprint.key)] = UInt32(index + 1) }
    }

    /// The slot that holds the key, or the free one where it would be.
    private func place(of key: UInt128) -> Int {
        let mask = slots.count - 1
        var index = home(of: key)
        while slots[index] != 0, fingerprints[Int(slots[index]) - 1].key != key { index = (index + 1) & mask }
        return index
    }

    private func home(of key: UInt128) -> Int {
        let low = UInt64(truncatingIfNeeded: key) ^ Self.first
        let product = low.multipliedFullWidth(by: UInt64(truncatingIfNeeded: key >> 64) ^ Self.second)
        return Int(truncatingIfNeeded: product.high ^ product.low) & (slots.count - 1)
    }
}
