internal import Spool
internal import SpoolTestSupport
internal import Synchronization
internal import UsageModel

/// A clock that stands until a test moves it.
final class ManualClock: WallClock {
    private let now = Mutex<Int64>(1_763_793_600_000)

    func nowMilliseconds() -> Int64 { now.withLock { $0 } }

    func advance(milliseconds: Int64) {
        now.withLock { $0 += milliseconds }
    }
}

/// A spool's directory in memory, with short words for what tests do to it.
struct SpoolFixture {
    static let directory = "/spool"

    var fileSystem = MemoryFileSystem()
    var clock = ManualClock()
    var settings = SpoolSettings(segmentBytes: 1 << 20, minFreeBytes: 1_000)

    func open() throws -> (spool: Spool, recovered: RecoveredState) {
        try Spool.open(directory: Self.directory, settings: settings, fileSystem: fileSystem, clock: clock)
    }

    /// Opens what survives a crash.
    func reopened(after crash: MemoryFileSystem.Crash) throws -> (spool: Spool, recovered: RecoveredState) {
        var survivor = self
        survivor.fileSystem = fileSystem.after(crash)
        return try survivor.open()
    }

    /// Opens the same files with some changed.
    func opened(changing: (inout [String: [UInt8]]) -> Void) throws -> (spool: Spool, recovered: RecoveredState) {
        var files = fileSystem.files
        changing(&files)
        var changed = self
        changed.fileSystem = MemoryFileSystem(files: files)
        return try changed.open()
    }

    static func path(_ name: String) -> String { "\(directory)/\(name)" }

    static func sealed(_ spoolSequence: UInt64, count: Int = 50) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: UInt64($0) &* 31 &+ spoolSequence &* 7) }
    }

    static func digest(_ spoolSequence: UInt64) -> BatchDigest {
        guard let digest = BatchDigest(bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: spoolSequence), count: 32))
        else {
            preconditionFailure("32 bytes are a digest")
        }
        return digest
    }

    static func checkpoint(_ spoolSequence: UInt64) -> [UInt8] { Array("checkpoint \(spoolSequence)".utf8) }
}

extension Spool {
    /// Appends the next batch as ``SpoolFixture`` makes it.
    @discardableResult
    func appendNextBatch(covers: UInt64 = 0, count: Int = 50) throws -> UInt64 {
        let spoolSequence = nextSpoolSequence
        try appendBatch(
            spoolSequence: spoolSequence, digest: SpoolFixture.digest(spoolSequence),
            sealed: SpoolFixture.sealed(spoolSequence, count: count),
            checkpoint: SpoolFixture.checkpoint(spoolSequence), coversWriteAheadThrough: covers)
        return spoolSequence
    }

    /// What a start would replay.
    func replayed() throws -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        try replayWriteAhead { payload, _ in payloads.append(payload) }
        return payloads
    }
}
