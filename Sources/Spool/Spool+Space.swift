internal import UsageModel

extension Spool {
    /// Throws `full` with the remedy when new input must be refused: too little free space, or the directory too large.
    package func checkSpace() throws(SpoolError) {
        guard bytesOnDisk < settings.maxBytes else {
            throw SpoolError(
                .full,
                "the spool \(directory) holds \(bytesOnDisk) bytes, its limit is \(settings.maxBytes): "
                    + "let it ship its backlog, or raise the limit")
        }
        let free = try freeBytes()
        guard free >= settings.minFreeBytes else {
            throw SpoolError(
                .full,
                "\(free) bytes are free for the spool \(directory), fewer than its reserve of "
                    + "\(settings.minFreeBytes): free or add disk space")
        }
    }

    /// Deletes whole segments that are no longer needed: write-ahead segments that synced batches cover, and, oldest
    /// first, batch segments whose batches are all acknowledged and that are too old, or too many bytes of archive, or
    /// in the way of new input. Syncs first.
    ///
    /// - Returns: the number of bytes freed.
    @discardableResult
    package func reclaim() throws(SpoolError) -> UInt64 {
        try sync()
        var freed: UInt64 = 0
        do throws(FileSystemError) {
            freed += try reclaimWriteAhead()
            while let segment = reclaimableBatchSegment(free: try fileSystem.freeBytes(directory)) {
                freed += try batches.remove(segment)
                state.forget(segment: segment.number)
            }
            if freed > 0 { try fileSystem.synchronizeDirectory(directory) }
        } catch {
            throw SpoolError(writing: directory, error)
        }
        return freed
    }

    private func reclaimWriteAhead() throws(FileSystemError) -> UInt64 {
        var freed: UInt64 = 0
        let candidates = writeAhead.current == nil ? writeAhead.segments[...] : writeAhead.segments.dropLast()
        for segment in candidates
        where segment.lastPosition <= state.progress.coversWriteAheadThrough && !segment.holdsOnlyCopy {
            if segment.lastPosition >= keepWriteAheadFrom, try mayKeepWriteAhead() { break }
            freed += try writeAhead.remove(segment)
            writeAheadReclaimedThrough = max(writeAheadReclaimedThrough, segment.lastPosition)
        }
        return freed
    }

    private func mayKeepWriteAhead() throws(FileSystemError) -> Bool {
        guard writeAhead.byteCount <= settings.keptWriteAheadMaxBytes else { return false }
        return !isShort(free: try fileSystem.freeBytes(directory))
    }

    /// Whether what is only kept stands in the way of new input.
    private func isShort(free: UInt64) -> Bool {
        bytesOnDisk + 2 * settings.segmentBytes > settings.maxBytes || free < 2 * settings.minFreeBytes
    }

    /// The oldest segment of batches, if it may and should go.
    private func reclaimableBatchSegment(free: UInt64) -> SegmentFile? {
        guard batches.segments.count > Self.minBatchSegments, let oldest = batches.segments.first,
            state.isAcknowledged(segment: oldest.number), !oldest.holdsOnlyCopy
        else { return nil }
        let age = clock.nowMilliseconds() - oldest.lastRecordMilliseconds
        return age > settings.archiveAgeMilliseconds || archiveBytes > settings.archiveMaxBytes
            || isShort(free: free)
            ? oldest : nil
    }

    /// Bytes of the oldest segments that hold nothing that has still to be shipped.
    package var archiveBytes: UInt64 {
        let firstUnshipped = state.oldestUnshipped?.place.segment ?? .max
        return batches.segments.dropLast().prefix { $0.number < firstUnshipped }.reduce(0) { $0 + $1.byteCount }
    }

    private func freeBytes() throws(SpoolError) -> UInt64 {
        do throws(FileSystemError) {
            return try fileSystem.freeBytes(directory)
        } catch {
            throw SpoolError(reading: directory, error)
        }
    }
}
