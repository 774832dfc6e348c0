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

    let intake: EventsClient
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

    private func check(_ answer: EventsAnswer, sent: Int) throws(CommandError) {
        if answer.accepted != sent { throw Self.refusal(answer, sent: sent, url: intake.url) }
    }

    /// What is wrong and what to do, by the reason of the first event that was not taken.
    static func refusal(_ answer: EventsAnswer, sent: Int, url: String) -> CommandError {
        let first = answer.rejected?.first
        let why = first.map { ", the first one refused with \($0.reason ?? "?"): \($0.detail ?? "")" } ?? ""
        let remedy =
            switch first?.reason {
            case "wrong-provider": " Send them to a collector of the provider that --provider names"
            case "time-too-old":
                " Its window.back must reach back to the market's period (`steelyard up --window-back 1100d`)"
            default: ""
            }
        return CommandError(
            .refusedInput,
            "the collector at \(url) took \(answer.accepted) of \(sent) events\(why)".printable.ended + remedy)
    }
}
