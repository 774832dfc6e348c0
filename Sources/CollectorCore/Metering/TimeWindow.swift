internal import Synchronization
package import UsageModel

/// The minutes that events may lie in at one moment.
package struct TimeWindow: Sendable, Equatable {
    /// How far from now events may lie.
    package struct Span: Sendable, Equatable {
        /// How far before now an event may lie.
        package var back: Duration
        /// How far after now an event may lie.
        package var ahead: Duration

        package init(back: Duration, ahead: Duration) {
            self.back = back
            self.ahead = ahead
        }
    }

    /// The earliest minute that is taken.
    package var first: Int64
    /// The latest minute that is taken.
    package var last: Int64

    /// - Parameter nowMilliseconds: the time of day.
    package init(_ span: Span, nowMilliseconds: Int64) {
        first = Self.minute(nowMilliseconds - span.back.wholeMilliseconds)
        last = Self.minute(nowMilliseconds + span.ahead.wholeMilliseconds)
    }

    private static func minute(_ milliseconds: Int64) -> Int64 {
        milliseconds.flooredDivision(by: 60_000)
    }

    /// Why an event of this minute can't be taken, or `nil`.
    @inline(__always)
    package func problem(minute: Int64) -> Rejection? {
        if minute < first {
            return Rejection(.timeTooOld, field: "time", detail: "lies further back than window.back allows")
        }
        if minute > last {
            return Rejection(.timeInFuture, field: "time", detail: "lies further ahead than window.ahead allows")
        }
        return nil
    }
}

/// The time window as it is set now, for followed files and pushes alike: SIGHUP changes it while it is in use.
package final class ReloadableTimeWindow: Sendable {
    private let span: Mutex<TimeWindow.Span>

    package init(_ span: TimeWindow.Span) {
        self.span = Mutex(span)
    }

    package func set(_ span: TimeWindow.Span) { self.span.withLock { $0 = span } }

    package func window(nowMilliseconds: Int64) -> TimeWindow {
        TimeWindow(span.withLock { $0 }, nowMilliseconds: nowMilliseconds)
    }
}
