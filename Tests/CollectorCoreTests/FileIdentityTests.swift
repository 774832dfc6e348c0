import BatchFormat
import CollectorCore
import SourceFormats
import Spool
import Synchronization
import Testing
import UsageModel

@testable import FaultSimulation

/// A file is what it holds: nothing of it counts twice wherever it turns up, and all of what is new counts.
@Suite struct FileIdentityTests {
    private typealias Rig = FollowerRig
    private static let log = FollowerRig.log
    /// Lines that are more than what is remembered of a file's beginning.
    private static let many = 1...40

    private let disk = VirtualDisk(SimulationRandom(seed: 1))
    private let files: FailingFileSystem
    private let report = FollowerRig.Report()

    init() {
        files = FailingFileSystem(disk)
    }

    private func write(_ tenants: ClosedRange<Int>, to path: String = FileIdentityTests.log) {
        disk.appendDurably(FollowerRig.lines(tenants), to: path)
    }

    /// A run that reads `many` lines and ends with a seal.
    private func firstRun(_ tenants: ClosedRange<Int> = many, globs: [String] = [FollowerRig.log]) -> [FileID:
        FileCheckpoint]
    {
        write(tenants)
        var rig = Rig(files, globs: globs)
        rig.poll()
        let sealed = rig.seal()
        #expect(sealed.events == UInt64(tenants.count))
        rig.follower.close()
        return sealed.checkpoints
    }

    @Test(arguments: [1...1, 1...3, many])
    func `another number of the device changes nothing`(tenants: ClosedRange<Int>) {
        let checkpoints = firstRun(tenants)
        disk.renumber()
        write(100...104)
        var rig = Rig(files, after: checkpoints, report: report)
        rig.poll()
        #expect(rig.seal().events == 5)
        #expect(report.moved == [Self.log])
        rig.poll()
        #expect(rig.seal().events == 0)
    }

    @Test(arguments: [1...1, 1...3, many])
    func `a new file with all that was read and more, renamed over it, is read on`(tenants: ClosedRange<Int>) {
        write(tenants)
        var rig = Rig(files)
        rig.poll()
        for count in 1...4 {
            let more = 100...(99 + count)
            disk.replaceDurably(FollowerRig.lines(tenants) + FollowerRig.lines(more), at: Self.log)
            rig.poll()
        }
        #expect(rig.seal().events == UInt64(tenants.count) + 4)
        #expect(rig.follower.count == 1)
    }

    @Test func `a new file renamed over it while nobody looked is read on`() {
        let checkpoints = firstRun()
        disk.replaceDurably(FollowerRig.lines(1...45), at: Self.log)
        var rig = Rig(files, after: checkpoints)
        rig.poll()
        #expect(rig.seal().events == 5)
    }

    @Test func `another file renamed over it is read whole`() {
        write(Self.many)
        var rig = Rig(files)
        rig.poll()
        disk.replaceDurably(FollowerRig.lines(100...109), at: Self.log)
        rig.poll()
        #expect(rig.seal().events == 50)
    }

    @Test func `a copy isn't counted, nor what it gains as its original does`() {
        write(Self.many)
        var rig = Rig(files, globs: ["/log/*"], report: report)
        rig.poll()
        disk.appendDurably(disk.bytes(of: Self.log), to: "/log/backup")
        rig.poll()
        write(100...102)
        rig.poll()
        write(100...102, to: "/log/backup")
        rig.poll()
        #expect(rig.seal().events == 43)
        #expect(report.copies == ["/log/backup"])
    }

    @Test func `of two that hold the same, the longer one is read`() {
        write(Self.many)
        var rig = Rig(files, globs: ["/log/*"])
        rig.poll()
        disk.appendDurably(disk.bytes(of: Self.log) + FollowerRig.lines(100...101), to: "/log/longer")
        rig.poll()
        #expect(rig.seal().events == 42)
        write(100...104)
        rig.poll()
        rig.poll()
        #expect(rig.seal().events == 3)
    }

