internal import SwiftProtobuf
internal import Testing
internal import UsageModel
internal import WireProtocol

@testable internal import BatchFormat

@Suite struct HandMadeMessageTests {
    @Test func `the message that the lies are made from is sound`() throws {
        let message: [UInt8] = try HandMadeMessage.soundBatch().serializedBytes()
        let opened = try BatchDecoder.decode(message: message)
        #expect(opened.rows.rows.count == 5)
        #expect(try BatchEncoder.message(opened.header, opened.rows) == message)
    }

    @Test func `a message that lies is refused with the code that names its fault`() throws {
        let messages = try HandMadeMessage.all()
        #expect(messages.count >= 75)
        for message in messages {
            let error = #expect(throws: BatchError.self, "\(message.name)") {
                try BatchDecoder.decode(message: message.bytes)
            }
            #expect(error?.code == message.code, "\(message.name): \(String(describing: error))")
            #expect(error?.message.isEmpty == false)
        }
    }

    @Test func `a column longer than any batch is refused before an array is made of it`() throws {
        var batch = try HandMadeMessage.soundBatch()
        batch.rows.input = Array(repeating: 1, count: Limits.maxRowsPerBatch + 1)
        let message: [UInt8] = try batch.serializedBytes()
        let error = #expect(throws: BatchError.self) { try BatchDecoder.decode(message: message) }
        #expect(error?.code == .badMessage && error?.field == "rows.input")
    }
}
