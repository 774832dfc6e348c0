import BatchFormat
import CollectorCore
import SourceFormats
import Spool
import Synchronization
import Testing
import UsageModel

@testable import FaultSimulation

/// A follower of exports with what its batches say, over any number of processes.
private final class ExportRig {
    static let path = "/exports/month.ndjson"

    struct Key: Hashable {
        var tenant: String
        var minute: Int64
    }

    let disk = VirtualDisk(SimulationRandom(seed: 3))
    let files: FailingFileSystem
    let time = VirtualTime()
    var globs = ["/exports/*"]
    var chunkBytes = 512
    var rule = ExportRule(settlesAfter: .seconds(10))
    var format: any SourceFormat = NativeFormat()
    var span = TimeWindow.Span(back: .seconds(40 * 86_400), ahead: .seconds(40 * 86_400))
    private var accumulator: Accumulator
    private var follower: FileFollower?
    /// What the last durable batch says.
    private var recovered = RecoveredFiles(checkpoints: [:], isNewSpool: true)
    /// What is counted, taken back ones subtracted: tokens by row.
    private(set) var counted: [Key: Int64] = [:]
    private(set) var events: UInt64 = 0
    private(set) var rejections: [RejectionReason: UInt64] = [:]
    private(set) var quarantined = 0
    /// Rows that batches took back.
    private(set) var takenBackRows = 0
    var held: [String] = []
    var copies: [String] = []
    var moved: [String] = []
    var notes: [ExportNote] = []

    init() {
        files = FailingFileSystem(disk)
        accumulator = Accumulator(limits: Accumulator.Limits(rows: 1_000), clock: VirtualClock(time))
    }

    /// Ends the process; what isn't in a batch is gone with it.
    func kill() {
        follower?.close()
        follower = nil
    }

    private func start() -> FileFollower {
        let clock = VirtualClock(time)
        let intakeSwitch = IntakeSwitch()
        intakeSwitch.set(.starting, false)
        accumulator = Accumulator(limits: Accumulator.Limits(rows: 1_000), clock: clock)
        accumulator.restore(recovered.checkpoints, exports: recovered.exports, writeAheadThrough: 0)
        return FileFollower(
            sources: [source(rule)], timeWindow: ReloadableTimeWindow(span), recovered: recovered,
            sealAge: .seconds(10), accumulator: accumulator, intakeSwitch: intakeSwitch, fileSystem: files,
            versionsDirectory: "/versions", wallClock: clock.wall, steadyClock: clock, chunkBytes: chunkBytes
        ) { [self] event in
            switch event {
            case .versionHeld(_, _, let detail, _): held.append(detail)
            case .versionCounted(let note): notes.append(note)
            case .copy(let path, _): copies.append(path)
            case .moved(let path, _, _): moved.append(path)
            default: break
            }
        }
    }

    private func source(_ rule: ExportRule?) -> FollowedSource {
        FollowedSource(
            name: "export", format: format, defaults: EventDefaults(provider: CollectorNode.provider), globs: globs,
            exports: rule)
    }

    /// New settings, as by SIGHUP.
    func reload() { reload(as: rule) }

    /// The same, with another rule or none.
    func reload(as rule: ExportRule?) { follower?.sources = [source(rule)] }

    func poll() {
        if follower == nil { follower = start() }
        follower?.scan()
        for id in follower?.order ?? [] { while case .read = follower?.readChunk(of: id) {} }
        while true {
            switch follower?.readExport() {
            case .read: break
            case .full: seal()
            default: return
            }
        }
    }

    /// Looks, waits until what is there has settled, and reads it.
    func settle() {
        poll()
        time.milliseconds += 11_000
        poll()
    }

    /// Makes what was counted durable.
    func seal() {
        guard let content = accumulator.take(force: true, olderThan: .zero) else { return }
        let rows = content.sums.rows()
        for row in rows.rows {
            let key = Key(tenant: rows.tenants[Int(row.tenant)], minute: row.minute)
            let sum = (counted[key] ?? 0) + Int64(row.signedCounts.input)
            counted[key] = sum == 0 ? nil : sum
            if row.isTakenBack { takenBackRows += 1 }
        }
        events += content.sums.eventCount
        rejections.merge(content.rejections) { $0 + $1 }
        quarantined += content.quarantine.count
        recovered = RecoveredFiles(
            checkpoints: content.checkpoints, exports: content.exports, isNewSpool: false)
        accumulator.noteDurable(content.exports)
    }

