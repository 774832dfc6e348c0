internal import SwiftProtobuf
internal import Usage
internal import WireProtocol

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// The marks of one accepted request.
package struct AcceptedMarks: Sendable, Equatable {
    /// When the request was accepted, by the collector's clock, in milliseconds since 1970; 0 where there are no marks.
    package var acceptedAtMilliseconds: Int64
    /// No key twice.
    package var marks: [EventMark]

    package init(acceptedAtMilliseconds: Int64 = 0, marks: [EventMark] = []) {
        self.acceptedAtMilliseconds = marks.isEmpty ? 0 : acceptedAtMilliseconds
        self.marks = marks
    }

    package var isEmpty: Bool { marks.isEmpty }

    /// - Throws: ``BatchError`` for more marks than a record may hold, or a time that no record may say.
    func write(to wire: inout WireAcceptedRows) throws(BatchError) {
        if marks.isEmpty { return }
        guard marks.count <= EventMark.maxPerRecord else {
            throw BatchError(.badMessage, field: "event_marks", "\(marks.count) are more than one record may hold")
        }
        guard (1...BatchBounds.maxSealedAtMilliseconds).contains(acceptedAtMilliseconds) else {
            throw BatchError(
                .badMessage, field: "accepted_at_milliseconds", "\(acceptedAtMilliseconds) is out of range")
        }
        wire.acceptedAtMilliseconds = UInt64(acceptedAtMilliseconds)
        wire.eventMarks.reserveCapacity(marks.count * EventMark.byteCount)
        for mark in marks {
            unsafe withUnsafeBytes(of: mark.key.littleEndian) { unsafe wire.eventMarks.append(contentsOf: $0) }
            unsafe withUnsafeBytes(of: mark.content.littleEndian) { unsafe wire.eventMarks.append(contentsOf: $0) }
        }
    }

    init(_ wire: WireAcceptedRows) throws(BatchError) {
        let bytes = Array(wire.eventMarks)
        unsafe try self.init(
            acceptedAtMilliseconds: Int64(wire.acceptedAtMilliseconds), bytes: bytes.span.bytes)
    }

    /// - Parameter bytes: ``EventMark/byteCount`` for each mark.
    init(acceptedAtMilliseconds: Int64, bytes: RawSpan) throws(BatchError) {
        guard bytes.byteCount % EventMark.byteCount == 0, bytes.isEmpty == (acceptedAtMilliseconds == 0) else {
            throw BatchError(
                .badMessage, field: "event_marks", "is no whole number of marks, or when they were accepted is missing")
        }
        var marks: [EventMark] = []
        marks.reserveCapacity(bytes.byteCount / EventMark.byteCount)
        for offset in stride(from: 0, to: bytes.byteCount, by: EventMark.byteCount) {
            let (low, high) = (bytes.littleEndianWord(at: offset), bytes.littleEndianWord(at: offset + 8))
            marks.append(
                EventMark(key: UInt128(high) << 64 | UInt128(low), content: bytes.littleEndianWord(at: offset + 16)))
        }
        self.init(acceptedAtMilliseconds: acceptedAtMilliseconds, marks: marks)
    }
}

extension RawSpan {
    fileprivate func littleEndianWord(at offset: Int) -> UInt64 { UInt64(littleEndian: word(at: offset)) }
}
