internal import AsyncHTTPClient
internal import Foundation
internal import Market
internal import Synchronization

/// Feeds a simulated market into collectors, one provider's events into each, side by side.
enum MarketFeed {
    /// - Parameter targets: base URLs by provider.
    static func run(_ simulator: MarketSimulator, into targets: [String: String], rate: Int?) async throws {
        let started = ContinuousClock.now
        let total = try await HTTPClients.with { http in
            try await feed(simulator, into: targets, rate: rate, http: http)
        }
        Terminal.out(summary(total, seconds: (ContinuousClock.now - started) / .seconds(1)))
    }

    private static func feed(
        _ simulator: MarketSimulator, into targets: [String: String], rate: Int?, http: HTTPClient
    ) async throws -> FeedResult {
        let bar = ProgressBar("feeding")
        defer { bar.finish() }
        let days = Mutex<[String: (done: Int, total: Int)]>([:])
        let share = rate.map { Double($0) / Double(max(1, targets.count)) }
        return try await withThrowingTaskGroup(of: FeedResult.self) { group in
            for (provider, url) in targets {
                let events = try MarketSource.events(of: simulator, provider: provider)
                let feeder = Feeder(intake: EventsClient(url: url, http: http), rate: share) { done, total in
                    let sum = days.withLock { days in
                        days[provider] = (done, total)
                        return days.values.reduce((0, 0)) { ($0.0 + $1.done, $0.1 + $1.total) }
                    }
                    bar.update(done: sum.0, total: sum.1)
                }
                group.addTask { try await feeder.feed(events) }
            }
            var total = FeedResult()
            for try await result in group { total += result }
            return total
        }
    }

    private static func summary(_ result: FeedResult, seconds: Double) -> String {
        let figures = Figures.separated
        let events = figures.count(UInt128(result.events))
        let bytes = figures.count(UInt128(result.bytes))
        let requests = figures.count(UInt128(result.requests))
        return "\(events) events (\(bytes) bytes in \(requests) requests) accepted in \(tenths(seconds)) s\n"
    }

    private static func tenths(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