    var problems: [SourceProblem] { follower?.problems() ?? [] }
    var isIdle: Bool { follower?.isIdle ?? true }

    /// The sums as they are durable after a read and a seal.
    func total() -> Int64 {
        settle()
        seal()
        return counted.values.reduce(0, +)
    }

    // MARK: What the exporter writes

    struct Record {
        var tenant = "t"
        /// Minutes after the first of January.
        var minute = 0
        var tokens: Int64 = 1

        var line: String {
            let time = CivilTime.clockText(second: 1_767_225_600 + Int64(minute) * 60)
            return #"{"time":"\#(time)Z","tenant":"\#(tenant)","model":"m","region":"r","#
                + #""input_tokens":\#(tokens),"output_tokens":0}"# + "\n"
        }
    }

    static func bytes(_ records: [Record]) -> [UInt8] { records.flatMap { Array($0.line.utf8) } }

    static func sums(_ records: [Record]) -> [Key: Int64] {
        records.reduce(into: [:]) {
            $0[Key(tenant: $1.tenant, minute: 29_453_760 + Int64($1.minute)), default: 0] += $1.tokens
        }
    }

    func writeInPlace(_ bytes: [UInt8], to path: String = ExportRig.path) {
        disk.emptyDurably(path)
        disk.appendDurably(bytes, to: path)
    }
}

/// Exports that are written anew: each version counts whole in the place of the one before.
@Suite struct ExportFollowerTests {
    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    private typealias Record = ExportRig.Record
    private let rig = ExportRig()

    private func records(_ tokens: [Int64], from minute: Int = 0) -> [Record] {
        tokens.enumerated().map { Record(tenant: "t-\($0.offset % 3)", minute: minute + $0.offset, tokens: $0.element) }
    }

