internal import SwiftProtobuf
internal import Testing
internal import UsageModel
internal import WireProtocol

@testable internal import BatchFormat

@Suite("Messages that lie")
struct HandMadeMessageTests {
    @Test("The message that the lies are made from is sound")
    func sound_one_decodes() throws {
        let message: [UInt8] = try HandMadeMessage.soundBatch().serializedBytes()
        let opened = try BatchDecoder.decode(message: message)
        #expect(opened.rows.rows.count == 5)
        #expect(try BatchEncoder.message(opened.header, opened.rows) == message)
    }

    @Test("Each is refused with the code that names its fault")
    func lies_are_refused() throws {
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

    @Test("A column longer than any batch is refused before an array is made of it")
    func long_column() throws {
        var batch = try HandMadeMessage.soundBatch()
        batch.rows.input = Array(repeating: 1, count: Limits.maxRowsPerBatch + 1)
        let message: [UInt8] = try batch.serializedBytes()
        let error = #expect(throws: BatchError.self) { try BatchDecoder.decode(message: message) }
        #expect(error?.code == .badMessage && error?.field == "rows.input")
    }
}
