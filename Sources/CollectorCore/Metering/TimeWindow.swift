package import UsageModel

/// The minutes that events may lie in at one moment.
package struct TimeWindow: Sendable, Equatable {
    /// How far from now events may lie.
    package struct Span: Sendable, Equatable {
        package var back: Duration
        package var ahead: Duration

        package init(back: Duration, ahead: Duration) {
            self.back = back
            self.ahead = ahead
        }

        package func window(nowMilliseconds: Int64) -> TimeWindow {
            TimeWindow(back: back, ahead: ahead, nowMilliseconds: nowMilliseconds)
        }
    }

    /// The earliest minute that is taken.
    package var first: Int64
    /// The latest minute that is taken.
    package var last: Int64

    /// - Parameters:
    ///   - back: how far before now an event may lie.
    ///   - ahead: how far after now an event may lie.
    ///   - nowMilliseconds: the time of day.
    package init(back: Duration, ahead: Duration, nowMilliseconds: Int64) {
        first = Self.minute(nowMilliseconds - back.wholeMilliseconds)
        last = Self.minute(nowMilliseconds + ahead.wholeMilliseconds)
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