    @Test func `a version takes the place of the one before, in place or renamed over it`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2, 4])))
        #expect(rig.total() == 7)
        rig.writeInPlace(ExportRig.bytes(records([1, 20, 4, 8])))
        #expect(rig.total() == 33)
        rig.disk.replaceDurably(ExportRig.bytes(records([1, 20, 4])), at: ExportRig.path)
        #expect(rig.total() == 25)
        // Only what differs was taken back: the second row, then the fourth.
        #expect(rig.takenBackRows == 2)
        rig.disk.renumber()
        #expect(rig.total() == 25)
        #expect(rig.held.isEmpty)
        #expect(rig.problems.isEmpty)
    }

    @Test func `of a version that only adds, what was added is read alone`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.disk.appendDurably(ExportRig.bytes([Record(tenant: "t-0", minute: 0, tokens: 5)]), to: ExportRig.path)
        #expect(rig.total() == 8)
        #expect(rig.takenBackRows == 0)
        #expect(rig.notes.map(\.isAddition) == [false, true])
        // The row that was added to is one of three events by then.
        rig.writeInPlace(ExportRig.bytes([Record(tenant: "t-0", minute: 0, tokens: 7)]))
        #expect(rig.total() == 7)
        #expect(rig.events == 3 + 1 + 3)
    }

    @Test func `nothing is read before a file has settled`() {
        let bytes = ExportRig.bytes(records([1, 2, 4]))
        rig.disk.appendDurably(Array(bytes[..<150]), to: ExportRig.path)
        rig.poll()
        rig.time.milliseconds += 9_000
        rig.disk.appendDurably(Array(bytes[150...]), to: ExportRig.path)
        rig.poll()
        rig.time.milliseconds += 9_000
        rig.poll()
        rig.seal()
        #expect(rig.counted.isEmpty)
        #expect(!rig.isIdle)
        #expect(rig.total() == 7)
        #expect(rig.isIdle)
    }

    @Test func `a file that changes while it is read is read again`() {
        let first = ExportRig.bytes(records(Array(repeating: 1, count: 40)))
        let path = ExportRig.path
        rig.disk.appendDurably(first, to: path)
        rig.poll()
        rig.time.milliseconds += 11_000
        let disk = rig.disk
        let reads = Counter()
        let second = ExportRig.bytes(records(Array(repeating: 3, count: 40)))
        rig.files.failing { call, name in
            if call == "pread", name == path, reads.next() == 3 { disk.overwriteDurably(second, at: 0, in: path) }
            return false
        }
        rig.poll()
        rig.seal()
        #expect(rig.counted.isEmpty)
        #expect(rig.total() == 120)
    }

    @Test func `versions that were missed while nobody looked make no difference`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.kill()
        rig.writeInPlace(ExportRig.bytes(records([9, 9, 9])))
        rig.disk.replaceDurably(ExportRig.bytes(records([5, 6, 7])), at: ExportRig.path)
        #expect(rig.total() == 18)
    }

    @Test func `a version that was counted and not sealed is counted once after a kill`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.writeInPlace(ExportRig.bytes(records([4, 2])))
        rig.settle()
        rig.poll()
        rig.kill()
        #expect(rig.total() == 6)
        rig.kill()
        #expect(rig.total() == 6)
        #expect(rig.takenBackRows == 1)
    }

    private static let damaged: [(bytes: [UInt8], why: String)] = [
        (Array(ExportRig.bytes([Record(tokens: 8), Record(tokens: 16)]).dropLast(9)), "in the middle"),
        ([], "no record"), (Array("rubbish\nrubbish\n".utf8), "are refused"),
        (Array(ExportRig.bytes([Record(tokens: 8)]).dropLast(1)), "in the middle"),
    ]

    @Test(arguments: damaged)
    func `a version that is damaged takes nothing away`(bytes: [UInt8], why: String) {
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.writeInPlace(bytes)
        #expect(rig.total() == 3)
        #expect(rig.held.count == 1)
        #expect(rig.held.first?.contains(why) == true)
        #expect(rig.problems.map(\.reason) == [.versionHeld])
        // Also by another process.
        rig.kill()
        #expect(rig.total() == 3)
        rig.writeInPlace(ExportRig.bytes(records([1, 2, 4])))
        #expect(rig.total() == 7)
        #expect(rig.problems.isEmpty)
    }

    @Test func `compressed versions count as others do, and torn ones take nothing away`() throws {
        let path = "/exports/month.ndjson.zst"
        func compressed(_ tokens: [Int64]) throws -> [UInt8] {
            try CheckpointCodec.compress(ExportRig.bytes(records(tokens)))
        }
        rig.writeInPlace(try compressed([1, 2]), to: path)
        #expect(rig.total() == 3)
        rig.writeInPlace(try compressed([1, 2, 4]), to: path)
        #expect(rig.total() == 7)
        rig.writeInPlace(Array(try compressed([1, 2, 8]).dropLast(8)), to: path)
        #expect(rig.total() == 7)
        #expect(rig.held.count == 1)
    }

    @Test func `a copy counts nothing, also of a former version, and what moved goes on`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.disk.appendDurably(ExportRig.bytes(records([1, 2])), to: "/exports/copy")
        #expect(rig.total() == 3)
        rig.writeInPlace(ExportRig.bytes(records([1, 2, 4])))
        rig.disk.appendDurably(ExportRig.bytes(records([1, 2])), to: "/exports/former")
        #expect(rig.total() == 7)
        #expect(rig.copies.sorted() == ["/exports/copy", "/exports/former"])
        rig.disk.renameDurably(ExportRig.path, to: "/exports/archived")
        #expect(rig.total() == 7)
        #expect(rig.moved == ["/exports/archived"])
        rig.writeInPlace(ExportRig.bytes(records([1, 2, 8])), to: "/exports/archived")
        #expect(rig.total() == 11)
    }

    @Test func `an export that is gone stays counted, and goes on when it is back`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.disk.removeDurably(ExportRig.path)
        #expect(rig.total() == 3)
        rig.kill()
        rig.disk.appendDurably(ExportRig.bytes(records([1, 16])), to: ExportRig.path)
        #expect(rig.total() == 17)
    }

    @Test func `another period is held until somebody says what it is`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.writeInPlace(ExportRig.bytes(records([4, 8], from: 1_440)))
        #expect(rig.total() == 3)
        #expect(rig.held.count == 1)
        rig.rule.nextPeriod = .count
        rig.reload()
        #expect(rig.total() == 15)
        rig.writeInPlace(ExportRig.bytes(records([4, 9], from: 1_440)))
        #expect(rig.total() == 16)
        // What is over isn't counted again.
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 16)
        #expect(rig.held.count == 2)
    }

    @Test func `another period may be a version as every other`() {
        rig.rule.nextPeriod = .replace
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.writeInPlace(ExportRig.bytes(records([4, 8], from: 1_440)))
        #expect(rig.total() == 12)
    }

    @Test func `records that are refused are told once, and count once they can be read`() {
        let bad = Array("rubbish\n".utf8)
        rig.writeInPlace(ExportRig.bytes(records([1, 2])) + bad)
        #expect(rig.total() == 3)
        rig.writeInPlace(ExportRig.bytes(records([1, 4])) + bad + Array("more\n".utf8))
        #expect(rig.total() == 5)
        #expect(rig.rejections == [.syntax: 2])
        #expect(rig.quarantined == 2)
        rig.kill()
        #expect(rig.total() == 5)
        #expect(rig.rejections == [.syntax: 2])
    }

    @Test func `what has come to lie too far back stays counted`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2]) + records([4], from: 20 * 1_440)))
        #expect(rig.total() == 7)
        rig.kill()
        rig.span.back = .seconds(0)
        rig.time.milliseconds = 5 * 86_400_000
        rig.writeInPlace(ExportRig.bytes(records([16, 16]) + records([8], from: 20 * 1_440)))
        #expect(rig.total() == 11)
    }

    @Test func `more than a batch can replace is refused, and takes nothing away`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.kill()
        rig.chunkBytes = 1 << 20
        let long = String(repeating: "x", count: 500)
        rig.writeInPlace(
            ExportRig.bytes((0..<14_000).map { Record(tenant: "\(long)\($0)", minute: 0, tokens: 1) }))
        #expect(rig.total() == 3)
        #expect(rig.held.first?.contains("more than a batch can replace") == true)
    }

    @Test func `sums that are damaged hold what comes, and nothing is taken back by guess`() {
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        for path in rig.disk.paths(matching: "/versions/*") { rig.disk.overwriteDurably([1, 2, 3], at: 30, in: path) }
        rig.writeInPlace(ExportRig.bytes(records([4])))
        #expect(rig.total() == 3)
        #expect(rig.held.first?.contains("isn't known") == true)
    }

    @Test func `files of sums that aren't needed any more go`() {
        for count in 1...5 {
            rig.writeInPlace(ExportRig.bytes(records(Array(repeating: 1, count: count))))
            #expect(rig.total() == Int64(count))
            // The one before stays until a batch says that it isn't needed.
            rig.poll()
            #expect(rig.disk.paths(matching: "/versions/*").count == 1)
        }
    }

    @Test func `what counted as an export isn't read as a file that grows`() {
        let rule = rig.rule
        rig.writeInPlace(ExportRig.bytes(records([1, 2])))
        #expect(rig.total() == 3)
        rig.kill()
        rig.poll()
        rig.reload(as: nil)
        #expect(rig.total() == 3)
        #expect(rig.problems.map(\.reason) == [.rewritten])
        rig.reload(as: rule)
        #expect(rig.total() == 3)
        #expect(rig.problems.isEmpty)
    }

    /// Any versions, written in any way, with kills and seals anywhere between: what each batch counts is one version
    /// whole, and in the end the last.
    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func `any versions count as the last one says`(seed: UInt64) {
        var random = SimulationRandom(seed: seed)
        var said: [[ExportRig.Key: Int64]] = [[:]]
        var current: [Record] = []
        for _ in 0..<30 {
            switch random.below(6) {
            case 0, 1:
                current = (0...random.below(12)).map { _ in
                    Record(
                        tenant: "t-\(random.below(3))", minute: random.below(5), tokens: Int64(1 + random.below(50)))
                }
                if random.chance(500) {
                    rig.writeInPlace(ExportRig.bytes(current))
                } else {
                    rig.disk.replaceDurably(ExportRig.bytes(current), at: ExportRig.path)
                }
                said.append(ExportRig.sums(current))
            case 2:
                let more = [Record(tenant: "t-\(random.below(3))", minute: random.below(5), tokens: 7)]
                current += more
                rig.disk.appendDurably(ExportRig.bytes(more), to: ExportRig.path)
                said.append(ExportRig.sums(current))
            case 3: rig.kill()
            case 4: rig.settle()
            default:
                rig.seal()
                #expect(said.contains(rig.counted), "seed \(seed)")
            }
        }
        _ = rig.total()
        #expect(rig.counted == ExportRig.sums(current), "seed \(seed)")
        rig.kill()
        _ = rig.total()
        #expect(rig.counted == ExportRig.sums(current), "seed \(seed)")
    }
}
