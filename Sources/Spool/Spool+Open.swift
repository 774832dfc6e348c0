package import UsageModel

extension Spool {
    /// Opens the spool in `directory`, making both where they don't exist, and scans it.
    ///
    /// Damage never fails the start: see ``RecoveredState/damage``.
    /// - Throws: ``SpoolError`` with `inUse`, `inputOutput`, `full` or `unsupportedVersion`.
    /// - Complexity: O(*n*) in bytes of all segments; holds one segment in memory at a time.
    package static func open(
        directory: String, settings: SpoolSettings, fileSystem: any FileSystem = POSIXFileSystem(),
        clock: any WallClock, makeID: () -> SpoolID = Spool.randomID
    ) throws(SpoolError) -> (spool: Spool, recovered: RecoveredState) {
        let lock = try takeLock(directory, fileSystem)
        do throws(SpoolError) {
            let scan = try SpoolScan(
                directory: directory, settings: settings, fileSystem: fileSystem, clock: clock, makeID: makeID)
            let spool = Spool(
                directory: directory, settings: settings, fileSystem: fileSystem, clock: clock, lock: lock, scan: scan)
            return (spool, scan.recovered)
        } catch {
            fileSystem.close(lock)
            throw error
        }
    }

    private static func takeLock(_ directory: String, _ fileSystem: any FileSystem) throws(SpoolError) -> OpenFile {
        do throws(FileSystemError) {
            try fileSystem.createDirectory(directory)
            let file = try fileSystem.open("\(directory)/\(SpoolFormat.lockName)", .readWrite)
            if try fileSystem.lock(file) { return file }
            fileSystem.close(file)
        } catch {
            throw SpoolError(opening: directory, error)
        }
        throw SpoolError(
            .inUse,
            "the spool \(directory) is in use by another process: stop it, or give this one its own data directory"
        )
    }
}

extension SpoolError {
    init(opening directory: String, _ error: FileSystemError) {
        self.init(
            error.isOutOfSpace ? .full : .inputOutput,
            "the spool \(directory) can't be opened: \(error): check the directory's owner, permissions and disk")
    }

    init(writing directory: String, _ error: FileSystemError) {
        if error.isOutOfSpace {
            self.init(.full, "no space is left for the spool \(directory): free or add disk space (\(error))")
        } else {
            self.init(
                .inputOutput,
                "the spool \(directory) can't be written, not even to a new file: check the disk (\(error))")
        }
    }

    init(reading directory: String, _ error: FileSystemError) {
        self.init(.inputOutput, "the spool \(directory) can't be read: \(error)")
    }
}

/// What is in the directory at start.
struct SpoolScan {
    var spoolID: SpoolID
    var isNew: Bool
    var state = SpoolState()
    var batches: SegmentLog
    var writeAhead: SegmentLog
    /// Write-ahead records, those that batches cover among them.
    var writeAheadPlaces: [RecordPlace] = []
    var nextSpoolSequence: UInt64 = 1
    private var recovery: LogRecovery

    init(
        directory: String, settings: SpoolSettings, fileSystem: any FileSystem, clock: any WallClock,
        makeID: () -> SpoolID
    ) throws(SpoolError) {
        let names = try Self.names(directory, fileSystem)
        let inventory = try SegmentInventory(names: names, directory: directory, fileSystem: fileSystem)
        recovery = LogRecovery(damage: DamageReport(directory: directory, fileSystem: fileSystem))
        let identity = SpoolIdentityFile(directory: directory, fileSystem: fileSystem)
        let known = identity.read()
        spoolID = known ?? inventory.spoolID ?? makeID()
        isNew = known == nil && inventory.candidates.isEmpty
        if known == nil { try identity.write(spoolID) }
        batches = SegmentLog(
            kind: .batches, directory: directory, spoolID: spoolID, segmentBytes: settings.segmentBytes,
            fileSystem: fileSystem, clock: clock)
        writeAhead = SegmentLog(
            kind: .writeAhead, directory: directory, spoolID: spoolID, segmentBytes: settings.segmentBytes,
            fileSystem: fileSystem, clock: clock)
        for file in inventory.oversized {
            recovery.damage.addFile(file.name, byteCount: file.byteCount, reason: "larger than any segment")
        }
        if known == nil, names.contains(SpoolFormat.identityName) {
            recovery.damage.add(
                SpoolFormat.identityName, offset: 0, bytes: RawSpan(),
                reason: "didn't pass its checksum, and was made again from the segments")
        }
        batches.nextNumber = inventory.nextNumber(.batches, names: names)
        writeAhead.nextNumber = inventory.nextNumber(.writeAhead, names: names)
        try scanBatches(inventory)
        try scanWriteAhead(inventory)
        // One segment's worth of memory is only needed while scanning.
        recovery.buffer = []
    }

    var recovered: RecoveredState {
        RecoveredState(
            spoolID: spoolID, isNew: isNew, epoch: state.epoch, nextSpoolSequence: nextSpoolSequence,
            unshipped: state.batches.filter { $0.status == .unshipped }.map(\.entry),
            checkpoint: state.progress.checkpoint,
            uncoveredWriteAheadCount: writeAheadPlaces.count {
                $0.position > state.progress.coversWriteAheadThrough
            },
            tornTailBytes: recovery.tornTailBytes, damage: recovery.damage.entries)
    }

    private mutating func scanBatches(_ inventory: SegmentInventory) throws(SpoolError) {
        var (log, found, outcome) = (batches, state, recovery)
        try log.recover(inventory, &outcome) { frame, place, payload in
            guard let record = SpoolRecord.decode(frame.type, payload) else { return false }
            found.apply(record, at: place)
            switch record {
            case .batch, .state: return true
            case .acknowledged, .epoch: return false
            }
        }
        (batches, state, recovery) = (log, found, outcome)
        // A lost record may have been a batch that was sent: its spool sequence is not given again.
        nextSpoolSequence = state.progress.spoolSequence + 1 + recovery.lostSinceLandmark
    }

    private mutating func scanWriteAhead(_ inventory: SegmentInventory) throws(SpoolError) {
        let covered = state.progress.coversWriteAheadThrough
        var (log, places, outcome) = (writeAhead, writeAheadPlaces, recovery)
        log.nextPosition = covered + 1
        try log.recover(inventory, &outcome) { frame, place, _ in
            if frame.type == .writeAhead { places.append(place) }
            return true
        }
        (writeAhead, writeAheadPlaces, recovery) = (log, places, outcome)
    }

    /// The directory's names, without what an interrupted start or write left behind.
    private static func names(_ directory: String, _ fileSystem: any FileSystem) throws(SpoolError) -> [String] {
        do throws(FileSystemError) {
            var kept: [String] = []
            for name in try fileSystem.list(directory) {
                if name.hasSuffix(SpoolFormat.temporarySuffix) {
                    try fileSystem.remove("\(directory)/\(name)")
                } else {
                    kept.append(name)
                }
            }
            return kept
        } catch {
            throw SpoolError(opening: directory, error)
        }
    }
}
