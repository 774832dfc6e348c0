internal import UsageModel

extension Spool {
    /// The sealed bytes of a synced batch, checked against their checksum.
    package func readBatch(_ spoolSequence: UInt64) throws(SpoolError) -> [UInt8] {
        guard let batch = state.batch(spoolSequence) else {
            throw SpoolError(.noSuchBatch, "the spool holds no synced batch \(spoolSequence)")
        }
        let payload = try readPayload(batch.place, batches)
        return Array(payload.suffix(batch.entry.byteCount))
    }

    /// Hands over every write-ahead record that recovery found and no batch covers, in order.
    ///
    /// - Throws: ``SpoolError`` where a record can't be read any more; else what `body` throws.
    package func replayWriteAhead(_ body: (_ payload: [UInt8], _ position: UInt64) throws -> Void) throws {
        for place in recoveredWriteAhead where place.position > state.progress.coversWriteAheadThrough {
            try body(readPayload(place, writeAhead), place.position)
        }
    }

    /// Hands over the write-ahead records that recovery found and batches cover, in order, as far as they can be read:
    /// what they counted is safe, and a start never fails for the rest.
    package func replayKeptWriteAhead(_ body: (_ payload: [UInt8], _ position: UInt64) -> Void) {
        var open: (segment: UInt64, file: OpenFile)?
        defer { if let open { fileSystem.close(open.file) } }
        for place in recoveredWriteAhead where place.position <= state.progress.coversWriteAheadThrough {
            if open?.segment != place.segment {
                if let open { fileSystem.close(open.file) }
                open = openKeptSegment(place).map { (place.segment, $0) }
            }
            guard let file = open?.file, let payload = try? readPayload(place, writeAhead, from: file) else { continue }
            body(payload, place.position)
        }
    }

    /// How often a segment is opened that can't be, before what it is kept for is given up.
    private static let attemptsToOpen = 4

    /// Opens a segment that is kept though a batch covers it; an error may pass.
    private func openKeptSegment(_ place: RecordPlace) -> OpenFile? {
        for _ in 0..<Self.attemptsToOpen {
            if let file = try? openSegment(place, writeAhead) { return file }
        }
        return nil
    }

    func readPayload(_ place: RecordPlace, _ log: SegmentLog) throws(SpoolError) -> [UInt8] {
        let file = try openSegment(place, log)
        defer { fileSystem.close(file) }
        return try readPayload(place, log, from: file)
    }

    private func openSegment(_ place: RecordPlace, _ log: SegmentLog) throws(SpoolError) -> OpenFile {
        guard let segment = log.segments.first(where: { $0.number == place.segment }) else {
            throw SpoolError(.noSuchBatch, "segment \(place.segment) is no longer kept")
        }
        do throws(FileSystemError) {
            return try fileSystem.open("\(directory)/\(segment.name)", .read)
        } catch {
            throw SpoolError(reading: directory, error)
        }
    }

    private func readPayload(
        _ place: RecordPlace, _ log: SegmentLog, from file: OpenFile
    ) throws(SpoolError) -> [UInt8] {
        var bytes: [UInt8] = []
        let wanted = SpoolFormat.recordHeaderBytes + place.payloadCount
        let count: Int
        do throws(FileSystemError) {
            count = try fileSystem.readAll(file, at: place.offset, count: wanted, into: &bytes)
        } catch {
            throw SpoolError(reading: directory, error)
        }
        let identity = SegmentIdentity(log: log.kind, spoolID: spoolID, number: place.segment).checksum
        let record = unsafe bytes.span.bytes
        guard count == wanted, let frame = Frame.decode(record, identity: identity),
            frame.position == place.position, frame.payloadCount == place.payloadCount,
            frame.isPayloadSound(record, identity: identity)
        else {
            throw SpoolError(
                .noSuchBatch,
                "\(log.kind.fileName(place.segment)) at byte \(place.offset): the record no longer passes its checksum")
        }
        return record.array(SpoolFormat.recordHeaderBytes..<wanted)
    }
}
