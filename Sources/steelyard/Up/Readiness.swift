internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore

/// Waits until a daemon says that it is ready.
enum Readiness {
    private static let pollInterval = Duration.milliseconds(100)
    private static let maxAnswerBytes = 1 << 20

    static func wait(for baseURL: String, timeout: Duration, name: String, log: String) async throws {
        let deadline = ContinuousClock.now + timeout
        try await HTTPClients.with { http in
            var said = "it doesn't answer"
            while ContinuousClock.now < deadline {
                do {
                    let request = HTTPClientRequest(url: baseURL + "/readyz")
                    let response = try await HTTPClients.execute(
                        request, on: http, timeout: .seconds(5), maxBodyBytes: maxAnswerBytes)
                    if response.status == 200 { return }
                    said = String(decoding: response.body.prefix(500), as: UTF8.self).printable
                } catch is CommandError {
                    said = "it doesn't answer"
                }
                try await Task.sleep(for: pollInterval)
            }
            throw CommandError(
                .failure, "\(name) wasn't ready within \(timeout.components.seconds) s (\(said)); see \(log)")
        }
    }
}
