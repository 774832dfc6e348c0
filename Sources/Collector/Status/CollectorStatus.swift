internal import AsyncHTTPClient
internal import Foundation
internal import HTTPSupport
internal import NIOCore
internal import TextFormats
internal import UsageModel

/// Asks a running collector how it does, and says it as a table.
package enum CollectorStatus {
    package struct NotRunning: Error, CustomStringConvertible {
        package var description: String
    }

    /// Reads `/readyz` of the collector whose data directory this is.
    ///
    /// - Throws: ``NotRunning`` with what to do.
    package static func fetch(_ storage: CollectorSettings.Storage) async throws -> Readiness {
        let directory = storage.directory
        guard let address = ListeningFile.read(storage.listeningFile)?[CollectorProcess.controlListenerName] else {
            throw NotRunning(
                description: "no collector is running with data directory \(directory): listening.json is missing")
        }
        do {
            let request = HTTPClientRequest(url: "http://\(address)/readyz")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
            let body = try await response.body.collect(upTo: 1 << 20)
            return try JSONDecoder().decode(Readiness.self, from: Data(body.readableBytesView))
        } catch {
            throw NotRunning(description: "the collector at \(address) doesn't answer: \(error)")
        }
    }

    /// The answer as the server gave it, on one line.
    package static func json(_ readiness: Readiness) -> String {
        String(decoding: readiness.json.encoded, as: UTF8.self)
    }

    /// One aligned line per fact.
    package static func table(_ readiness: Readiness) -> String {
        func age(_ seconds: Int64?, or none: String) -> String { seconds.map { "\($0) s" } ?? none }
        let rows =
            [
                ("collector", "\(readiness.provider)/\(readiness.collector)"),
                ("version", readiness.version),
                ("ready", readiness.ready ? "yes" : "no: \(readiness.reasons.joined(separator: ", "))"),
                ("backlog", "\(readiness.backlogBatches) batches, \(readiness.backlogBytes) bytes"),
                ("oldest unshipped", age(readiness.oldestUnshippedAgeSeconds, or: "none")),
                ("last success", age(readiness.lastSuccessAgeSeconds, or: "never").replacing(" s", with: " s ago")),
                ("epoch", readiness.epoch == 0 ? "none" : String(readiness.epoch)),
                ("fenced", readiness.fenced ? "yes" : "no"),
                ("spool", "\(readiness.spoolBytes) bytes"),
                ("last problem", readiness.lastProblem.isEmpty ? "none" : readiness.lastProblem),
            ] + readiness.sourceProblems.map { ("source \($0.source)", "\($0.reason): \($0.detail)") }
            + (readiness.nameBudgets ?? []).map { budget in
                (
                    "new \(budget.dimension)s",
                    "\(budget.used) of the \(budget.of)'s \(budget.budget) of today (UTC)"
                        + (budget.isExceeded ? "; further ones count under (over-limit)" : "")
                )
            }
            + (readiness.ignored ?? []).map { ("ignored", "\($0.records) records of \($0.source): \($0.reason)") }
            + (readiness.refusals ?? []).map { refusal in
                let cause = refusal.field.isEmpty ? refusal.reason : "\(refusal.reason) (\(refusal.field))"
                return (
                    "refused",
                    "\(refusal.time) \(refusal.source) \(refusal.place) \(cause): \(refusal.detail)  \(refusal.excerpt)"
                )
            }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value
        }.joined(separator: "\n")
    }
}
