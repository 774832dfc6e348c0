/// Finds the records of one segment in its bytes, whatever has happened to them.
struct SegmentScanner {
    /// What is between sound records.
    struct Gap: Equatable {
        var offset: Int
        var count: Int
        var reason: String
        /// Nothing sound follows: at the end of a log this may be a write that was never synced.
        var isTail: Bool
    }

    /// Checksums start from here.
    let identity: CRC32C
    /// Records from this position on are void: a later segment holds their successors.
    let positionLimit: UInt64
    /// The position of the last sound record so far; positions must rise.
    var lastPosition: UInt64

    /// Goes through the segment.
    ///
    /// - Parameters:
    ///   - bytes: the whole segment, header included.
    ///   - record: takes each sound record, with the offset of its frame.
    ///   - gap: takes everything else.
    mutating func scan(
        _ bytes: RawSpan, record: (Frame, _ offset: Int, _ payload: RawSpan) -> Void, gap: (Gap) -> Void
    ) {
        var offset = SpoolFormat.recordsStart
        while offset < bytes.byteCount {
            let rest = bytes.extracting(offset..<bytes.byteCount)
            guard let frame = Frame.decode(rest, identity: identity) else {
                offset = skipDamage(bytes, from: offset, reason: "no whole record", gap: gap)
                continue
            }
            guard frame.isPayloadSound(rest, identity: identity) else {
                offset = skip(frame, in: bytes, from: offset, gap: gap)
                continue
            }
            accept(frame, at: offset, rest: rest, record: record)
            offset += frame.alignedCount
        }
    }

    private mutating func accept(
        _ frame: Frame, at offset: Int, rest: RawSpan, record: (Frame, Int, RawSpan) -> Void
    ) {
        // Void, or a second copy of what was there already: neither is lost, and neither may count.
        guard frame.position < positionLimit, frame.position > lastPosition else { return }
        lastPosition = frame.position
        let start = SpoolFormat.recordHeaderBytes
        record(frame, offset, rest.extracting(start..<start + frame.payloadCount))
    }

    /// Skips a record whose frame is sound but whose payload isn't.
    private func skip(_ frame: Frame, in bytes: RawSpan, from offset: Int, gap: (Gap) -> Void) -> Int {
        let end = offset + frame.alignedCount
        guard end <= bytes.byteCount else {
            return skipDamage(
                bytes, from: offset, reason: "the record at position \(frame.position) is cut short", gap: gap)
        }
        let isTail = end == bytes.byteCount
        if frame.position < positionLimit {
            gap(
                Gap(
                    offset: offset, count: frame.alignedCount,
                    reason: "the payload of the record at position \(frame.position) doesn't pass its checksum",
                    isTail: isTail))
        }
        return end
    }

    /// Skips to the next sound record, or to the end.
    private func skipDamage(_ bytes: RawSpan, from offset: Int, reason: String, gap: (Gap) -> Void) -> Int {
        var next = offset + SpoolFormat.recordAlignment
        while next < bytes.byteCount {
            let rest = bytes.extracting(next..<bytes.byteCount)
            if Frame.decode(rest, identity: identity) != nil { break }
            next += SpoolFormat.recordAlignment
        }
        let end = min(next, bytes.byteCount)
        gap(Gap(offset: offset, count: end - offset, reason: reason, isTail: end == bytes.byteCount))
        return end
    }
}
