internal import Market

/// What a feed came to.
struct FeedResult: Sendable, Equatable {
    var events = 0
    var bytes = 0
    var requests = 0

    static func += (left: inout FeedResult, right: FeedResult) {
        left.events += right.events
        left.bytes += right.bytes
        left.requests += right.requests
    }
}

/// Feeds simulated events into one collector, as fast as it takes them or at a rate.
struct Feeder: Sendable {
    /// Events in one request.
    static let eventsPerRequest = 2_000

    let intake: IntakeClient
    /// Events per second, or as fast as possible.
    let rate: Double?
    /// Called with the days that are done and the days in all.
    let progress: @Sendable (Int, Int) -> Void

    func feed(_ events: consuming MarketEvents) async throws -> FeedResult {
        let started = ContinuousClock.now
        let portion = rate.map { min(Self.eventsPerRequest, max(1, Int($0))) } ?? Self.eventsPerRequest
        var result = FeedResult()
        var lines: [UInt8] = []
        while true {
            lines.removeAll(keepingCapacity: true)
            let count = events.next(into: &lines, maxEvents: portion)
            guard count > 0 else { return result }
            let answer = try await intake.send(lines)
            try check(answer, sent: count)
            result += FeedResult(events: count, bytes: lines.count, requests: 1)
            progress(events.daysDone, events.dayCount)
            if let rate {
                let due = started + .seconds(Double(result.events) / rate)
                try await Task.sleep(until: due, clock: .continuous)
            }
        }
    }

    private func check(_ answer: IntakeAnswer, sent: Int) throws(CommandError) {
        guard answer.accepted != sent else { return }
        let first = answer.rejected?.first.map { ", the first with \($0.reason ?? "?"): \($0.detail ?? "")" } ?? ""
        throw CommandError(
            .refusedInput,
            "the collector at \(intake.url) took \(answer.accepted) of \(sent) events\(first.printable). Times too "
                + "old? Its window.back must reach back to the market's period (`steelyard up --window-back 1100d`)")
    }
}
