internal import UsageModel

/// One of the spool's two logs: its segments, and the one that is being written.
struct SegmentLog {
    let kind: LogKind
    let directory: String
    let spoolID: SpoolID
    /// Size at which the next segment is begun, in bytes.
    let segmentBytes: UInt64
    let fileSystem: any FileSystem
    let clock: any WallClock

    /// Ascending by number; the last is the one being written, if any is.
    var segments: [SegmentFile] = []
    /// The segment being written; `nil` at first and after a failure.
    var current: OpenFile?
    /// The number that the next new segment gets.
    var nextNumber: UInt64 = 1
    /// The position that the next record gets: the one after the last durable one.
    var nextPosition: UInt64 = 1

    var byteCount: UInt64 { segments.reduce(0) { $0 + $1.byteCount } }

    /// Makes records durable, in the current segment or, where that fails, in a new one.
    ///
    /// - Parameter opening: the payload of the state record that a new segment begins with; `nil` for none.
    /// - Returns: where each record now stands.
    mutating func commit(_ records: [PendingRecord], opening: [UInt8]?) throws(FileSystemError) -> [RecordPlace] {
        if records.isEmpty { return [] }
        do throws(FileSystemError) {
            return try write(records, opening)
        } catch {
            abandonCurrent()
            // Not onto a full disk: that would only litter it with empty segments.
            if error.isOutOfSpace { throw error }
        }
        do throws(FileSystemError) {
            return try write(records, opening)
        } catch {
            abandonCurrent()
            throw error
        }
    }

    /// Deletes the segment's file and forgets it.
    ///
    /// - Returns: the bytes freed.
    mutating func remove(_ segment: SegmentFile) throws(FileSystemError) -> UInt64 {
        try fileSystem.remove("\(directory)/\(segment.name)")
        segments.removeAll { $0.number == segment.number }
        return segment.byteCount
    }

    /// Gives the current segment up for good. What was synced in it stays.
    mutating func abandonCurrent() {
        guard let file = current else { return }
        // What wasn't synced must not come back at the next start. A new segment makes it void in any case; this helps
        // where none can be made any more, so a failure changes nothing.
        if let size = segments.last?.byteCount { try? fileSystem.truncate(file, to: size) }
        fileSystem.close(file)
        current = nil
    }

    private mutating func write(_ records: [PendingRecord], _ opening: [UInt8]?) throws(FileSystemError)
        -> [RecordPlace]
    {
        if let size = segments.last?.byteCount, size >= segmentBytes { closeCurrent() }
        if current == nil { try beginSegment(opening) }
        guard let file = current, let segment = segments.last else { return [] }
        precondition(
            segment.byteCount % UInt64(SpoolFormat.recordAlignment) == 0,
            "segment \(segment.name) ends at \(segment.byteCount), where no record may begin")
        let identity = SegmentIdentity(log: kind, spoolID: spoolID, number: segment.number).checksum
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.reduce(0) { $0 + $1.payload.count + 2 * SpoolFormat.recordHeaderBytes })
        var places: [RecordPlace] = []
        for (index, record) in records.enumerated() {
            let position = nextPosition + UInt64(index)
            places.append(
                RecordPlace(
                    segment: segment.number, offset: segment.byteCount + UInt64(bytes.count), position: position,
                    payloadCount: record.payload.count))
            Frame.append(record.type, position: position, payload: record.payload, identity: identity, to: &bytes)
        }
        unsafe try fileSystem.writeAll(file, at: segment.byteCount, bytes.span.bytes)
        try fileSystem.synchronize(file)
        segments[segments.count - 1].byteCount += UInt64(bytes.count)
        segments[segments.count - 1].lastRecordMilliseconds = clock.nowMilliseconds()
        nextPosition += UInt64(records.count)
        segments[segments.count - 1].lastPosition = nextPosition - 1
        return places
    }

    private mutating func closeCurrent() {
        if let file = current { fileSystem.close(file) }
        current = nil
    }

    /// Makes a new segment, durable under its name, and opens it.
    private mutating func beginSegment(_ opening: [UInt8]?) throws(FileSystemError) {
        // A number is used once, whatever becomes of the segment.
        let number = nextNumber
        nextNumber += 1
        let identity = SegmentIdentity(log: kind, spoolID: spoolID, number: number)
        let now = clock.nowMilliseconds()
        // From the first position that isn't durable yet: whatever a failed segment holds from there on is void.
        var bytes = SegmentHeader(identity: identity, createdMilliseconds: now, firstPosition: nextPosition).encoded()
        if let opening {
            Frame.append(.state, position: nextPosition, payload: opening, identity: identity.checksum, to: &bytes)
        }
        let name = kind.fileName(number)
        try fileSystem.writeDurably(bytes, as: name, in: directory)
        if opening != nil { nextPosition += 1 }
        segments.append(
            SegmentFile(
                number: number, name: name, byteCount: UInt64(bytes.count), lastRecordMilliseconds: now,
                lastPosition: nextPosition - 1))
        current = try fileSystem.open("\(directory)/\(name)", .readWrite)
    }
}
