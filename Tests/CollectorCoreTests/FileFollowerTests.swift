import BatchFormat
import CollectorCore
import SourceFormats
import Spool
import Testing
import UsageModel

@testable import FaultSimulation

@Suite struct FileFollowerTests {
    private typealias Rig = FollowerRig
    private static let log = FollowerRig.log

    private let disk = VirtualDisk(SimulationRandom(seed: 1))
    private let files: FailingFileSystem

    init() {
        files = FailingFileSystem(disk)
    }

    private func write(_ tenants: ClosedRange<Int>, to path: String = FileFollowerTests.log) {
        for tenant in tenants { disk.appendDurably(FollowerRig.lines(tenant...tenant), to: path) }
    }

    @Test func `a read that fails is tried again and nothing counts twice`() {
        write(1...3)
        var rig = Rig(files)
        rig.poll()
        write(4...4)
        files.failing { call, _ in call == "pread" }
        rig.poll()
        files.failing { _, _ in false }
        rig.poll()
        #expect(rig.seal().events == 4)
    }

    @Test func `a file that can't be opened at a start keeps its place`() {
        write(1...3)
        var first = Rig(files)
        first.poll()
        var second = Rig(files, after: first.seal().checkpoints)
        files.failing { call, _ in call == "open" }
        second.poll()
        files.failing { _, _ in false }
        write(4...4)
        second.poll()
        #expect(second.seal().events == 1)
    }

    @Test func `a renamed file keeps its place while its directory can't be read`() {
        write(1...3)
        var first = Rig(files)
        first.poll()
        disk.renameDurably(Self.log, to: "/log/old.log")
        write(4...4, to: "/log/old.log")
        var second = Rig(files, after: first.seal().checkpoints)
        files.failing { call, _ in call == "opendir" }
        second.poll()
        #expect(second.seal().events == 0)
        files.failing { _, _ in false }
        second.poll()
        #expect(second.seal().events == 1)
    }

    @Test func `a file that got the inode of another is read from its start`() throws {
        write(1...3)
        var first = Rig(files)
        first.poll()
        let checkpoints = first.seal().checkpoints
        first.follower.close()
        disk.removeDurably(Self.log)
        write(4...8)
        var second = Rig(files, after: checkpoints)
        second.poll()
        let sealed = second.seal()
        let place = try #require(checkpoints.keys.first)
        #expect(sealed.checkpoints[place] != nil)
        #expect(sealed.events == 5)
    }

    @Test func `a file emptied and grown to just its old size is read from its start`() {
        write(1...3)
        var rig = Rig(files)
        rig.poll()
        disk.emptyDurably(Self.log)
        write(4...6)
        rig.poll()
        #expect(rig.seal().events == 6)
    }

    // MARK: Handles

    /// A follower that has read three events and has given up its handle.
    private func restingRig(report: FollowerRig.Report = FollowerRig.Report()) -> Rig {
        write(1...3)
        var rig = Rig(files, report: report)
        rig.poll()
        #expect(rig.follower.handleCount == 1, "it may grow at any moment")
        rig.wait(FileFollower.idleGrace)
        rig.poll()
        #expect(rig.follower.handleCount == 0)
        return rig
    }

    @Test func `a file that rests holds no handle and is read on once it grows`() {
        var rig = restingRig()
        write(4...5)
        rig.poll()
        #expect(rig.follower.handleCount == 1)
        #expect(rig.seal().events == 5)
    }

    @Test func `a file with unread bytes keeps its handle`() {
        write(1...3)
        disk.appendDurably(Array("{".utf8), to: Self.log)
        var rig = Rig(files)
        rig.poll()
        rig.wait(.seconds(3_600))
        rig.poll()
        #expect(rig.follower.handleCount == 1)
        #expect(rig.follower.bytesBehind == ["log": 1])
    }

