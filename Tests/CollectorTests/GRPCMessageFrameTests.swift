import HTTPSupport
import NIOCore
import Testing

@testable import Collector

@Suite struct GRPCMessageFrameTests {
    private func read(_ bytes: [UInt8], pieceBytes: Int, limit: Int = 64) -> Result<[UInt8], Problem> {
        var frame = GRPCMessageFrame(limit: limit)
        do throws(Problem) {
            for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
                try frame.add(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + pieceBytes)]))
            }
            return .success(Array(try frame.finish().readableBytesView))
        } catch {
            return .failure(error)
        }
    }

    @Test func `a message is the same however its bytes come`() {
        let message = Array("message".utf8)
        for pieceBytes in 1...16 {
            #expect(read(GRPCCall.framed(message), pieceBytes: pieceBytes) == .success(GRPCCall.framed(message)))
            // What is compressed stays as it is, and gRPC isn't told.
            #expect(
                read(GRPCCall.framed(message, isCompressed: true), pieceBytes: pieceBytes)
                    == .success(GRPCCall.framed(message)))
            #expect(read(GRPCCall.framed([]), pieceBytes: pieceBytes) == .success(GRPCCall.framed([])))
        }
    }

    @Test func `a message that is cut at any byte is refused`() {
        let whole = GRPCCall.framed(Array("message".utf8))
        for length in 1..<whole.count {
            for pieceBytes in [1, 3, 16] {
                #expect(read(Array(whole[..<length]), pieceBytes: pieceBytes) == .failure(.bodyCut), "\(length)")
            }
        }
        #expect(read([], pieceBytes: 1) == .failure(.notOneMessage))
    }

    @Test func `what is said to be too large, or is more than one message, is refused`() {
        for pieceBytes in 1...16 {
            #expect(
                read(GRPCCall.framed([], length: 65), pieceBytes: pieceBytes)
                    == .failure(.bodyTooLarge(limitBytes: 64)))
            #expect(
                read(GRPCCall.framed([1]) + GRPCCall.framed([2]), pieceBytes: pieceBytes) == .failure(.notOneMessage))
            #expect(read([2, 0, 0, 0, 0], pieceBytes: pieceBytes) == .failure(.notOneMessage))
        }
    }
}
