internal import Spool
internal import SpoolTestSupport
internal import UsageModel

enum SpoolTarget {
    private static let directory = "/spool"
    private static let settings = SpoolSettings(segmentBytes: 600, minFreeBytes: 0)
    /// The first record of a segment begins here: behind two headers of 64 bytes.
    private static let recordsStart = 128
    /// A segment that is as long isn't doubled any more, in bytes: an input of doublings would be all memory.
    private static let maxEditedBytes = 64 << 10

    private struct StandingClock: WallClock {
        func nowMilliseconds() -> Int64 { 1_767_225_600_000 }
    }

    /// A sound spool of several segments: what every input damages in its own way.
    private static let sound: [String: [UInt8]] = {
        let files = MemoryFileSystem()
        do {
            let spool = try open(files).spool
            try spool.appendEpoch(EpochPosition(epoch: 1, nextSequence: 0))
            for spoolSequence in UInt64(1)...4 {
                try spool.appendWriteAhead([UInt8](repeating: UInt8(spoolSequence), count: 150))
                try append(spoolSequence, to: spool, covers: spoolSequence / 2)
                try spool.sync()
                if spoolSequence < 3 {
                    try spool.appendAcknowledged(spoolSequence, .counted(epoch: 1, sequence: spoolSequence - 1))
                }
            }
            try spool.close()
        } catch {
            fatalError("the sound spool can't be made: \(error)")
        }
        return files.files
    }()

    /// The first byte chooses between a segment of arbitrary records and a list of edits.
    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        var files = sound
        let names = files.keys.filter { $0.hasSuffix(".segment") }.sorted()
        if choices.byte() & 1 == 0 {
            let name = names[choices.number(below: names.count)]
            files[name] = Array((files[name] ?? []).prefix(recordsStart)) + choices.rest
        } else {
            while !choices.rest.isEmpty { edit(&files, names, &choices) }
        }
        check(MemoryFileSystem(files: files))
    }

    private static func edit(_ files: inout [String: [UInt8]], _ names: [String], _ choices: inout Choices) {
        let operation = choices.byte()
        let name = names[choices.number(below: names.count)]
        guard var bytes = files[name], !bytes.isEmpty else { return }
        let at = choices.number(below: bytes.count)
        switch operation % 8 {
        case 0: bytes[at] ^= 1 << (choices.byte() & 7)
        case 1: bytes[at] = choices.byte()
        case 2: bytes.removeSubrange(at...)
        case 3: for index in at..<min(at + 64, bytes.count) { bytes[index] = 0 }
        case 4: bytes.remove(at: at)
        case 5: bytes.insert(choices.byte(), at: at)
        case 6: if bytes.count < maxEditedBytes { bytes += bytes[at...] }
        default:
            // Another segment's bytes under this name, or this one's under another.
            let other = names[choices.number(below: names.count)]
            files[other] = files[name]
            return
        }
        files[name] = bytes
    }

    /// Any directory opens; what it holds can be read and is what was once written; and it can be written again.
    private static func check(_ files: MemoryFileSystem) {
        do {
            let (spool, recovered) = try open(files)
            for batch in spool.unshippedBatches + spool.archivedBatches {
                let isAsWritten = try spool.readBatch(batch.spoolSequence) == sealed(batch.spoolSequence)
                require(
                    isAsWritten && batch.digest == digest(batch.spoolSequence),
                    "batch \(batch.spoolSequence) has changed")
            }
            try spool.replayWriteAhead { payload, position in
                require(payload == [UInt8](repeating: UInt8(position), count: 150), "a record has changed")
            }
            spool.replayKeptWriteAhead { payload, position in
                require(payload == [UInt8](repeating: UInt8(position), count: 150), "a record has changed")
            }
            let next = spool.nextSpoolSequence
            require(next > (recovered.unshipped.last?.spoolSequence ?? 0), "a spool sequence is given twice")
            try append(next, to: spool, covers: 0)
            try spool.close()
            let again = try open(files).spool
            require(again.unshippedBatches.last?.spoolSequence == next, "what was appended after damage is lost")
            let isAsWritten = try again.readBatch(next) == sealed(next)
            require(isAsWritten, "what was appended after damage has changed")
        } catch {
            fatalError("damage stopped the start: \(error)")
        }
    }

    private static func open(_ files: MemoryFileSystem) throws(SpoolError) -> (spool: Spool, recovered: RecoveredState)
    {
        try Spool.open(
            directory: directory, settings: settings, fileSystem: files, clock: StandingClock(),
            makeID: {
                var generator = StandingGenerator()
                return SpoolID(using: &generator)
            })
    }

    private static func append(_ spoolSequence: UInt64, to spool: Spool, covers: UInt64) throws(SpoolError) {
        try spool.appendBatch(
            spoolSequence: spoolSequence, digest: digest(spoolSequence), sealed: sealed(spoolSequence),
            checkpoint: [1, 2, 3],
            coversWriteAheadThrough: covers)
    }

    private static func sealed(_ spoolSequence: UInt64) -> [UInt8] {
        (0..<180).map { UInt8(truncatingIfNeeded: UInt64($0) &* 31 &+ spoolSequence &* 7) }
    }

    private static func digest(_ spoolSequence: UInt64) -> BatchDigest {
        let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: spoolSequence), count: BatchDigest.byteCount)
        guard let digest = BatchDigest(bytes: bytes) else { fatalError("32 bytes are a digest") }
        return digest
    }

    /// The same identity in every run, so that an input always means the same.
    private struct StandingGenerator: RandomNumberGenerator {
        func next() -> UInt64 { 0x5EED }
    }
}