    @Test func `a copy goes on once its original is gone`() {
        write(Self.many)
        var rig = Rig(files, globs: ["/log/*"])
        rig.poll()
        disk.appendDurably(disk.bytes(of: Self.log), to: "/log/backup")
        rig.poll()
        disk.removeDurably(Self.log)
        rig.wait(FileFollower.detachedGrace + .seconds(21))
        rig.poll()
        write(100...102, to: "/log/backup")
        rig.poll()
        rig.poll()
        #expect(rig.seal().events == 43)
    }

    @Test func `what comes back long after it was let go isn't counted again`() {
        let checkpoints = firstRun()
        let bytes = disk.bytes(of: Self.log)
        disk.removeDurably(Self.log)
        write(200...201, to: "/log/app.log.new")
        var rig = Rig(files, after: checkpoints, globs: ["/log/*"])
        rig.poll()
        rig.wait(.seconds(7 * 86_400))
        rig.poll()
        disk.appendDurably(bytes, to: "/log/restored")
        rig.poll()
        let sealed = rig.seal()
        #expect(sealed.events == 2)
        var last = Rig(files, after: sealed.checkpoints, globs: ["/log/*"])
        last.poll()
        #expect(last.seal().events == 0)
    }

    @Test func `files with different events are different files, however alike their names`() {
        for file in 1...20 { write(file * 100...(file * 100 + 1), to: "/log/app.log.\(file)") }
        var rig = Rig(files, globs: ["/log/*"])
        rig.poll()
        #expect(rig.seal().events == 40)
    }

    @Test func `a header that all files share tells none of them`() {
        let header = "time,tenant,model,region,input,output,\(String(repeating: "x", count: 2_000))\n"
        let format = MappedFormat(
            layout: .csv(CSVLayout()),
            [
                .time: .column("time"), .tenant: .column("tenant"), .model: .column("model"),
                .region: .column("region"), .input: .column("input"), .output: .column("output"),
            ])
        for file in 1...3 {
            let rows = (1...9).map { "2026-01-01T00:00:00Z,t-\(file)-\($0),m,r,1,0,\n" }.joined()
            disk.appendDurably(Array((header + rows).utf8), to: "/log/\(file).csv")
        }
        #expect(header.utf8.count > FileFingerprint.maxBytes)
        var rig = Rig(files, globs: ["/log/*"], format: format)
        rig.poll()
        #expect(rig.seal().events == 27)
    }

    @Test func `what was refused of a file without events isn't refused again`() {
        disk.appendDurably(Array("rubbish 1\nrubbish 2\n".utf8), to: Self.log)
        write(1...1, to: "/log/b.log")
        var rig = Rig(files, globs: ["/log/*"])
        rig.poll()
        let checkpoints = rig.seal().checkpoints
        disk.renumber()
        disk.appendDurably(Array("rubbish 3\n".utf8), to: Self.log)
        write(2...2, to: "/log/b.log")
        var next = Rig(files, after: checkpoints, globs: ["/log/*"])
        next.poll()
        let content = next.accumulator.take(force: true, olderThan: .zero)
        #expect(content?.sums.eventCount == 1)
        #expect(content?.quarantine.map(\.bytes) == [Array("rubbish 3".utf8)])
    }

    // MARK: Rewritten in place

    @Test func `a rewrite that begins with the same event is refused and told`() {
        write(Self.many)
        var rig = Rig(files, report: report)
        rig.poll()
        disk.overwriteDurably(Array("T".utf8), at: disk.bytes(of: Self.log).count - 60, in: Self.log)
        write(100...110)
        rig.poll()
        rig.poll()
        #expect(rig.seal().events == 40)
        #expect(report.rewritten == [Self.log])
        #expect(rig.follower.problems().map(\.reason) == [.rewritten])
    }

    @Test func `a rewrite renamed over the file is refused, also after a restart`() {
        let checkpoints = firstRun()
        disk.replaceDurably(FollowerRig.lines(1...3) + FollowerRig.lines(200...260), at: Self.log)
        write(500...500, to: "/log/other")
        for _ in 0..<2 {
            var rig = Rig(files, after: checkpoints, globs: [Self.log, "/log/other"], report: report)
            rig.poll()
            rig.poll()
            #expect(rig.seal().events == 1)
            rig.follower.close()
        }
        #expect(report.rewritten == [Self.log, Self.log])
    }

