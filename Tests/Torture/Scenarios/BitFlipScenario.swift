internal import Foundation
internal import Spool
internal import TestSupport
internal import UsageModel

/// F5: each bit of a spool segment flipped, one at a time, and the spool opened as a start does.
struct BitFlipScenario: Scenario {
    let name = "bit-flip"
    let abstract = "single bits of a 64 KiB spool segment flipped (F5; in process; 524,288 are all of them)"
    let defaultRounds = 5_000

    private static let segmentBytes = 64 << 10
    /// Where directories are memory: each flip is a start with its syncs, and this is about what is read, not about the
    /// disk.
    private static let memory = "/dev/shm"

    func run(_ run: ScenarioRun) async throws -> String {
        let isInMemory = FileManager.default.isWritableFile(atPath: Self.memory)
        let directory = isInMemory ? "\(Self.memory)/steelyard-\(UUID())" : run.scratch
        defer { if isInMemory { try? FileManager.default.removeItem(atPath: directory) } }
        let all = Self.segmentBytes * 8
        let bits = Self.bits(all, run)
        let workers = ProcessInfo.processInfo.activeProcessorCount
        let (detected, lost) = try await withThrowingTaskGroup(of: (detected: Int, lost: Int).self) { tasks in
            for worker in 0..<workers {
                tasks.addTask {
                    let own = stride(from: worker, to: bits.count, by: workers).map { bits[$0] }
                    return try Self.flip(own, directory: "\(directory)/\(worker)")
                }
            }
            return try await tasks.reduce((0, 0)) { ($0.0 + $1.detected, $0.1 + $1.lost) }
        }
        guard detected == bits.count else {
            throw BrokenInvariant("every flip is detected", "\(bits.count - detected) of \(bits.count) were not")
        }
        return "\(bits.count) of \(all) bits flipped: \(detected) detected, \(bits.count) starts succeeded, "
            + "\(lost) damaged records lost, every undamaged one delivered"
    }

    /// One worker's share: a spool of its own, and each bit flipped in it by itself.
    private static func flip(_ bits: [Int], directory: String) throws -> (detected: Int, lost: Int) {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var segment = try FlippedSegment(directory: directory, bytes: segmentBytes)
        var (detected, lost) = (0, 0)
        for bit in bits {
            let outcome = try segment.open(flipping: bit)
            detected += outcome.isReported ? 1 : 0
            lost += outcome.lost
        }
        return (detected, lost)
    }

    /// All bits in order, or as many random ones as were asked for.
    private static func bits(_ all: Int, _ run: ScenarioRun) -> [Int] {
        if run.rounds >= all { return Array(0..<all) }
        var random = run.random(2)
        return (0..<run.rounds).map { _ in Int.random(in: 0..<all, using: &random) }
    }
}

/// A spool on disk whose one segment of batches is full, with what each batch must be.
private struct FlippedSegment {
    private static let name = "batches-0000000001.segment"
    /// Sealed bytes of one batch: lengths that end anywhere between two places of records.
    private static let batchBytes = 900...3_100

    struct Outcome {
        var isReported: Bool
        var lost: Int
    }

    private let directory: String
    private let settings = SpoolSettings(minFreeBytes: 0)
    private let clock = DriverClock()
    private let file: FileHandle
    private let whole: [UInt8]
    private var sealed: [UInt64: [UInt8]] = [:]

    init(directory: String, bytes: Int) throws {
        self.directory = directory
        let spool = try Spool.open(directory: directory, settings: settings, clock: clock).spool
        var random = SeededGenerator(seed: 64)
        // The last batch is made so long that the segment has exactly as many bytes as asked for.
        while spool.bytesOnDisk < bytes {
            let room = bytes - Int(spool.bytesOnDisk)
            let count =
                room < 2 * Self.batchBytes.upperBound
                ? room - Self.overhead : Int.random(in: Self.batchBytes, using: &random)
            let spoolSequence = spool.nextSpoolSequence
            let content = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            guard let digest = BatchDigest(bytes: Array(content.prefix(32))) else {
                preconditionFailure("32 bytes are a digest")
            }
            try spool.appendBatch(
                spoolSequence: spoolSequence, digest: digest, sealed: content, checkpoint: [],
                coversWriteAheadThrough: 0)
            try spool.sync()
            sealed[spoolSequence] = content
        }
        try spool.close()
        let path = "\(directory)/\(Self.name)"
        whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        guard whole.count == bytes else {
            throw BrokenInvariant("the segment has \(bytes) bytes", "it has \(whole.count)")
        }
        file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    }

    /// What a batch's record holds beside its sealed bytes: frame (32), progress (24), time (8), digest (32).
    private static let overhead = 96

    /// Opens the spool with one bit flipped, checks what it delivers, and puts the bit back.
    mutating func open(flipping bit: Int) throws -> Outcome {
        try write(whole[bit / 8] ^ (1 << UInt8(bit % 8)), at: bit / 8)
        let (spool, recovered) = try Spool.open(directory: directory, settings: settings, clock: clock)
        let delivered = Set(recovered.unshipped.map { $0.spoolSequence })
        for spoolSequence in delivered where try spool.readBatch(spoolSequence) != sealed[spoolSequence] {
            throw BrokenInvariant("what is delivered is what was written", "bit \(bit) altered batch \(spoolSequence)")
        }
        let lost = Array(sealed.keys).filter { !delivered.contains($0) }
        guard lost.count <= 1, delivered.count + lost.count == sealed.count else {
            throw BrokenInvariant("a flip costs at most the record it is in", "bit \(bit) cost batches \(lost)")
        }
        guard lost.isEmpty || !recovered.damage.isEmpty else {
            throw BrokenInvariant("what is lost is reported", "bit \(bit) silently cost batch \(lost)")
        }
        try spool.close()
        try write(whole[bit / 8], at: bit / 8)
        try? FileManager.default.removeItem(atPath: "\(directory)/damaged")
        return Outcome(isReported: !recovered.damage.isEmpty, lost: lost.count)
    }

    private func write(_ byte: UInt8, at offset: Int) throws {
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: [byte])
    }
}

/// The machine's own clock.
struct DriverClock: WallClock {
    func nowMilliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}
