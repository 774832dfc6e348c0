internal import Foundation

/// What `up` prints when everything answers.
struct Banner {
    let state: UpState
    let directory: DataDirectory
    /// Zone of the reporting calendar.
    let zone: String
    /// How the hinted commands call this program.
    var program = Self.ownProgram

    var text: String {
        var text = "Steelyard is up.\n"
        text += "  query API   \(state.queryURL)\n"
        text += "  ingest      \(state.ingestURL)  (client certificates of \(directory.authority)/ca.pem)\n"
        for collector in state.collectors {
            text += "  collector   \(collector.url)/v1/events  for provider \(collector.provider)\n"
        }
        text += "  data        \(directory.path)  (logs in \(directory.logs))\n"
        text += "  token       \(directory.adminToken)\n"
        text += "\nTry, in another terminal (the collector seals after \(Configurations.sealAgeSeconds) s):\n"
        text += hints.map { "  \($0)\n" }.joined()
        return text + "\nCtrl-C stops everything; the next start continues with the same data.\n"
    }

    /// Commands that work when they are pasted one after another.
    var hints: [String] {
        let program = ShellWord.quoted(program)
        let option = directory == .standard(environment: [:]) ? "" : " --data \(ShellWord.quoted(directory.path))"
        // The month in the calendar's zone: at its ends it is another one than this machine's.
        let month = "$(TZ=\(ShellWord.quoted(zone)) date +%Y-%m)"
        return sending + [
            "\(program) usage\(option) --period \(month) --group-by provider,tenant --wait-for latest",
            "\(program) collectors\(option)",
        ]
    }

    private var sending: [String] {
        guard let collector = state.collectors.first else { return [] }
        let event =
            #"{"time":"'$(date -u +%FT%TZ)'","tenant":"acme","model":"m1","input_tokens":1200,"output_tokens":350}"#
        return [
            "curl \(collector.url)/v1/events -H 'Content-Type: application/x-ndjson' -d '\(event)'",
            // `--wait-for latest` waits for what is committed, and that is sealed and shipped first.
            "sleep \(Configurations.sealAgeSeconds + 1)",
        ]
    }

    /// Its name where the shell found it by that, else its path.
    private static var ownProgram: String {
        let name = CommandLine.arguments.first ?? "steelyard"
        guard name.contains("/") else { return name }
        return (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? name
    }
}
