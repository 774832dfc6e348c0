import BatchFormat
import SourceFormats
import Spool
import Testing
import UsageModel

@testable import CollectorCore
@testable import FaultSimulation

/// A collector's parts over one log on a virtual disk, as one process would have them. Letting go of it is a crash.
private struct AheadRig {
    static let log = "/log/app.log"
    static let minute: Int64 = VirtualClock.WallView.start / 60_000

    let disk: VirtualDisk
    let rules: IDRules
    let window: Int64
    private let clock: VirtualClock
    private let files: FailingFileSystem
    let remembered: RememberedEvents
    var core: WriterCore
    var follower: FileFollower

    init(
        _ disk: VirtualDisk, _ time: VirtualTime, _ rules: IDRules, sealRows: Int = 6, window: Int64 = 600_000
    ) throws {
        self.disk = disk
        self.rules = rules
        self.window = window
        let clock = VirtualClock(time)
        self.clock = clock
        files = FailingFileSystem(disk)
        let (spool, recovered) = try Spool.open(
            directory: CollectorRun.directory,
            settings: SpoolSettings(segmentBytes: 4_096, minFreeBytes: 0, keptWriteAheadMaxBytes: 1 << 30),
            fileSystem: files, clock: clock.wall)
        let accumulator = Accumulator(limits: Accumulator.Limits(rows: sealRows), clock: clock)
        let intakeSwitch = IntakeSwitch()
        remembered = RememberedEvents(
            limits: RememberedEvents.Limits(windowMilliseconds: window), clock: clock)
        core = WriterCore(
            spool: spool,
            identity: BatchIdentity(
                provider: CollectorNode.provider, collector: "edge-0", spoolID: recovered.spoolID, version: "test"),
            accumulator: accumulator, intakeSwitch: intakeSwitch, sealAge: .seconds(3_600),
            quarantine: try Quarantine(
                directory: CollectorRun.quarantineDirectory, maxBytes: CollectorRun.quarantineBytes,
                nextSpoolSequence: recovered.nextSpoolSequence, fileSystem: files, note: { _ in }),
            remembered: remembered, wallClock: clock.wall, steadyClock: clock, report: { _ in })
        let found = try core.restore(recovered)
        follower = FileFollower(
            sources: [
                FollowedSource(
                    name: "log", format: NativeFormat(), defaults: EventDefaults(provider: CollectorNode.provider),
                    globs: [Self.log + "*"], ids: rules)
            ],
            timeWindow: ReloadableTimeWindow(TimeWindow.Span(back: .seconds(86_400), ahead: .seconds(86_400))),
            recovered: found, sealAge: .seconds(3_600), accumulator: accumulator, intakeSwitch: intakeSwitch,
            fileSystem: files, versionsDirectory: "/versions", wallClock: clock.wall, steadyClock: clock,
            chunkBytes: 512, knownIDs: remembered,
            report: { _ in })
        intakeSwitch.set(.starting, false)
    }

    func failing(_ shouldFail: @escaping @Sendable (_ call: String, _ path: String) -> Bool) {
        files.failing(shouldFail)
    }

    mutating func poll() {
        follower.scan()
        for id in follower.order {
            for _ in 0..<100 {
                var turn = follower.readChunk(of: id)
                if case .commits(let chunk) = turn { turn = follower.finishChunk(of: id, core.commit(chunk)) }
                switch turn {
                case .read: continue
                case .full: core.makeRoom()
                case .sealsAll: core.sealAll()
                case .waits, .commits: break
                }
                if case .waits = turn { break }
            }
        }
        follower.letGoOfDetached()
    }

    /// Pushes records to the same source, as the product's handler does.
    mutating func push(_ lines: [UInt8]) throws {
        for _ in 0..<4 {
            let buckets = try parse(lines)
            if buckets.isEmpty { return }
            do throws(CommitFailure) {
                try core.makeDurable(try core.accept(buckets.accepted, quarantine: []))
                return
            } catch {
                guard error == .repeated else { throw error }
            }
        }
    }

