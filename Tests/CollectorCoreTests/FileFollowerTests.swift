import BatchFormat
import CollectorCore
import SourceFormats
import Spool
import Testing
import UsageModel

@testable import FaultSimulation

@Suite struct FileFollowerTests {
    private static let log = "/log/app.log"

    /// A follower of one log with its accumulator, as one process would have them.
    private struct Rig {
        let accumulator: Accumulator
        var follower: FileFollower

        init(_ files: FailingFileSystem, after checkpoints: [FileID: FileCheckpoint] = [:]) {
            let clock = VirtualClock(VirtualTime())
            let intakeSwitch = IntakeSwitch()
            intakeSwitch.set(.starting, false)
            accumulator = Accumulator(limits: Accumulator.Limits(rows: 1_000), clock: clock)
            let source = FollowedSource(
                name: "log", format: NativeFormat(), defaults: EventDefaults(provider: CollectorNode.provider),
                globs: [FileFollowerTests.log])
            follower = FileFollower(
                sources: [source],
                timeWindow: ReloadableTimeWindow(TimeWindow.Span(back: .seconds(86_400), ahead: .seconds(86_400))),
                recovered: RecoveredFiles(checkpoints: checkpoints, isNewSpool: checkpoints.isEmpty),
                sealAge: .seconds(10), accumulator: accumulator, intakeSwitch: intakeSwitch, fileSystem: files,
                wallClock: clock.wall, steadyClock: clock
            ) { _ in }
        }

        mutating func poll() {
            follower.scan()
            for id in follower.order {
                while case .read = follower.readChunk(of: id) {}
            }
            follower.letGoOfDetached()
        }

        /// How many events were counted since the last call, and where the files stood.
        func seal() -> (events: UInt64, checkpoints: [FileID: FileCheckpoint]) {
            guard let content = accumulator.take(force: true, olderThan: .zero) else { return (0, [:]) }
            return (content.sums.eventCount, content.checkpoints)
        }
    }

    private let disk = VirtualDisk(SimulationRandom(seed: 1))
    private let files: FailingFileSystem

    init() {
        files = FailingFileSystem(disk)
    }

    private func write(_ tenants: ClosedRange<Int>, to path: String = FileFollowerTests.log) {
        for tenant in tenants {
            let line =
                #"{"time":"2026-01-01T00:00:00Z","tenant":"t-\#(tenant)","model":"m","region":"r","input_tokens":1,"output_tokens":0}"#
            disk.appendDurably(Array((line + "\n").utf8), to: path)
        }
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

    @Test func `a file that got the inode of another is read from its start`() {
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
        #expect(sealed.checkpoints.keys.first == checkpoints.keys.first)
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
}