    @Test func `a resting file that is renamed is found again and its last lines count`() {
        var rig = restingRig()
        disk.renameDurably(Self.log, to: "/log/old.log")
        write(4...4, to: "/log/old.log")
        write(11...12)
        rig.poll()
        // Its writer goes on for a while, and the name goes in the end.
        write(5...5, to: "/log/old.log")
        disk.removeDurably("/log/old.log")
        rig.poll()
        #expect(rig.seal().events == 7)
        #expect(rig.follower.count == 2)
        rig.wait(FileFollower.detachedGrace + .seconds(21))
        rig.poll()
        #expect(rig.follower.count == 1)
    }

    @Test func `a name that leads to another file by then isn't read on`() {
        var rig = restingRig()
        disk.removeDurably(Self.log)
        // Gets the inode of the one before, and is longer.
        write(11...15)
        rig.poll()
        #expect(rig.seal().events == 8)
    }

    @Test func `a file that gets the inode of one that is gone is read`() {
        var rig = restingRig()
        disk.removeDurably(Self.log)
        rig.poll()
        write(11...12)
        rig.poll()
        #expect(rig.seal().events == 5)
    }

    @Test func `between the look and the reading, a name may go over to another file`() {
        var rig = restingRig()
        write(4...4)
        let (disk, next) = (disk, FollowerRig.lines(11...12))
        files.failing { call, _ in
            if call == "open", disk.bytes(of: "/log/old.log").isEmpty {
                disk.renameDurably(Self.log, to: "/log/old.log")
                disk.appendDurably(next, to: Self.log)
            }
            return false
        }
        rig.poll()
        files.failing { _, _ in false }
        rig.poll()
        #expect(rig.seal().events == 6)
    }

    @Test func `what begins with the bytes that were read and is shorter waits until it is told from them`() {
        var rig = restingRig()
        disk.removeDurably(Self.log)
        write(1...2)
        rig.poll()
        #expect(rig.seal().events == 3)
        write(4...4)
        rig.poll()
        #expect(rig.seal().events == 0, "it begins with the same event, so it may be the same file in another version")
        disk.replaceDurably(FollowerRig.lines(1...5), at: Self.log)
        rig.poll()
        #expect(rig.seal().events == 2)
    }

    @Test func `bytes that go before they could be read are told`() {
        let report = FollowerRig.Report()
        write(1...3)
        write(1...3, to: "/log/b.log")
        var rig = Rig(files, globs: ["/log/*"], maxHandles: 0, report: report)
        rig.poll()
        write(4...4)
        rig.follower.scan()
        disk.removeDurably(Self.log)
        rig.poll()
        rig.wait(FileFollower.detachedGrace + .seconds(21))
        rig.poll()
        #expect(report.lostBytes > 0)
        #expect(rig.seal().events == 6)
    }

    @Test func `a file can be looked for again where its directory couldn't be read`() {
        var rig = restingRig()
        disk.renameDurably(Self.log, to: "/log/old.log")
        write(4...4, to: "/log/old.log")
        files.failing { call, _ in call == "opendir" }
        rig.poll()
        rig.wait(FileFollower.detachedGrace + .seconds(3_600))
        rig.poll()
        files.failing { _, _ in false }
        rig.poll()
        #expect(rig.seal().events == 4)
    }

    @Test(arguments: [0, 1, 3])
    func `more files than handles are all read, at once and later`(maxHandles: Int) {
        for file in 1...20 { write(1...3, to: "/log/\(file).log") }
        var rig = Rig(files, globs: ["/log/*"], maxHandles: maxHandles)
        rig.poll()
        #expect(rig.follower.handleCount <= maxHandles)
        for file in 1...20 { write(4...4, to: "/log/\(file).log") }
        rig.poll()
        #expect(rig.follower.handleCount <= maxHandles)
        #expect(rig.seal().events == 80)
        #expect(rig.follower.bytesBehind == ["log": 0])
    }
}
