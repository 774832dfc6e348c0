import BatchFormat
import CollectorCore
import SourceFormats
import Spool
import UsageModel

@testable import FaultSimulation

/// A follower of one log with its accumulator, as one process would have them.
struct FollowerRig {
    static let log = "/log/app.log"

    /// What was told.
    final class Report {
        var lostBytes: UInt64 = 0
        /// Paths.
        var rewritten: [String] = []
        var held: [String] = []
        var copies: [String] = []
        var moved: [String] = []
        var vanished: [String] = []
        var cut: [String] = []

        func note(_ event: FileEvent) {
            switch event {
            case .lost(_, _, let byteCount): lostBytes += byteCount
            case .rewritten(let path, _, _): rewritten.append(path)
            case .held(let path, _, _): held.append(path)
            case .copy(let path, _): copies.append(path)
            case .moved(let path, _, _): moved.append(path)
            case .vanished(let path, _): vanished.append(path)
            case .cutByPowerFailure(let path, _, _): cut.append(path)
            default: break
            }
        }
    }

    let accumulator: Accumulator
    var follower: FileFollower
    private let time = VirtualTime()

    init(
        _ files: FailingFileSystem, after checkpoints: [FileID: FileCheckpoint] = [:],
        globs: [String] = [FollowerRig.log], format: any SourceFormat = NativeFormat(), olddir: [String] = [],
        completeLastLineAfter: Duration? = nil, maxHandles: Int = 100, bootedAt: Int64? = nil, isWhole: Bool = false,
        report: Report = Report()
    ) {
        let clock = VirtualClock(time)
        let intakeSwitch = IntakeSwitch()
        intakeSwitch.set(.starting, false)
        accumulator = Accumulator(limits: Accumulator.Limits(rows: 1_000), clock: clock)
        let source = FollowedSource(
            name: "log", format: format, defaults: EventDefaults(provider: CollectorNode.provider), globs: globs,
            rotatedDirectories: olddir, isWhole: isWhole, completeLastLineAfter: completeLastLineAfter)
        follower = FileFollower(
            sources: [source],
            timeWindow: ReloadableTimeWindow(TimeWindow.Span(back: .seconds(86_400), ahead: .seconds(86_400))),
            recovered: RecoveredFiles(checkpoints: checkpoints, isNewSpool: checkpoints.isEmpty),
            sealAge: .seconds(10), accumulator: accumulator, intakeSwitch: intakeSwitch, fileSystem: files,
            versionsDirectory: "/versions", wallClock: clock.wall, steadyClock: clock, maxHandles: maxHandles,
            bootedAtMilliseconds: bootedAt
        ) { report.note($0) }
    }

    /// Lets time pass.
    func wait(_ duration: Duration) { time.milliseconds += duration.wholeMilliseconds }

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

    /// A line for each tenant.
    static func lines(_ tenants: ClosedRange<Int>) -> [UInt8] {
        tenants.flatMap { tenant in
            let line =
                #"{"time":"2026-01-01T00:00:00Z","tenant":"t-\#(tenant)","model":"m","region":"r","input_tokens":1,"output_tokens":0}"#
            return Array((line + "\n").utf8)
        }
    }
}
