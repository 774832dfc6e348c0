internal import Testing

@testable internal import Spool

@Suite struct CRC32CTests {
    @Test func `the published check values come out`() {
        let cases: [([UInt8], UInt32)] = [
            ([], 0), (Array("123456789".utf8), 0xE306_9283), ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
        ]
        for (bytes, expected) in cases { #expect(unsafe CRC32C.of(bytes.span.bytes) == expected) }
    }

    @Test func `every length, whole and in two parts, equals the checksum bit by bit`() {
        let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ 17) }
        for length in 0...bytes.count {
            let part = Array(bytes.prefix(length))
            let expected = bitwise(part)
            #expect(unsafe CRC32C.of(part.span.bytes) == expected)
            for split in 0...length {
                let (left, right) = (Array(part[..<split]), Array(part[split...]))
                var checksum = CRC32C()
                unsafe checksum.update(left.span.bytes)
                unsafe checksum.update(right.span.bytes)
                #expect(checksum.value == expected)
            }
        }
    }

    private func bitwise(_ bytes: [UInt8]) -> UInt32 {
        var state: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state & 1 == 1 ? state >> 1 ^ 0x82F6_3B78 : state >> 1 }
        }
        return ~state
    }
}
