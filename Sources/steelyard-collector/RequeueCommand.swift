internal import ArgumentParser
internal import Collector
internal import DaemonSupport
internal import Foundation
internal import UsageModel

struct Requeue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Has the running collector read quarantined records again, once the configuration was repaired.",
        discussion: """
            Records that count now leave the quarantine, each once, whatever is interrupted; the others stay. They are \
            read under the configuration as it stands in the file.
            """)

    @OptionGroup var options: ConfigurationOptions<CollectorSettings>

    @Option(help: "The source whose records are read again; `http` for those of POST /v1/events.")
    var source: String

    @Option(help: "Only records that were refused since: an RFC 3339 time, or how long ago (90m, 2d).")
    var since: String?

    @Option(help: "Only records that were refused for this reason, such as missing-field.")
    var reason: String?

    func run() async throws {
        let settings = try options.loadOrExit()
        var request = RequeueRequest(source: source)
        guard settings.hasSource(named: source) else {
            throw ValidationError(
                "the configuration has no source \(source); it has \(settings.sourceNames.joined(separator: ", "))")
        }
        if let reason {
            guard let known = RejectionReason(rawValue: reason) else {
                let words = RejectionReason.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("\(reason) is no reason; reasons are \(words)")
            }
            request.reason = known
        }
        if let since {
            guard let moment = CollectorSettings.moment(since, now: Date()) else {
                throw ValidationError("--since \(since) is neither an RFC 3339 time nor a duration such as 90m or 2d")
            }
            request.sinceMilliseconds = moment
        }
        do throws(CollectorControl.Failure) {
            print(text(of: try await CollectorControl.requeue(request, of: settings.storage)))
        } catch {
            writeError("\(error)")
            throw ExitCode.failure
        }
    }

    private func text(of outcome: RequeueOutcome) -> String {
        [
            ("counted", outcome.counted), ("counted before", outcome.duplicates),
            ("not for counting", outcome.ignored), ("refused again", outcome.refused),
            ("incomplete", outcome.incomplete),
        ].map { name, count in
            name + String(repeating: " ", count: 18 - name.count) + String(count)
        }.joined(separator: "\n")
    }
}
