import Testing

@testable import SourceFormats

/// Scanning many bytes at once finds what looking at one after the other does.
@Suite struct WideScanTests {
    /// Mostly text, with all that may end or interrupt a string, and bytes that look like those.
    private static let alphabet: [UInt8] =
        Array("abcdefgh{}[]:, ".utf8) + [
            0x22, 0x5C, 0x0A, 0x00, 0x1F, 0x20, 0x21, 0x23, 0x5B, 0x5D, 0x7F, 0x80, 0xA2, 0xDC, 0xFF,
        ]

    private static func text(_ count: Int, plain: Int, _ generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in
            Int.random(in: 0..<100, using: &generator) < plain
                ? UInt8(ascii: "x") : alphabet.randomElement(using: &generator) ?? 0
        }
    }

    @Test(arguments: [0, 60, 90, 99])
    func `sixteen bytes at once are looked at as one after the other`(plain: Int) {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let bytes = Self.text(40, plain: plain, &generator)
            let span = unsafe bytes.span.bytes
            for start in 0...24 {
                let expected = (start..<start + 16).firstIndex { [0x22, 0x5C].contains(bytes[$0]) || bytes[$0] < 0x20 }
                #expect(span.plainTextBytes(at: start) == (expected ?? start + 16) - start, "\(bytes) from \(start)")
            }
        }
    }

    @Test func `each byte by itself ends plain text or doesn't`() {
        for byte in UInt8.min ... .max {
            for place in 0..<16 {
                var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 16)
                bytes[place] = byte
                let ends = byte == 0x22 || byte == 0x5C || byte < 0x20
                #expect(unsafe bytes.span.bytes.plainTextBytes(at: 0) == (ends ? place : 16), "\(byte) at \(place)")
            }
        }
    }

    @Test(arguments: [60, 90, 99])
    func `a byte is found wherever it stands`(plain: Int) {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let bytes = Self.text(Int.random(in: 0...70, using: &generator), plain: plain, &generator)
            for byte in [0x0A, 0x22, 0x00, 0xFF] as [UInt8] {
                for start in 0...bytes.count {
                    let expected = bytes[start...].firstIndex(of: byte) ?? bytes.count
                    #expect(unsafe bytes.span.bytes.firstIndex(of: byte, from: start) == expected)
                }
            }
        }
    }

    @Test(arguments: [60, 90, 99])
    func `the end of a string is found at every truncation`(plain: Int) {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<100 {
            let bytes = Self.text(Int.random(in: 0...70, using: &generator), plain: plain, &generator)
            for count in 0...bytes.count {
                let cut = Array(bytes[..<count])
                for isRead in [true, false] {
                    #expect(Self.found(cut, isRead: isRead) == Self.expected(cut, isRead: isRead), "\(cut), \(isRead)")
                }
            }
        }
    }

    /// A string's end: its quote, or -1 where it has none or breaks the grammar before; and whether there are escapes.
    private struct End: Equatable {
        var quote: Int
        var isEscaped: Bool
    }

    private static func found(_ bytes: [UInt8], isRead: Bool) -> End {
        do throws(Fault) {
            let span = unsafe bytes.span.bytes
            let end = isRead ? try JSONText.stringEnd(span, 0) : try JSONText.skippedStringEnd(span, 0)
            return End(quote: end.quote, isEscaped: end.isEscaped)
        } catch {
            return End(quote: -1, isEscaped: false)
        }
    }

    private static func expected(_ bytes: [UInt8], isRead: Bool) -> End {
        var (index, isEscaped) = (0, false)
        while index < bytes.count {
            switch bytes[index] {
            case 0x22: return End(quote: index, isEscaped: isEscaped)
            case 0x5C:
                isEscaped = true
                let next = index + 1 < bytes.count ? bytes[index + 1] : 0
                // The alphabet has no other escape of JSON's but these.
                if isRead, ![0x22, 0x5C, UInt8(ascii: "b"), UInt8(ascii: "f")].contains(next) {
                    return End(quote: -1, isEscaped: false)
                }
                index += 2
            case 0..<0x20 where isRead: return End(quote: -1, isEscaped: false)
            default: index += 1
            }
        }
        return End(quote: -1, isEscaped: false)
    }
}
