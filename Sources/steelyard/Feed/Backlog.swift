internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore

/// What collectors have taken and not shipped yet, from their metrics.
enum Backlog {
    /// How long it may take without a batch less in the backlog before we give up.
    static let patience = Duration.seconds(180)
    private static let pollInterval = Duration.milliseconds(250)
    private static let maxMetricsBytes = 16 << 20

    /// Returns once every collector has sealed and shipped everything that it took.
    ///
    /// - Parameter collectors: base URLs.
    static func waitUntilShipped(_ collectors: [String]) async throws {
        try await HTTPClients.with { try await wait(collectors, $0) }
    }

    private static func wait(_ collectors: [String], _ http: HTTPClient) async throws {
        let bar = ProgressBar("shipping, left")
        defer { bar.finish() }
        var smallest = Int.max
        var deadline = ContinuousClock.now + patience
        var emptyAnswers = 0
        // Twice in a row: between sealing and shipping there is no moment in which both gauges are 0, but the first
        // answer may have been read while a gauge was on its way.
        while emptyAnswers < 2 {
            var left = 0
            for url in collectors { left += try await unshipped(at: url, http) }
            emptyAnswers = left == 0 ? emptyAnswers + 1 : 0
            if left < smallest { (smallest, deadline) = (left, ContinuousClock.now + patience) }
            guard ContinuousClock.now < deadline else {
                throw CommandError(
                    .failure,
                    "the collectors still hold \(left) batches and open rows, and it doesn't get less; see "
                        + collectors.map { "\($0)/readyz" }.joined(separator: ", "))
            }
            bar.update(done: left)
            if emptyAnswers < 2 { try await Task.sleep(for: pollInterval) }
        }
    }

    private static func unshipped(at url: String, _ http: HTTPClient) async throws -> Int {
        let response = try await HTTPClients.execute(
            HTTPClientRequest(url: url + "/metrics"), on: http, timeout: .seconds(10), maxBodyBytes: maxMetricsBytes)
        guard response.status == 200 else { throw Problem.error(for: response, asking: "\(url)/metrics") }
        let text = String(decoding: response.body, as: UTF8.self)
        let names = ["steelyard_collector_open_rows", "steelyard_collector_backlog_batches"]
        return try names.reduce(0) { sum, name in
            guard let value = gauge(name, in: text) else {
                throw CommandError(.failure, "\(url)/metrics has no \(name); is it another version of the collector?")
            }
            return sum + value
        }
    }

    /// The value of a gauge without labels in Prometheus' text format, rounded up.
    static func gauge(_ name: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(name + " ") {
            return Double(line.dropFirst(name.count + 1)).map { Int($0.rounded(.up)) }
        }
        return nil
    }
}
