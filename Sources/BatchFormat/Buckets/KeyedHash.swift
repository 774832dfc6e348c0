internal import UsageModel

/// A 64-bit hash of short byte strings and integer pairs, keyed with random numbers of this process.
///
/// It mixes the halves of 64 × 64 → 128-bit products, as wyhash does, but every constant is secret: without the keys
/// nobody can choose inputs that collide or that zero a factor. Not for anything that leaves the process.
struct KeyedHash: Sendable {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64

    /// One of this process, for tables that come and go with requests.
    static let ofProcess: KeyedHash = {
        var generator = SystemRandomNumberGenerator()
        return KeyedHash(using: &generator)
    }()

    init(using generator: inout some RandomNumberGenerator) {
        first = generator.next()
        second = generator.next()
        third = generator.next()
    }

    /// The hash of `count` bytes from `start`. The range must lie within `bytes` and not be empty.
    @inline(__always)
    func hash(_ bytes: RawSpan, from start: Int, count: Int) -> UInt64 {
        var state = first
        var offset = start
        var left = count
        while left > 16 {
            state = Self.mix(bytes.word(at: offset) ^ second, with: bytes.word(at: offset + 8) ^ state)
            offset += 16
            left -= 16
        }
        let low: UInt64
        let high: UInt64
        if left >= 8 {
            low = bytes.word(at: offset)
            high = bytes.word(at: offset + left - 8)
        } else if left >= 4 {
            low = UInt64(bytes.halfWord(at: offset))
            high = UInt64(bytes.halfWord(at: offset + left - 4))
        } else {
            low =
                UInt64(bytes.byte(at: offset)) << 16 | UInt64(bytes.byte(at: offset + left / 2)) << 8
                | UInt64(bytes.byte(at: offset + left - 1))
            high = 0
        }
        let mixed = Self.mix(low ^ second, with: high ^ state)
        return Self.mix(mixed ^ third, with: UInt64(truncatingIfNeeded: count) ^ second)
    }

    /// The hash of two integers.
    @inline(__always)
    func hash(_ left: UInt64, with right: UInt64) -> UInt64 {
        Self.mix(Self.mix(left ^ second, with: right ^ first) ^ third, with: second)
    }

    @inline(__always)
    private static func mix(_ left: UInt64, with right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

extension RawSpan {
    /// Eight bytes from `offset` as an integer; traps when they are out of bounds.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// Up to eight bytes from `offset` as an integer, zeros behind them; traps when they are out of bounds.
    @inline(__always)
    func paddedWord(at offset: Int, count: Int) -> UInt64 {
        if offset &+ 8 <= byteCount {
            let whole = word(at: offset)
            return count >= 8 ? whole : whole & ((1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1)
        }
        var value: UInt64 = 0
        for index in 0..<Swift.min(count, 8) { value |= UInt64(byte(at: offset + index)) << UInt64(index * 8) }
        return value
    }

    /// Four bytes from `offset` as an integer; traps when they are out of bounds.
    @inline(__always)
    func halfWord(at offset: Int) -> UInt32 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }
}
