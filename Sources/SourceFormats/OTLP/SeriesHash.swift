/// 128 bits that stand for the identity of a series of a metric: the same whatever order its attributes come in, and
/// the same after a restart.
///
/// It is no cryptographic hash. Who can choose attributes so that two series meet can as well send other counts.
struct SeriesHash: Sendable {
    private(set) var value: UInt128 = 0

    /// Adds something that may come in any place.
    mutating func add(_ part: UInt128) { value &+= part }

    /// Puts something behind what is there.
    mutating func mix(_ part: UInt128) {
        value = Self.of(
            UInt64(truncatingIfNeeded: value), UInt64(truncatingIfNeeded: value >> 64),
            UInt64(truncatingIfNeeded: part), UInt64(truncatingIfNeeded: part >> 64))
    }

    mutating func mix(_ part: UInt64) { mix(UInt128(part)) }

    static func of(_ words: UInt64...) -> UInt128 {
        var state = State()
        for word in words { state.add(word) }
        return state.finish(count: words.count * 8)
    }

    static func of(_ bytes: RawSpan, _ range: Range<Int>) -> UInt128 {
        var state = State()
        var index = range.lowerBound
        while index < range.upperBound {
            let count = Swift.min(8, range.upperBound - index)
            state.add(bytes.paddedWord(at: index, count: count))
            index += count
        }
        return state.finish(count: range.count)
    }

    /// Two sums of 64 bits, each of products that are folded.
    private struct State {
        private var left: UInt64 = 0x9E37_79B9_7F4A_7C15
        private var right: UInt64 = 0xC2B2_AE3D_27D4_EB4F

        mutating func add(_ word: UInt64) {
            left = Self.fold(left ^ word, 0xD6E8_FEB8_6659_FD93) &+ right
            right = Self.fold(right &+ word, 0xA076_1D64_78BD_642F) ^ left
        }

        func finish(count: Int) -> UInt128 {
            var last = self
            last.add(UInt64(count))
            last.add(0x8EBC_6AF0_9C88_C6E3)
            return UInt128(last.left) << 64 | UInt128(last.right)
        }

        private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
            let product = left.multipliedFullWidth(by: right)
            return product.high ^ product.low ^ left
        }
    }
}
