internal import UsageModel

/// What recovering a log gave beside its records.
struct LogRecovery {
    var damage: DamageReport
    /// Bytes at the log's end that were never synced.
    var tornTailBytes: UInt64 = 0
    /// Reused from segment to segment.
    var buffer: [UInt8] = []
    /// Records that may have been lost since the last one that `isLandmark` held for.
    var lostSinceLandmark: UInt64 = 0
}

extension SegmentLog {
    /// Scans the log's segments in order and gets ready to append behind them.
    ///
    /// - Parameters:
    ///   - inventory: all segment files of the directory.
    ///   - record: takes each record; answers whether it is a landmark, for ``LogRecovery/lostSinceLandmark``.
    /// - Throws: `inputOutput` where a segment can't even be opened.
    mutating func recover(
        _ inventory: SegmentInventory, _ recovery: inout LogRecovery,
        record: (Frame, RecordPlace, RawSpan) -> Bool
    ) throws(SpoolError) {
        let candidates = usable(inventory, &recovery)
        // The first position whose record isn't void, for each segment: see "Recovery" in SpoolFormat.
        var limits = [UInt64](repeating: .max, count: candidates.count)
        for index in candidates.indices.dropLast().reversed() {
            limits[index] = min(limits[index + 1], candidates[index + 1].header?.firstPosition ?? .max)
        }
        var lastPosition = candidates.first?.header.map { $0.firstPosition - 1 }
        for (index, candidate) in candidates.enumerated() {
            var scan = SegmentScan(
                log: self, candidate: candidate, positionLimit: limits[index], lastPosition: lastPosition,
                isLast: index == candidates.count - 1)
            try scan.run(&recovery, record)
            lastPosition = scan.lastPosition
            segments.append(scan.segment)
        }
        try syncTail()
        let headerPosition = candidates.compactMap { $0.header?.firstPosition }.max() ?? 1
        nextPosition = max(nextPosition, headerPosition, (lastPosition ?? 0) + 1)
    }

    /// Makes durable what was found at the log's end.
    ///
    /// The process before may have been killed between writing and syncing. Its records are there to be read, but a
    /// power cut could still take them, after this process has built on them. Older segments were synced when they were
    /// left.
    private func syncTail() throws(SpoolError) {
        guard let last = segments.last else { return }
        do throws(FileSystemError) {
            let file = try fileSystem.open("\(directory)/\(last.name)", .read)
            defer { fileSystem.close(file) }
            try fileSystem.synchronize(file)
        } catch {
            throw SpoolError(opening: directory, error)
        }
    }

    /// The log's segments in order; what can't be used is quarantined.
    private func usable(_ inventory: SegmentInventory, _ recovery: inout LogRecovery) -> [SegmentCandidate] {
        var chosen: [UInt64: SegmentCandidate] = [:]
        for candidate in inventory.candidates where candidate.log == kind {
            if let header = candidate.header, header.identity.spoolID != spoolID {
                recovery.damage.addFile(
                    candidate.name, byteCount: candidate.byteCount, reason: "belongs to another spool")
                continue
            }
            guard let rival = chosen[candidate.number] else {
                chosen[candidate.number] = candidate
                continue
            }
            let (kept, other) = candidate.isRightlyNamed ? (candidate, rival) : (rival, candidate)
            chosen[candidate.number] = kept
            recovery.damage.addFile(
                other.name, byteCount: other.byteCount,
                reason: "is a second file of segment \(candidate.number), beside \(kept.name)")
        }
        return chosen.values.sorted { $0.number < $1.number }
    }
}

/// The scan of one segment: tells damage from writes that were never synced.
private struct SegmentScan {
    let log: SegmentLog
    let candidate: SegmentCandidate
    let positionLimit: UInt64
    /// `nil` where nothing is known yet.
    private(set) var lastPosition: UInt64?
    let isLast: Bool
    private(set) var segment: SegmentFile
    private var gaps: [SegmentScanner.Gap] = []

    init(log: SegmentLog, candidate: SegmentCandidate, positionLimit: UInt64, lastPosition: UInt64?, isLast: Bool) {
        self.log = log
        self.candidate = candidate
        self.positionLimit = positionLimit
        self.lastPosition = lastPosition
        self.isLast = isLast
        segment = SegmentFile(
            number: candidate.number, name: candidate.name, byteCount: candidate.byteCount,
            lastRecordMilliseconds: candidate.header?.createdMilliseconds ?? log.clock.nowMilliseconds(),
            lastPosition: 0)
    }

    mutating func run(
        _ recovery: inout LogRecovery, _ record: (Frame, RecordPlace, RawSpan) -> Bool
    ) throws(SpoolError) {
        var buffer: [UInt8] = []
        swap(&buffer, &recovery.buffer)
        defer { swap(&buffer, &recovery.buffer) }
        let count = try read(into: &buffer, &recovery)
        let bytes = unsafe buffer.span.bytes.extracting(0..<count)
        noteHeader(bytes, &recovery)
        let identity = SegmentIdentity(log: log.kind, spoolID: log.spoolID, number: candidate.number)
        var scanner = SegmentScanner(
            identity: identity.checksum, positionLimit: positionLimit, lastPosition: lastPosition ?? 0)
        var (scan, outcome) = (self, recovery)
        scanner.scan(bytes) { frame, offset, payload in
            scan.reportGaps(before: frame.position, at: offset, bytes, &outcome)
            scan.noteUnusedBytes(frame, at: offset, in: bytes, to: &outcome)
            scan.lastPosition = frame.position
            scan.segment.lastPosition = frame.position
            let place = RecordPlace(
                segment: scan.candidate.number, offset: UInt64(offset), position: frame.position,
                payloadCount: frame.payloadCount)
            if record(frame, place, payload) { outcome.lostSinceLandmark = 0 }
        } gap: { gap in
            scan.gaps.append(gap)
        }
        scan.finish(bytes, &outcome)
        (self, recovery) = (scan, outcome)
    }

