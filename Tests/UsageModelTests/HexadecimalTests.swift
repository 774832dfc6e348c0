import Testing
import UsageModel

@Suite struct HexadecimalTests {
    @Test func `a digest and a spool id come back from their digits`() {
        let bytes = (0..<32).map { UInt8($0 * 8 + 1) }
        #expect(BatchDigest(bytes: bytes)?.bytes == bytes)
        #expect(BatchDigest(bytes: bytes).flatMap { BatchDigest(hex: $0.hex.uppercased()) }?.bytes == bytes)
        #expect(SpoolID(bytes: bytes.prefix(16)).flatMap { SpoolID(hex: $0.hex) }?.bytes == Array(bytes.prefix(16)))
    }

    @Test(arguments: ["0", "0g", "00 ", "００"])
    func `refuses what is no pair of digits`(text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
    }

    @Test func `refuses other lengths`() {
        #expect(BatchDigest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(SpoolID(hex: String(repeating: "0", count: 34)) == nil)
    }
}
