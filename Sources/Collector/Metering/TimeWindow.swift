internal import Usage

/// The minutes that events may lie in at one moment.
struct TimeWindow: Sendable, Equatable {
    /// The earliest minute that is taken.
    var first: Int64
    /// The latest minute that is taken.
    var last: Int64

    /// - Parameter nowMilliseconds: the time of day.
    init(_ settings: CollectorSettings.Window, nowMilliseconds: Int64) {
        first = Self.minute(nowMilliseconds - settings.back.wholeMilliseconds)
        last = Self.minute(nowMilliseconds + settings.ahead.wholeMilliseconds)
    }

    private static func minute(_ milliseconds: Int64) -> Int64 {
        milliseconds >= 0 ? milliseconds / 60_000 : (milliseconds - 59_999) / 60_000
    }

    /// Why an event of this minute can't be taken, or `nil`.
    @inline(__always)
    func problem(minute: Int64) -> Rejection? {
        if minute < first {
            return Rejection(.timeTooOld, field: "time", detail: "lies further back than window.back allows")
        }
        if minute > last {
            return Rejection(.timeInFuture, field: "time", detail: "lies further ahead than window.ahead allows")
        }
        return nil
    }
}
