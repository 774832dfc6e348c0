/// What `up` prints when everything answers.
enum Greeting {
    static func text(_ state: UpState, folder: DataFolder) -> String {
        var text = "Steelyard is up.\n"
        text += "  query API   \(state.queryURL)\n"
        text += "  ingest      \(state.ingestURL)  (client certificates of \(folder.authority)/ca.pem)\n"
        for collector in state.collectors {
            text += "  collector   \(collector.url)/v1/events  for provider \(collector.provider)\n"
        }
        text += "  data        \(folder.path)  (logs in \(folder.logs))\n"
        text += "  token       \(folder.adminToken)\n"
        text += "\nTry, in another terminal:\n"
        text += trial(state.collectors.first, folder)
        return text + "\nCtrl-C stops everything; the next start continues with the same data.\n"
    }

    private static func trial(_ collector: UpState.CollectorAddress?, _ folder: DataFolder) -> String {
        let option = folder == .standard() ? "" : " --data \(folder.path)"
        var text = ""
        if let collector {
            let event =
                #"{"time":"'$(date -u +%FT%TZ)'","tenant":"acme","model":"m1","input_tokens":1200,"output_tokens":350}"#
            text += "  curl \(collector.url)/v1/events -H 'Content-Type: application/x-ndjson' -d '\(event)'\n"
        }
        text += "  steelyard usage\(option) --period $(date +%Y-%m) --group-by provider,tenant --wait-for latest\n"
        text += "  steelyard collectors\(option)\n"
        return text
    }
}
