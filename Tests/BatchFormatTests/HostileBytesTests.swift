internal import Testing
internal import UsageModel

@testable internal import BatchFormat

@Suite struct HostileBytesTests {
    private func smallBatch(isFlagged: Bool = false) throws -> (sealed: [UInt8], message: [UInt8]) {
        let (rows, eventCount) = try UsageRows.random(count: 6, seed: 2, isFlagged: isFlagged)
        let header = BatchHeader.sample(eventCount: eventCount, rejections: [.syntax: 3])
        return (try BatchEncoder().seal(header, rows).bytes, try BatchEncoder.message(header, rows))
    }

    @Test func `a sealed batch cut at any byte is refused`() throws {
        let sealed = try smallBatch().sealed
        for length in 0..<sealed.count {
            #expect(throws: BatchError.self) { try BatchDecoder().decode(Array(sealed.prefix(length))) }
        }
    }

    @Test func `a sealed batch with any one bit flipped is refused, or says the same`() throws {
        let sealed = try smallBatch().sealed
        let original = try BatchDecoder().decode(sealed)
        for bit in 0..<sealed.count * 8 {
            var flipped = sealed
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            if let opened = try? BatchDecoder().decode(flipped) {
                #expect(opened == original, "bit \(bit)")
            }
        }
    }

    @Test(arguments: [false, true])
    func `a message cut at any byte is refused, unless it ends where a part ends and still adds up`(
        isFlagged: Bool
    ) throws {
        let message = try smallBatch(isFlagged: isFlagged).message
        for length in 0..<message.count {
            #expect(throws: BatchError.self) { try BatchDecoder.decode(message: Array(message.prefix(length))) }
        }
    }

    @Test(arguments: [false, true])
    func `a message with any one bit flipped is refused or canonical: it encodes to the same bytes again`(
        isFlagged: Bool
    ) throws {
        let message = try smallBatch(isFlagged: isFlagged).message
        for bit in 0..<message.count * 8 {
            var flipped = message
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let opened = try? BatchDecoder.decode(message: flipped) else { continue }
            #expect(try BatchEncoder.message(opened.header, opened.rows) == flipped, "bit \(bit)")
        }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `garbage is refused, bare and in a sound frame`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            #expect(throws: BatchError.self) { try BatchDecoder().decode(bytes) }
            #expect(throws: BatchError.self) { try BatchDecoder.decode(message: bytes) }
            #expect(throws: BatchError.self) { try RowsCodec.decode(bytes) }
        }
    }

    @Test(arguments: [false, true])
    func `a message with bytes garbled anywhere never decodes to something that isn't canonical`(
        isFlagged: Bool
    ) throws {
        let message = try smallBatch(isFlagged: isFlagged).message
        var generator = SeededGenerator(seed: 77)
        for _ in 0..<20_000 {
            var garbled = message
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<garbled.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: garbled[index] = .random(in: 0...255, using: &generator)
                case 1: garbled.remove(at: index)
                default: garbled.insert(.random(in: 0...255, using: &generator), at: index)
                }
            }
            guard let opened = try? BatchDecoder.decode(message: garbled) else { continue }
            #expect(try BatchEncoder.message(opened.header, opened.rows) == garbled)
        }
    }
}
