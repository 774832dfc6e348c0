/// What a record says it is. The raw value stands in record headers.
enum RecordType: UInt32, Sendable {
    case batch = 1
    case acknowledged = 2
    case epoch = 3
    case state = 4
    case writeAhead = 5
}

/// The frame of a record: the 32 bytes before its payload; see ``SpoolFormat``.
struct Frame: Sendable, Equatable {
    var type: RecordType
    var position: UInt64
    var payloadCount: Int

    /// Bytes from this record to where the next may begin.
    var alignedCount: Int { SpoolFormat.aligned(SpoolFormat.recordHeaderBytes + payloadCount) }

    /// Appends a whole record to `bytes`.
    static func append(
        _ type: RecordType, position: UInt64, payload: [UInt8], identity: CRC32C, to bytes: inout [UInt8]
    ) {
        var head: [UInt8] = []
        head.append(littleEndian: SpoolFormat.recordMarker)
        head.append(littleEndian: UInt32(payload.count))
        head.append(littleEndian: position)
        head.append(littleEndian: type.rawValue)
        var checksum = identity
        unsafe checksum.update(head.span.bytes)
        head.append(littleEndian: checksum.value)
        head.append(
            littleEndian: unsafe payloadChecksum(head: head.span.bytes, payload: payload.span.bytes, identity: identity)
        )
        head.append(littleEndian: UInt32(0))
        bytes += head
        bytes += payload
        bytes.append(contentsOf: repeatElement(0, count: SpoolFormat.aligned(payload.count) - payload.count))
    }

    /// The frame at the start of `bytes`, if its own checksum passes. The payload may be damaged or cut short still.
    static func decode(_ bytes: RawSpan, identity: CRC32C) -> Frame? {
        guard bytes.byteCount >= SpoolFormat.recordHeaderBytes,
            bytes.integer(at: 0, as: UInt32.self) == SpoolFormat.recordMarker
        else { return nil }
        var checksum = identity
        checksum.update(bytes.extracting(0..<20))
        guard checksum.value == bytes.integer(at: 20, as: UInt32.self),
            let type = RecordType(rawValue: bytes.integer(at: 16))
        else { return nil }
        let payloadCount = Int(bytes.integer(at: 4, as: UInt32.self))
        guard payloadCount <= SpoolFormat.maxPayloadBytes else { return nil }
        return Frame(type: type, position: bytes.integer(at: 8), payloadCount: payloadCount)
    }

    /// Whether the payload behind this frame is all there and passes its checksum.
    func isPayloadSound(_ bytes: RawSpan, identity: CRC32C) -> Bool {
        let end = SpoolFormat.recordHeaderBytes + payloadCount
        guard end <= bytes.byteCount else { return false }
        let payload = bytes.extracting(SpoolFormat.recordHeaderBytes..<end)
        return Self.payloadChecksum(head: bytes, payload: payload, identity: identity)
            == bytes.integer(at: 24, as: UInt32.self)
    }

    /// Whether the zeros of the frame, and those behind the payload, are zeros.
    ///
    /// - Parameter bytes: the whole record, from its frame to where the next may begin or the file ends.
    func areUnusedBytesZero(_ bytes: RawSpan) -> Bool {
        let start = SpoolFormat.recordHeaderBytes + payloadCount
        return bytes.integer(at: 28, as: UInt32.self) == 0
            && (start..<bytes.byteCount).allSatisfy { bytes.integer(at: $0, as: UInt8.self) == 0 }
    }

    private static func payloadChecksum(head: RawSpan, payload: RawSpan, identity: CRC32C) -> UInt32 {
        var checksum = identity
        checksum.update(head.extracting(0..<24))
        checksum.update(payload)
        return checksum.value
    }
}