    /// What records of the source add, of which nothing is counted yet.
    func parse(_ lines: [UInt8]) throws -> AcceptedBuckets {
        let now = clock.wall.nowMilliseconds()
        var buckets = AcceptedBuckets(
            context: ChunkContext(
                source: "log", file: "", nowMilliseconds: now,
                window: TimeWindow(
                    TimeWindow.Span(back: .seconds(86_400), ahead: .seconds(86_400)), nowMilliseconds: now),
                ids: rules), remembered: remembered)
        var parser = try NativeFormat().makeParser(
            defaults: EventDefaults(provider: CollectorNode.provider), framing: .document)
        _ = unsafe parser.consume(lines.span.bytes, endOfInput: true, into: &buckets)
        return buckets
    }

    /// How far a file was read, as the next start knows it.
    func offset(of path: String) throws -> UInt64 {
        let status = try disk.status(path)
        return follower.offset(of: FileID(source: "log", device: status.device, inode: status.inode)) ?? 0
    }

    /// What all batches count, by tenant; and how many records they say were refused.
    mutating func sealed() throws -> (sums: [String: SignedTokenCounts], rejected: UInt64) {
        core.sealAll()
        var sums: [String: SignedTokenCounts] = [:]
        var rejected: UInt64 = 0
        for batch in core.unshipped + core.archived {
            let (header, rows) = try BatchDecoder().decode(try core.read(batch.spoolSequence))
            for row in rows.rows {
                sums[rows.tenants[Int(row.tenant)], default: SignedTokenCounts()] += row.signedCounts
            }
            rejected += header.rejections.values.reduce(0, +)
        }
        return (sums.filter { !$0.value.isZero }, rejected)
    }