    @Test func `what was refused is read once it is emptied and begins anew`() {
        write(Self.many)
        var rig = Rig(files, report: report)
        rig.poll()
        disk.overwriteDurably(Array("T".utf8), at: disk.bytes(of: Self.log).count - 60, in: Self.log)
        rig.poll()
        disk.emptyDurably(Self.log)
        write(300...304)
        rig.poll()
        rig.poll()
        #expect(rig.seal().events == 45)
        #expect(rig.follower.problems().isEmpty)
    }

    @Test func `a file that is being written again waits, and goes on when it is as long as before`() {
        write(Self.many)
        var rig = Rig(files, report: report)
        rig.poll()
        disk.emptyDurably(Self.log)
        rig.poll()
        for tenant in Self.many {
            write(tenant...tenant)
            rig.poll()
        }
        write(41...42)
        rig.poll()
        rig.poll()
        #expect(rig.seal().events == 42)
        #expect(report.held == [Self.log])
    }

    // MARK: What changed

    @Test func `one line overwritten by others of its length counts each time`() {
        var rig = Rig(files)
        for tenant in 10...15 {
            if tenant == 10 {
                write(10...10)
            } else {
                disk.overwriteDurably(FollowerRig.lines(tenant...tenant), at: 0, in: Self.log)
            }
            rig.poll()
        }
        #expect(rig.seal().events == 6)
    }

    @Test(arguments: [25, 3])
    func `a file emptied and refilled to its size between two looks is read each time`(count: Int) {
        var rig = Rig(files)
        for round in 1...4 {
            disk.emptyDurably(Self.log)
            write(round * 1_000...(round * 1_000 + count - 1))
            rig.poll()
        }
        #expect(rig.seal().events == UInt64(4 * count))
    }

    @Test func `a file that is emptied while a chunk of it is read counts as what it was`() {
        write(Self.many)
        let disk = disk
        let reads = Mutex(0)
        var rig = Rig(files)
        files.failing { call, path in
            guard call == "pread", path == Self.log else { return false }
            let number = reads.withLock { reads in
                reads += 1
                return reads
            }
            // Two looks at its beginning come before the chunk.
            guard number == 3 else { return false }
            disk.emptyDurably(Self.log)
            disk.appendDurably(FollowerRig.lines(500...560), to: Self.log)
            return false
        }
        rig.poll()
        files.failing { _, _ in false }
        rig.poll()
        rig.poll()
        #expect(rig.seal().events == 61)
    }

    // MARK: Rotated while nobody looked

    @Test func `the copy that copytruncate makes supplies what wasn't read`() {
        for tenants in [1...3, Self.many] {
            disk.removeDurably(Self.log)
            disk.removeDurably("/log/app.log.1")
            write(tenants)
            var rig = Rig(files)
            rig.poll()
            write(100...109)
            disk.appendDurably(disk.bytes(of: Self.log), to: "/log/app.log.1")
            disk.emptyDurably(Self.log)
            write(200...201)
            for _ in 0..<4 { rig.poll() }
            #expect(rig.seal().events == UInt64(tenants.count) + 12)
        }
    }

    @Test func `moved to another directory while down, it is read on where the source names that one`() {
        let checkpoints = firstRun(1...21)
        write(100...109)
        disk.renameDurably(Self.log, to: "/log/old/app.log")
        write(300...300)
        var rig = Rig(files, after: checkpoints, olddir: ["old"])
        for _ in 0..<3 { rig.poll() }
        #expect(rig.seal().events == 11)
    }

    @Test func `what is nowhere to be found is told`() {
        let checkpoints = firstRun(1...21)
        disk.renameDurably(Self.log, to: "/elsewhere/app.log")
        var rig = Rig(files, after: checkpoints, report: report)
        rig.poll()
        rig.wait(FileFollower.detachedGrace + .seconds(21))
        rig.poll()
        #expect(report.vanished == [Self.log])
    }

