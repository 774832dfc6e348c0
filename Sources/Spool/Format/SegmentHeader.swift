internal import UsageModel

/// What makes a segment unlike any other: every checksum in it starts from here.
struct SegmentIdentity: Sendable, Equatable {
    var log: LogKind
    var spoolID: SpoolID
    var number: UInt64

    /// A checksum that has taken in the identity.
    var checksum: CRC32C {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: log.rawValue)
        bytes += spoolID.bytes
        bytes.append(littleEndian: number)
        var checksum = CRC32C()
        unsafe checksum.update(bytes.span.bytes)
        return checksum
    }
}

/// The header of a segment; see ``SpoolFormat``.
struct SegmentHeader: Sendable, Equatable {
    var identity: SegmentIdentity
    var createdMilliseconds: Int64
    var firstPosition: UInt64

    enum Problem: Error, Equatable {
        case damaged
        case unsupportedVersion(UInt32)
    }

    /// Both copies.
    func encoded() -> [UInt8] {
        var bytes = SpoolFormat.segmentMagic
        bytes.append(littleEndian: SpoolFormat.version)
        bytes.append(littleEndian: identity.log.rawValue)
        bytes += identity.spoolID.bytes
        bytes.append(littleEndian: identity.number)
        bytes.append(littleEndian: createdMilliseconds)
        bytes.append(littleEndian: firstPosition)
        bytes.append(littleEndian: unsafe CRC32C.of(bytes.span.bytes))
        bytes.append(littleEndian: UInt32(0))
        return bytes + bytes
    }

    /// The header from the first copy that passes its checksum.
    static func decode(_ bytes: RawSpan) throws(Problem) -> SegmentHeader {
        for start in [0, SpoolFormat.headerBytes] where start + SpoolFormat.headerBytes <= bytes.byteCount {
            if let header = try decodeCopy(bytes.extracting(start..<start + SpoolFormat.headerBytes)) { return header }
        }
        throw .damaged
    }

    private static func decodeCopy(_ bytes: RawSpan) throws(Problem) -> SegmentHeader? {
        guard CRC32C.of(bytes.extracting(0..<56)) == bytes.integer(at: 56, as: UInt32.self),
            bytes.array(0..<8) == SpoolFormat.segmentMagic
        else { return nil }
        let version = bytes.integer(at: 8, as: UInt32.self)
        guard version == SpoolFormat.version else { throw .unsupportedVersion(version) }
        guard let log = LogKind(rawValue: bytes.integer(at: 12)), let spoolID = SpoolID(bytes: bytes.array(16..<32))
        else { return nil }
        return SegmentHeader(
            identity: SegmentIdentity(log: log, spoolID: spoolID, number: bytes.integer(at: 32)),
            createdMilliseconds: bytes.integer(at: 40), firstPosition: bytes.integer(at: 48))
    }
}
