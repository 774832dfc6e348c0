#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Walks over JSON text that is known to be well formed (upstream's own files), by hand and fast enough for a debug
/// build: what isn't wanted is skipped without being decoded.
struct ByteScanner {
    enum Problem: Error, Equatable {
        case unexpected(byteOffset: Int)
        case ended
    }

    /// The text and a NUL after it, where every scan stops.
    let bytes: [UInt8]
    var position = 0

    /// The longest run of digits that is read, leading zeros included; its value must fit 64 bits.
    private static let maxDigits = 30

    init(_ bytes: [UInt8]) {
        self.bytes = bytes + [0]
    }

    /// The next byte that isn't white space, without taking it.
    mutating func peek() throws -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            if byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09 { return byte }
            position += 1
        }
        throw Problem.ended
    }

    mutating func take(_ expected: UInt8) throws {
        guard try peek() == expected else { throw Problem.unexpected(byteOffset: position) }
        position += 1
    }

    /// Takes `byte` if it is next.
    mutating func takes(_ byte: UInt8) throws -> Bool {
        guard try peek() == byte else { return false }
        position += 1
        return true
    }

    /// A string without escapes (upstream's keys, models and names have none).
    mutating func string() throws -> String {
        try take(UInt8(ascii: "\""))
        let end = try find(UInt8(ascii: "\""), from: position)
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    /// A non-negative number, exactly as its digits are written: `12`, `0.085`, `8.163e-05`.
    mutating func decimal() throws -> ExactDecimal {
        _ = try peek()
        var (mantissa, count) = try digits()
        var scale = 0
        if bytes[position] == UInt8(ascii: ".") {
            position += 1
            let fraction = try digits()
            let shift = ExactDecimal.powersOfTen[fraction.count]
            guard let joined = UInt64(exactly: UInt128(mantissa) * shift + UInt128(fraction.value)) else {
                throw Problem.unexpected(byteOffset: position)
            }
            (mantissa, scale, count) = (joined, fraction.count, count + fraction.count)
        }
        guard count > 0 else { throw Problem.unexpected(byteOffset: position) }
        if bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            let isNegative = bytes[position] == UInt8(ascii: "-")
            if isNegative || bytes[position] == UInt8(ascii: "+") { position += 1 }
            let exponent = Int(try digits().value)
            scale += isNegative ? exponent : -exponent
        }
        while scale < 0 {
            mantissa *= 10
            scale += 1
        }
        return ExactDecimal(mantissa: mantissa, scale: scale)
    }

    /// A run of decimal digits and how many there were; the C library reads them, which a debug build does much slower.
    private mutating func digits() throws -> (value: UInt64, count: Int) {
        guard bytes[position] >= 0x30, bytes[position] <= 0x39 else { return (0, 0) }
        let start = position
        let (value, count): (UInt64, Int) = unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return (0, 0) }
            let first = unsafe (base + start).assumingMemoryBound(to: CChar.self)
            var end: UnsafeMutablePointer<CChar>?
            let value = unsafe strtoull(first, &end, 10)
            return unsafe (value, end.map { unsafe UnsafePointer($0) - first } ?? 0)
        }
        guard count <= Self.maxDigits, value < UInt64.max else { throw Problem.unexpected(byteOffset: position) }
        position += count
        return (value, count)
    }

    /// Calls `body` for each member of the object that comes next; `body` takes the value.
    mutating func object(_ body: (_ key: String, inout ByteScanner) throws -> Void) throws {
        try take(UInt8(ascii: "{"))
        if try takes(UInt8(ascii: "}")) { return }
        repeat {
            let key = try string()
            try take(UInt8(ascii: ":"))
            try body(key, &self)
        } while try takes(UInt8(ascii: ","))
        try take(UInt8(ascii: "}"))
    }

    /// Calls `body` for each element of the array that comes next; `body` takes the value.
    mutating func array(_ body: (inout ByteScanner) throws -> Void) throws {
        try take(UInt8(ascii: "["))
        if try takes(UInt8(ascii: "]")) { return }
        repeat {
            try body(&self)
        } while try takes(UInt8(ascii: ","))
        try take(UInt8(ascii: "]"))
    }

    /// Skips an array that holds only numbers, however long, by looking for its end.
    mutating func skipNumberArray() throws {
        try take(UInt8(ascii: "["))
        position = try find(UInt8(ascii: "]"), from: position) + 1
    }

    /// Skips any value.
    mutating func skipValue() throws {
        var depth = 0
        repeat {
            switch try peek() {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
                continue
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                position += 1
                continue
            default: skipScalar()
            }
        } while depth > 0
    }

    private mutating func skipString() throws {
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        throw Problem.ended
    }

    private mutating func skipScalar() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09:
                return
            default: position += 1
            }
        }
    }

    /// The offset of the next `byte` at or after `start`.
    func find(_ byte: UInt8, from start: Int) throws -> Int {
        let offset: Int? = unsafe bytes.withUnsafeBytes { buffer in
            guard start < buffer.count, let base = buffer.baseAddress else { return nil }
            guard let hit = unsafe memchr(base + start, Int32(byte), buffer.count - start) else { return nil }
            return unsafe UnsafeRawPointer(hit) - base
        }
        guard let offset else { throw Problem.ended }
        return offset
    }
}
