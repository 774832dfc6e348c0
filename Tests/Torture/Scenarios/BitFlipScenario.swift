internal import Foundation
internal import Spool
internal import TestSupport
internal import Usage

/// F5: each bit of a spool segment flipped, one at a time, and the spool opened as a start does.
struct BitFlipScenario: Scenario {
    let name = "bit-flip"
    let abstract = "single bits of a 64 KiB spool segment flipped (F5; in process; 524,288 are all of them)"
    #if DEBUG
    /// Checksums of a debug build take a hundred times as long.
    let defaultRounds = 200
    #else
    let defaultRounds = 5_000
    #endif

    private static let segmentBytes = 64 << 10

    func run(_ run: ScenarioRun) async throws -> String {
        let folder = "\(run.scratch)/spool"
        var segment = try FlippedSegment(folder: folder, bytes: Self.segmentBytes)
        let all = segment.bitCount
        var detected = 0
        var lost = 0
        for bit in Self.bits(all, run) {
            let outcome = try segment.open(flipping: bit)
            detected += outcome.isReported ? 1 : 0
            lost += outcome.lost
        }
        let flips = min(run.rounds, all)
        guard detected == flips else {
            throw BrokenInvariant("every flip is detected", "\(flips - detected) of \(flips) were not")
        }
        return "\(flips) of \(all) bits flipped: \(detected) detected, \(flips) starts succeeded, "
            + "\(lost) damaged records lost, every undamaged one delivered"
    }

    /// All bits in order, or as many random ones as were asked for.
    private static func bits(_ all: Int, _ run: ScenarioRun) -> any Sequence<Int> {
        if run.rounds >= all { return 0..<all }
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

    private let folder: String
    private let settings = SpoolSettings(minFreeBytes: 0)
    private let clock = DriverClock()
    private let file: FileHandle
    private let whole: [UInt8]
    private var sealed: [UInt64: [UInt8]] = [:]

    var bitCount: Int { whole.count * 8 }

    init(folder: String, bytes: Int) throws {
        self.folder = folder
        let spool = try Spool.open(directory: folder, settings: settings, clock: clock).spool
        var random = SeededGenerator(seed: 64)
        // The last batch is made so long that the segment has exactly as many bytes as asked for.
        while spool.bytesOnDisk < bytes {
            let room = bytes - Int(spool.bytesOnDisk)
            let count =
                room < 2 * Self.batchBytes.upperBound
                ? room - Self.overhead : Int.random(in: Self.batchBytes, using: &random)
            let ordinal = spool.nextOrdinal
            let content = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            guard let digest = BatchDigest(bytes: Array(content.prefix(32))) else {
                preconditionFailure("32 bytes are a digest")
            }
            try spool.appendBatch(
                ordinal: ordinal, digest: digest, sealed: content, checkpoint: [], coversWriteAheadThrough: 0)
            try spool.sync()
            sealed[ordinal] = content
        }
        try spool.close()
        let path = "\(folder)/\(Self.name)"
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
        let (spool, recovered) = try Spool.open(directory: folder, settings: settings, clock: clock)
        let delivered = Set(recovered.unshipped.map { $0.ordinal })
        for ordinal in delivered where try spool.readBatch(ordinal) != sealed[ordinal] {
            throw BrokenInvariant("what is delivered is what was written", "bit \(bit) altered batch \(ordinal)")
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
        try? FileManager.default.removeItem(atPath: "\(folder)/damaged")
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