    @Test func `bytes that go before they could be read are told once a copy of them is nowhere`() {
        write(1...3)
        write(11...13, to: "/log/b.log")
        var rig = Rig(files, globs: ["/log/*"], maxHandles: 0, report: report)
        rig.poll()
        write(4...4)
        rig.follower.scan()
        disk.removeDurably(Self.log)
        rig.poll()
        #expect(report.lostBytes == 0)
        rig.wait(FileFollower.detachedGrace + .seconds(21))
        rig.poll()
        #expect(report.lostBytes > 0)
        #expect(rig.seal().events == 6)
    }

    // MARK: Zeros

    @Test func `zeros before the first record tell nothing and count for nothing`() {
        var rig = Rig(files)
        var written = 0
        for round in 1...5 {
            // The program goes on at its own offset after the file was emptied.
            disk.emptyDurably(Self.log)
            let lines = FollowerRig.lines(round * 100...(round * 100 + 40))
            disk.appendDurably([UInt8](repeating: 0, count: written), to: Self.log)
            disk.appendDurably(lines, to: Self.log)
            written += lines.count
            rig.poll()
            rig.poll()
        }
        #expect(rig.seal().events == 205)
    }

    // MARK: Power failures

    @Test(arguments: [1...4, many])
    func `a log whose end became zeros goes on behind them and counts nothing twice`(tenants: ClosedRange<Int>) {
        let checkpoints = firstRun(tenants)
        let size = disk.bytes(of: Self.log).count
        disk.overwriteDurably([UInt8](repeating: 0, count: 200), at: size - 200, in: Self.log)
        disk.appendDurably([UInt8](repeating: 0, count: 300), to: Self.log)
        write(100...102)
        var rig = Rig(files, after: checkpoints, report: report)
        rig.poll()
        let sealed = rig.seal()
        #expect(sealed.events == 3)
        #expect(report.cut == [Self.log])
        write(103...103)
        var next = Rig(files, after: sealed.checkpoints, report: report)
        next.poll()
        #expect(next.seal().events == 1)
        #expect(report.cut == [Self.log])
    }

    @Test(arguments: [1...4, many])
    func `a log that lost its end goes on behind what is left, if nobody wrote it since the boot`(
        tenants: ClosedRange<Int>
    ) {
        let checkpoints = firstRun(tenants)
        disk.cutDurably(Self.log, to: disk.bytes(of: Self.log).count - 150)
        disk.renumber()
        var rig = Rig(files, after: checkpoints, bootedAt: .max, report: report)
        rig.poll()
        #expect(report.cut == [Self.log])
        // Behind half a line, as the writer's next start leaves it.
        write(100...102)
        rig.poll()
        #expect(rig.seal().events == 3)
    }

    @Test func `a log that is shorter and may be being written again waits`() {
        let checkpoints = firstRun()
        disk.cutDurably(Self.log, to: disk.bytes(of: Self.log).count - 150)
        var rig = Rig(files, after: checkpoints, bootedAt: 0, report: report)
        rig.poll()
        #expect(report.held == [Self.log])
        #expect(rig.seal().events == 0)
    }

    // MARK: Last lines

    @Test(arguments: [false, true])
    func `a last line is taken once it is whole, however long its writer pauses in it`(isWhole: Bool) {
        var rig = Rig(
            files, completeLastLineAfter: isWhole ? nil : .seconds(1), isWhole: isWhole)
        let line = FollowerRig.lines(2...2)
        write(1...1)
        disk.appendDurably(Array(line.prefix(50)), to: Self.log)
        rig.poll()
        rig.wait(.seconds(5))
        rig.poll()
        disk.appendDurably(Array(line[50..<line.count - 1]), to: Self.log)
        rig.poll()
        rig.wait(.seconds(2))
        rig.poll()
        #expect(rig.seal().events == 2)
    }

    @Test func `what is never completed is refused after a minute`() {
        var rig = Rig(files, completeLastLineAfter: .seconds(1))
        write(1...1)
        disk.appendDurably(Array(FollowerRig.lines(2...2).prefix(50)), to: Self.log)
        rig.poll()
        rig.wait(FileFollower.brokenLineGrace)
        rig.poll()
        #expect(rig.follower.bytesBehind == ["log": 0])
        #expect(rig.seal().events == 1)
    }

