internal import AsyncHTTPClient
internal import Foundation
internal import HTTPSupport
internal import Identity
internal import NIOCore
internal import NIOHTTP1
internal import UsageModel

/// Asks a running collector on this machine to do something.
package enum CollectorControl {
    /// The collector doesn't run, or didn't do it: in words, with what to do.
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// Time for reading a whole quarantine again.
    private static let timeout = TimeAmount.hours(1)
    /// The most bytes of an answer.
    private static let maxAnswerBytes = 1 << 20

    /// Has quarantined records read again.
    ///
    /// - Parameter storage: of the collector's configuration.
    /// - Throws: ``Failure``.
    package static func requeue(
        _ request: RequeueRequest, of storage: CollectorSettings.Storage
    ) async throws(Failure) -> RequeueOutcome {
        let address = try address(of: storage)
        let token: String
        do throws(CertificateFault) {
            token = try SecretFile.read(storage.controlTokenFile, kind: "token")
        } catch {
            throw Failure(
                description: "\(error): only who can read the collector's own files may do this; run it as its user")
        }
        var parts = [(ControlHandler.Parameter.source, request.source)]
        if let since = request.sinceMilliseconds { parts.append((ControlHandler.Parameter.since, String(since))) }
        if let reason = request.reason { parts.append((ControlHandler.Parameter.reason, reason.rawValue)) }
        let query = parts.map { "\($0)=\($1)" }.joined(separator: "&")
        var message = HTTPClientRequest(url: "http://\(address)/v1/requeue?\(query)")
        message.method = .POST
        message.headers.add(
            name: "Authorization", value: "Bearer \(token.trimmingCharacters(in: .whitespacesAndNewlines))")
        do {
            let response = try await HTTPClient.shared.execute(message, timeout: timeout)
            let body = Data(try await response.body.collect(upTo: maxAnswerBytes).readableBytesView)
            guard response.status == .ok else {
                let detail = (try? JSONDecoder().decode(Answer.self, from: body))?.detail ?? "\(response.status)"
                throw Failure(description: "the collector at \(address) refused: \(detail)")
            }
            return try JSONDecoder().decode(RequeueOutcome.self, from: body)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(description: "the collector at \(address) doesn't answer: \(error)")
        }
    }

    /// Where a running collector takes commands.
    static func address(of storage: CollectorSettings.Storage) throws(Failure) -> String {
        guard let address = ListeningFile.read(storage.listeningFile)?[CollectorProcess.controlListenerName] else {
            throw Failure(
                description: "no collector is running with data directory \(storage.directory): "
                    + "listening.json is missing; start it, since a running collector does this")
        }
        return address
    }

    private struct Answer: Decodable {
        var detail: String
    }
}
