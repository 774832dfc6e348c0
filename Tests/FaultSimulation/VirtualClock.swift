internal import Synchronization
internal import UsageModel

/// The one time of a simulation, in milliseconds since its start. It moves only when the simulation says so.
final class VirtualTime: Sendable {
    private let now = Mutex<Int64>(0)

    var milliseconds: Int64 {
        get { now.withLock { $0 } }
        set { now.withLock { $0 = newValue } }
    }
}

/// A machine's clocks: the steady one follows the simulation's time, the time of day can be set wrong.
final class VirtualClock: SteadyClock {
    private let time: VirtualTime
    private let offset = Mutex<Int64>(0)

    init(_ time: VirtualTime) {
        self.time = time
    }

    func nowMilliseconds() -> Int64 { time.milliseconds }

    /// Nothing in a simulation waits by itself: the event queue says when something goes on.
    func sleep(for duration: Duration) async throws { throw CancellationError() }

    /// The time of day as this machine has it.
    var wall: WallView { WallView(clock: self) }

    /// Sets how far the time of day is off, in milliseconds; a second call replaces the first.
    func setWallOffset(_ milliseconds: Int64) {
        offset.withLock { $0 = milliseconds }
    }

    struct WallView: WallClock {
        /// 2026-01-01T00:00Z, when every simulation starts.
        static let start: Int64 = 1_767_225_600_000

        let clock: VirtualClock

        func nowMilliseconds() -> Int64 {
            Self.start + clock.time.milliseconds + clock.offset.withLock { $0 }
        }
    }
}