    @Test func `a first event that is longer than what is looked through tells a file too`() {
        let line = FollowerRig.lines(1...1)
        let long =
            Array(line.dropLast(2)) + Array(#","attributes":{"p":""#.utf8)
            + [UInt8](repeating: UInt8(ascii: "x"), count: 90_000) + Array("\"}}\n".utf8)
        disk.appendDurably(long, to: Self.log)
        var rig = Rig(files, globs: ["/log/*"])
        rig.poll()
        #expect(rig.seal().events == 1)
        disk.appendDurably(disk.bytes(of: Self.log), to: "/log/copy")
        disk.replaceDurably(long + FollowerRig.lines(2...3), at: Self.log)
        rig.poll()
        rig.poll()
        #expect(rig.seal().events == 2)
    }

    @Test func `bytes that are gone stand in the next batch`() {
        write(1...3)
        write(11...13, to: "/log/b.log")
        var rig = Rig(files, globs: ["/log/*"], maxHandles: 0)
        rig.poll()
        write(4...4)
        rig.follower.scan()
        disk.removeDurably(Self.log)
        rig.poll()
        rig.wait(FileFollower.detachedGrace + .seconds(21))
        rig.poll()
        let content = rig.accumulator.take(force: true, olderThan: .zero)
        #expect(content?.rejections == [.lostBytes: UInt64(FollowerRig.lines(4...4).count)])
    }

    // MARK: Checkpoints of the release before

    /// As version 1 of the checkpoints has it.
    private func ofPlaces(_ checkpoints: [FileID: FileCheckpoint]) throws -> [FileID: FileCheckpoint] {
        let entries = checkpoints.map { id, checkpoint in
            let head = disk.bytes(of: checkpoint.path).prefix(1_024)
            let fingerprint = FileFingerprint(head)
            return """
                {"device":\(id.device),"fingerprint":{"hash":\(fingerprint.hash),"length":\(fingerprint.length)},\
                "inode":\(id.inode),"line":\(checkpoint.intake.position.line),\
                "offset":\(checkpoint.intake.position.byteOffset),"path":"\(checkpoint.path)","source":"\(id.source)"}
                """
        }
        return try CheckpointCodec.decode(
            Array(#"{"files":[\#(entries.joined(separator: ","))],"version":1}"#.utf8))
    }

    @Test(arguments: [false, true])
    func `checkpoints of device and inode are understood, and by content where those changed`(isMoved: Bool) throws {
        let checkpoints = try ofPlaces(firstRun())
        if isMoved { disk.renumber() }
        write(100...102)
        var rig = Rig(files, after: checkpoints)
        rig.poll()
        let sealed = rig.seal()
        #expect(sealed.events == 3)
        // From then on they are told as all others.
        disk.renumber()
        write(103...103)
        var next = Rig(files, after: sealed.checkpoints)
        next.poll()
        #expect(next.seal().events == 1)
    }

    @Test func `checkpoints are the same after they were written and read, however many`() throws {
        for count in [1, 100] {
            for file in 1...count { write(file * 100...(file * 100 + 30), to: "/log/\(count)-\(file)") }
            var rig = Rig(files, globs: ["/log/\(count)-*"])
            rig.poll()
            let checkpoints = rig.seal().checkpoints
            #expect(checkpoints.count == count)
            let read = try CheckpointCodec.decode(CheckpointCodec.encode(checkpoints))
            #expect(read.keys.sorted { $0.inode < $1.inode } == checkpoints.keys.sorted { $0.inode < $1.inode })
            for (id, checkpoint) in checkpoints {
                #expect(read[id]?.intake == checkpoint.intake)
                #expect(read[id]?.fingerprint == checkpoint.fingerprint)
                #expect(read[id]?.firstEvent == checkpoint.firstEvent)
                #expect(read[id]?.tail == checkpoint.tail)
            }
        }
    }
}