    static func line(id: String?, tenant: String, input: UInt64, output: UInt64, minute: Int64 = minute) -> [UInt8] {
        let time = CivilTime.clockText(second: minute * 60)
        let own = id.map { #""id":"\#($0)","# } ?? ""
        return Array(
            (#"{"time":"\#(time)Z",\#(own)"tenant":"\#(tenant)","model":"m","region":"r","input_tokens":\#(input),"#
                + #""output_tokens":\#(output)}"# + "\n").utf8)
    }
}

/// Records of one id: repeated events, running totals, parts.
@Suite struct CallRepeatsTests {
    private func disk(_ seed: UInt64 = 1) -> VirtualDisk { VirtualDisk(SimulationRandom(seed: seed)) }

    private func counts(_ requests: Int128, _ input: Int128, _ output: Int128) -> SignedTokenCounts {
        SignedTokenCounts(requests: requests, input: input, output: output)
    }

    /// The records of some calls, each as a line, and what they come to.
    private struct Calls {
        var lines: [[UInt8]] = []
        var right: [String: SignedTokenCounts] = [:]

        init(_ repeats: IDRepeats, seed: UInt64) {
            var random = SimulationRandom(seed: seed)
            for number in 0..<12 {
                let tenant = "t\(number)"
                var best = SignedTokenCounts()
                var sum = SignedTokenCounts()
                for part in 0..<(1 + random.below(5)) {
                    // Parts that say the same would be one part.
                    let input = UInt64(part * 10 + random.below(10))
                    let output = UInt64(part + 1)
                    let minute = AheadRig.minute - Int64(random.below(3))
                    let line = AheadRig.line(
                        id: number == 0 ? nil : "c\(number)", tenant: tenant, input: input, output: output,
                        minute: minute)
                    // What has no id is an event each time.
                    let copies = number == 0 ? 1 : 1 + random.below(3)
                    for _ in 0..<copies { lines.append(line) }
                    let counts = SignedTokenCounts(requests: 1, input: Int128(input), output: Int128(output))
                    // Of the same tokens, more output is greater.
                    if counts.total >= best.total { best = counts }
                    sum += counts
                    if number == 0 || repeats == .once { break }
                }
                if repeats == .sum, number > 0 { sum.requests = 1 }
                right[tenant] = repeats == .last ? best : sum
            }
            for index in lines.indices.reversed() { lines.swapAt(index, random.below(index + 1)) }
        }
    }

    @Test(arguments: IDRepeats.allCases, 1...25 as ClosedRange<UInt64>)
    func `any order, repetition and splitting comes to the same`(_ repeats: IDRepeats, _ seed: UInt64) throws {
        let calls = Calls(repeats, seed: seed)
        var random = SimulationRandom(seed: seed &* 77)
        let (disk, time) = (disk(seed), VirtualTime())
        let rules = IDRules(repeats: repeats)
        var rig: AheadRig? = try AheadRig(disk, time, rules)
        var left = calls.lines[...]
        var rotations = 0
        while !left.isEmpty {
            let taken = left.prefix(1 + random.below(6))
            left = left.dropFirst(taken.count)
            if random.chance(300) {
                try rig?.push(Array(taken.joined()))
            } else {
                disk.appendDurably(Array(taken.joined()), to: AheadRig.log)
            }
            if random.chance(500) { rig?.poll() }
            if random.chance(300) { rig?.core.sealAll() }
            if random.chance(200) { rig?.core.checkSpace() }
            if random.chance(100) {
                rotations += 1
                disk.renameDurably(AheadRig.log, to: "\(AheadRig.log)-\(rotations)")
            }
            time.milliseconds += Int64(random.below(5_000))
            if random.chance(300) {
                let isPowerCut = random.chance(500)
                if random.chance(500) { disk.kill(afterCalls: random.below(12)) }
                rig?.poll()
                rig?.core.sealAll()
                rig = nil
                disk.cancelKill()
                disk.reboot(powerCut: isPowerCut)
                rig = try AheadRig(disk, time, rules)
            }
        }
        rig?.poll()
        rig?.poll()
        let (sums, rejected) = try #require(try rig?.sealed())
        #expect(sums == calls.right)
        #expect(rejected == 0)
    }

    @Test func `what was counted of a call is taken back when more comes, also over a seal and a restart`() throws {
        let (disk, time) = (disk(), VirtualTime())
        var rig = try AheadRig(disk, time, IDRules(repeats: .last))
        for (output, isRestarted) in [(1, false), (5, true), (3, false), (9, true)] as [(UInt64, Bool)] {
            disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 10, output: output), to: AheadRig.log)
            rig.poll()
            #expect(try rig.sealed().sums == ["t": counts(1, 10, Int128(output == 3 ? 5 : output))])
            if isRestarted { rig = try restarted(disk, time, rig) }
        }
    }

    private func restarted(_ disk: VirtualDisk, _ time: VirtualTime, _ rig: consuming AheadRig) throws -> AheadRig {
        let (rules, window) = (rig.rules, rig.window)
        _ = consume rig
        disk.reboot(powerCut: true)
        return try AheadRig(disk, time, rules, window: window)
    }

    @Test func `behind the window a greater record is refused, a smaller one is known`() throws {
        let (disk, time) = (disk(), VirtualTime())
        var rig = try AheadRig(disk, time, IDRules(repeats: .last), window: 1_000)
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 10, output: 5), to: AheadRig.log)
        rig.poll()
        // Time in which the collector is down doesn't count.
        time.milliseconds += 100_000
        rig = try restarted(disk, time, rig)
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 10, output: 6), to: AheadRig.log)
        rig.poll()
        #expect(try rig.sealed() == (["t": counts(1, 10, 6)], 0))
        time.milliseconds += 1_001
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 10, output: 4), to: AheadRig.log)
        rig.poll()
        #expect(try rig.sealed() == (["t": counts(1, 10, 6)], 0))
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 10, output: 7), to: AheadRig.log)
        rig.poll()
        #expect(try rig.sealed() == (["t": counts(1, 10, 6)], 1))
    }

    @Test func `the first id seals what was counted of the source without one`() throws {
        let (disk, time) = (disk(), VirtualTime())
        var rig = try AheadRig(disk, time, IDRules())
        disk.appendDurably(AheadRig.line(id: nil, tenant: "a", input: 1, output: 0), to: AheadRig.log)
        rig.poll()
        #expect(rig.core.unshipped.isEmpty)
        disk.appendDurably(AheadRig.line(id: "x", tenant: "b", input: 2, output: 0), to: AheadRig.log)
        disk.appendDurably(AheadRig.line(id: nil, tenant: "c", input: 3, output: 0), to: AheadRig.log)
        rig.poll()
        #expect(rig.core.unshipped.count == 1)
        // Killed before the second batch: the record that counts the id says how far the file was read.
        rig = try restarted(disk, time, rig)
        rig.poll()
        #expect(try rig.sealed().sums == ["a": counts(1, 1, 0), "b": counts(1, 2, 0), "c": counts(1, 3, 0)])
    }

    @Test func `an id of another source counts where the scope is the collector`() throws {
        for scope in IDScope.allCases {
            let (disk, time) = (disk(), VirtualTime())
            var rig = try AheadRig(disk, time, IDRules(scope: scope))
            let line = AheadRig.line(id: "a", tenant: "t", input: 1, output: 0)
            var other = AcceptedBuckets(
                context: ChunkContext(
                    source: "other", file: "", nowMilliseconds: VirtualClock.WallView.start,
                    window: TimeWindow(
                        TimeWindow.Span(back: .seconds(86_400), ahead: .seconds(86_400)),
                        nowMilliseconds: VirtualClock.WallView.start), ids: IDRules(scope: scope)),
                remembered: rig.remembered)
            disk.appendDurably(line, to: AheadRig.log)
            rig.poll()
            var parser = try NativeFormat().makeParser(
                defaults: EventDefaults(provider: CollectorNode.provider), framing: .document)
            _ = unsafe parser.consume(line.span.bytes, endOfInput: true, into: &other)
            #expect(other.duplicates == (scope == .source ? 0 : 1), "\(scope)")
        }
    }

    @Test func `another content under an id of a file is refused, once, and goes to quarantine with its batch`() throws
    {
        let (disk, time) = (disk(), VirtualTime())
        var rig = try AheadRig(disk, time, IDRules())
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 1, output: 0), to: AheadRig.log)
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 2, output: 0), to: AheadRig.log)
        rig.poll()
        for _ in 0..<2 { rig = try restarted(disk, time, rig) }
        #expect(try rig.sealed() == (["t": counts(1, 1, 0)], 1))
        let lines = try rig.core.requeueableFiles.flatMap { try rig.core.quarantine.read($0).split(separator: 0x0A) }
        #expect(lines.count == 1)
        let record = try #require(lines.first.flatMap { QuarantinedRecord(line: $0) })
        #expect(record.reason == RejectionReason.conflictingID.rawValue)
        #expect(record.line == 2)
    }

    @Test func `parts are told by their endings, and a call is one call`() throws {
        let (disk, time) = (disk(), VirtualTime())
        var rig = try AheadRig(disk, time, IDRules(repeats: .sum, parts: ["-input", "-output"]))
        let input = AheadRig.line(id: "c-input", tenant: "t", input: 10, output: 0)
        let output = AheadRig.line(id: "c-output", tenant: "t", input: 0, output: 7)
        for lines in [output, output + input, input] {
            disk.appendDurably(lines, to: AheadRig.log)
            rig.poll()
            rig = try restarted(disk, time, rig)
        }
        #expect(try rig.sealed() == (["t": counts(1, 10, 7)], 0))
        // A part says one thing, and parts of one call are of one tenant.
        disk.appendDurably(AheadRig.line(id: "c-input", tenant: "t", input: 11, output: 0), to: AheadRig.log)
        disk.appendDurably(AheadRig.line(id: "d-input", tenant: "t", input: 1, output: 0), to: AheadRig.log)
        disk.appendDurably(AheadRig.line(id: "d-output", tenant: "u", input: 0, output: 1), to: AheadRig.log)
        rig.poll()
        #expect(try rig.sealed() == (["t": counts(2, 11, 7)], 2))
    }

    @Test func `a call that is requeued is remembered, and raised as any other`() throws {
        let (disk, time) = (disk(), VirtualTime())
        var rig = try AheadRig(disk, time, IDRules(repeats: .last))
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 1, output: 1), to: AheadRig.log)
        disk.appendDurably(Array("no record\n".utf8), to: AheadRig.log)
        rig.poll()
        _ = try rig.sealed()
        let name = try #require(rig.core.requeueableFiles.first)
        let (raised, new) = (
            AheadRig.line(id: "a", tenant: "t", input: 1, output: 5),
            AheadRig.line(id: "b", tenant: "u", input: 2, output: 0)
        )
        let accepted = try rig.parse(raised + new).accepted
        try rig.core.requeue(name) { _ in Requeued(accepted: accepted, rest: [], hasLeavers: true) }
        for isRestarted in [false, true] {
            if isRestarted { rig = try restarted(disk, time, rig) }
            try rig.push(raised + new)
            #expect(try rig.sealed().sums == ["t": counts(1, 1, 5), "u": counts(1, 2, 0)])
        }
        try rig.push(AheadRig.line(id: "a", tenant: "t", input: 1, output: 9))
        #expect(try rig.sealed().sums == ["t": counts(1, 1, 9), "u": counts(1, 2, 0)])
    }

    @Test func `a chunk of nothing but repeated events is read once, also over a restart`() throws {
        let (disk, time) = (disk(), VirtualTime())
        var rig = try AheadRig(disk, time, IDRules())
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 1, output: 0), to: AheadRig.log)
        rig.poll()
        let other = "\(AheadRig.log)-2"
        disk.appendDurably([0x20] + AheadRig.line(id: "a", tenant: "t", input: 1, output: 0), to: other)
        rig.poll()
        rig = try restarted(disk, time, rig)
        rig.follower.scan()
        for id in rig.follower.order {
            // The file is known, and nothing of it is read again.
            guard case .waits = rig.follower.readChunk(of: id) else {
                Issue.record("\(id) is read again")
                continue
            }
        }
        #expect(try rig.offset(of: other) == UInt64(disk.bytes(of: other).count))
    }

    @Test func `calls for which there may be no room are refused before their names are taken in`() throws {
        let (disk, time) = (disk(), VirtualTime())
        var rig = try AheadRig(disk, time, IDRules(repeats: .last), sealRows: 100_000)
        let known = 2_000
        for output in [1, 2] as [UInt64] {
            let lines = (0..<known).map {
                AheadRig.line(id: "k\($0)", tenant: "k\($0)", input: 1, output: output)
            }
            if output == 1 { try rig.push(Array(lines.joined())) }
            guard output == 2 else { continue }
            let long = String(repeating: "n", count: 480)
            let others = (0..<32_000).map {
                AheadRig.line(id: "o\($0)", tenant: "\(long)-\($0)", input: 1, output: 1)
            }
            let buckets = try rig.parse(Array(lines.joined()) + Array(others.joined()))
            #expect(buckets.rejections[.tooManyNames] ?? 0 > 0)
            // All that was accepted fits.
            #expect(buckets.accepted.fingerprints.calls.count >= known)
        }
    }

    @Test func `a chunk whose sync failed is read again and counts once`() throws {
        let (disk, time) = (disk(), VirtualTime())
        var rig = try AheadRig(disk, time, IDRules(repeats: .last))
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 1, output: 0), to: AheadRig.log)
        rig.failing { call, _ in call == "fdatasync" }
        rig.poll()
        rig.failing { _, _ in false }
        rig.core.checkSpace()
        disk.appendDurably(AheadRig.line(id: "a", tenant: "t", input: 2, output: 0), to: AheadRig.log)
        rig.poll()
        rig = try restarted(disk, time, rig)
        rig.poll()
        #expect(try rig.sealed() == (["t": counts(1, 2, 0)], 0))
    }
}
