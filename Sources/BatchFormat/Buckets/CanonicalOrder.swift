/// Puts the rows of a table in canonical order: by key, then by minute.
///
/// What all rows have in common says nothing about their order. Without it, names' ranks and minutes leave room for the
/// row's index in the same 64 bits, and such numbers are sorted by their digits, in time proportional to the rows.
/// Where they leave none, rows are compared with one another.
enum CanonicalOrder {
    /// A row's key, with names as ranks, and its minute.
    struct Entry {
        var key: RowKey
        var minute: UInt32
    }

    /// Bits of a digit: the counts of its values stay in a core's nearest cache.
    private static let digitBits: UInt64 = 11

    /// The indices of the entries in canonical order. No two of them are equal.
    static func indices(_ entries: [Entry]) -> [UInt32] {
        guard let places = Places(entries) else { return compared(entries) }
        var words: [UInt64] = []
        words.reserveCapacity(entries.count)
        for index in entries.indices { words.append(places.word(entries[index], index: index)) }
        sort(&words, from: places.indexBits, to: places.bits)
        return words.map { UInt32(truncatingIfNeeded: $0 & places.indexMask) }
    }

    private static func compared(_ entries: [Entry]) -> [UInt32] {
        (0..<UInt32(entries.count)).sorted { left, right in
            let (left, right) = (entries[Int(left)], entries[Int(right)])
            return left.key == right.key ? left.minute < right.minute : left.key < right.key
        }
    }

    /// Sorts by the bits from `low` to `high`, one digit after the other, the lowest first.
    private static func sort(_ words: inout [UInt64], from low: UInt64, to high: UInt64) {
        var other = [UInt64](repeating: 0, count: words.count)
        var starts = [Int](repeating: 0, count: 1 << Int(digitBits))
        var shift = low
        while shift < high {
            let mask = UInt64(1) << min(digitBits, high - shift) - 1
            for index in starts.indices { starts[index] = 0 }
            for word in words { starts[Int(word >> shift & mask)] += 1 }
            var sum = 0
            for index in starts.indices {
                let count = starts[index]
                starts[index] = sum
                sum += count
            }
            for word in words {
                let digit = Int(word >> shift & mask)
                other[starts[digit]] = word
                starts[digit] += 1
            }
            swap(&words, &other)
            shift += digitBits
        }
    }

    /// Where the parts of a row stand in one word: of each part the bits in which rows differ, and the index lowest.
    private struct Places {
        /// Of each part in which rows differ (tenant, model, region, codes, flags) the bits in the key, highest first.
        private let masks: [UInt64]
        private let firstMinute: UInt32
        private let minuteBits: UInt64
        let indexBits: UInt64
        /// Of all parts together.
        let bits: UInt64

        var indexMask: UInt64 { 1 << indexBits - 1 }

        /// - Returns: `nil` where a word hasn't room for all parts.
        init?(_ entries: [Entry]) {
            var (all, any) = (UInt64.max, UInt64(0))
            var (first, last) = (UInt32.max, UInt32(0))
            for entry in entries {
                all &= entry.key.packed
                any |= entry.key.packed
                first = min(first, entry.minute)
                last = max(last, entry.minute)
            }
            let differing = all ^ any
            // Bits between those that differ are kept, so that a mask is one run.
            masks = RowKey.partMasks.compactMap { part in
                let found = differing & part
                guard found != 0 else { return nil }
                let top = UInt64(63 - found.leadingZeroBitCount)
                let above = top == 63 ? UInt64.max : 1 << (top + 1) - 1
                return above & ~(1 << UInt64(found.trailingZeroBitCount) - 1)
            }
            firstMinute = first
            minuteBits = entries.isEmpty ? 0 : Self.width(UInt64(last - first))
            indexBits = Self.width(UInt64(max(0, entries.count - 1)))
            bits = masks.reduce(minuteBits + indexBits) { $0 + UInt64($1.nonzeroBitCount) }
            if bits > 64 { return nil }
        }

        @inline(__always)
        func word(_ entry: Entry, index: Int) -> UInt64 {
            var word: UInt64 = 0
            for mask in masks {
                word = word << UInt64(mask.nonzeroBitCount)
                word |= (entry.key.packed & mask) >> UInt64(mask.trailingZeroBitCount)
            }
            // Shifts of a whole word give 0, as they must where there is one row alone.
            word = word << minuteBits | UInt64(entry.minute - firstMinute)
            return word << indexBits | UInt64(index)
        }

        private static func width(_ number: UInt64) -> UInt64 { UInt64(64 - number.leadingZeroBitCount) }
    }
}