    /// Reports what lies between the last record and the one at `position`, if anything is lost there.
    private mutating func reportGaps(
        before position: UInt64, at offset: Int, _ bytes: RawSpan, _ recovery: inout LogRecovery
    ) {
        defer { gaps = [] }
        if let lastPosition {
            guard position > lastPosition + 1 else { return }
            recovery.lostSinceLandmark += position - lastPosition - 1
            if gaps.isEmpty {
                recovery.damage.addMissing(candidate.name, offset: offset, positions: lastPosition + 1..<position)
            }
        }
        report(gaps, in: bytes, to: &recovery)
    }

    private mutating func finish(_ bytes: RawSpan, _ recovery: inout LogRecovery) {
        guard isLast else {
            // What a later segment repeats was never synced here.
            if positionLimit != .max { reportGaps(before: positionLimit, at: bytes.byteCount, bytes, &recovery) }
            if positionLimit == .max { report(gaps, in: bytes, to: &recovery) }
            // The check against the next segment is done: it must not be told the same again.
            if positionLimit != .max { lastPosition = max(lastPosition ?? 0, positionLimit - 1) }
            return
        }
        let torn = gaps.last.map { $0.isTail && isTorn($0, bytes) } ?? false
        if torn, let tail = gaps.popLast() { recovery.tornTailBytes += UInt64(tail.count) }
        recovery.lostSinceLandmark += UInt64(gaps.count)
        report(gaps, in: bytes, to: &recovery)
    }

    /// Whether a tail is the beginning of a record, or room that was never filled.
    private func isTorn(_ gap: SegmentScanner.Gap, _ bytes: RawSpan) -> Bool {
        if gap.count < SpoolFormat.recordHeaderBytes { return true }
        let identity = SegmentIdentity(log: log.kind, spoolID: log.spoolID, number: candidate.number).checksum
        let tail = bytes.extracting(gap.offset..<gap.offset + gap.count)
        if let frame = Frame.decode(tail, identity: identity) {
            return SpoolFormat.recordHeaderBytes + frame.payloadCount > gap.count
        }
        return (0..<gap.count).allSatisfy { tail.integer(at: $0, as: UInt8.self) == 0 }
    }

    private mutating func report(_ gaps: [SegmentScanner.Gap], in bytes: RawSpan, to recovery: inout LogRecovery) {
        for gap in gaps {
            let isCopied = recovery.damage.add(
                candidate.name, offset: gap.offset, bytes: bytes.extracting(gap.offset..<gap.offset + gap.count),
                reason: gap.reason)
            if !isCopied { segment.holdsOnlyCopy = true }
        }
    }

    /// Bytes that must be zero decide nothing; where they aren't, the disk altered them and may alter more.
    private mutating func noteUnusedBytes(
        _ frame: Frame, at offset: Int, in bytes: RawSpan, to recovery: inout LogRecovery
    ) {
        let end = min(offset + frame.alignedCount, bytes.byteCount)
        guard !frame.areUnusedBytesZero(bytes.extracting(offset..<end)) else { return }
        let gap = SegmentScanner.Gap(
            offset: offset, count: end - offset,
            reason: "the record at position \(frame.position) is whole, but bytes beside it that must be zero are not",
            isTail: false)
        report([gap], in: bytes, to: &recovery)
    }

    private func noteHeader(_ bytes: RawSpan, _ recovery: inout LogRecovery) {
        let copies = bytes.extracting(0..<min(SpoolFormat.recordsStart, bytes.byteCount))
        let reason: String
        if let header = candidate.header {
            guard header.encoded() != copies.array(0..<copies.byteCount) else { return }
            reason = "one copy of the header is damaged; the other stands in for it"
        } else {
            reason = "both copies of the header are damaged; the file's name stands in for them"
        }
        recovery.damage.add(candidate.name, offset: 0, bytes: copies, reason: reason)
    }

    /// Reads the file; pages that can't be read are zeros, and reported.
    ///
    /// - Returns: how many bytes of `buffer` are the file's.
    private mutating func read(into buffer: inout [UInt8], _ recovery: inout LogRecovery) throws(SpoolError) -> Int {
        let size = Int(candidate.byteCount)
        let file: OpenFile
        do throws(FileSystemError) {
            file = try log.fileSystem.open("\(log.directory)/\(candidate.name)", .read)
        } catch {
            throw SpoolError(opening: log.directory, error)
        }
        defer { log.fileSystem.close(file) }
        if let count = try? log.fileSystem.readAll(file, at: 0, count: size, into: &buffer) { return count }
        let pageBytes = 4_096
        var page: [UInt8] = []
        for start in stride(from: 0, to: size, by: pageBytes) {
            let length = min(pageBytes, size - start)
            do throws(FileSystemError) {
                let count = try log.fileSystem.readAll(file, at: UInt64(start), count: length, into: &page)
                for index in 0..<length { buffer[start + index] = index < count ? page[index] : 0 }
            } catch {
                for index in 0..<length { buffer[start + index] = 0 }
                recovery.damage.add(candidate.name, offset: start, bytes: RawSpan(), reason: "can't be read: \(error)")
                segment.holdsOnlyCopy = true
            }
        }
        return size
    }
}
