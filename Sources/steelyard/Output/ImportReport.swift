internal import APIModel
internal import Scopes

/// What an import came to, in one line.
enum ImportReport {
    static func line(file: String, kind: FactKind, _ answer: ImportedFactsResponse) -> String {
        let (recorded, unchanged) = (answer.counts.recorded, answer.counts.unchanged)
        let counts = "\(file): \(count(answer.records, of: kind)), \(recorded) new, \(unchanged) unchanged"
        // Where nothing is recorded the server's time is that of an earlier import.
        return recorded == 0
            ? "\(counts); nothing was recorded\n" : "\(counts), recorded at \(answer.recordedAt.text)\n"
    }

    /// `1 record of prices`.
    static func count(_ records: Int, of kind: FactKind) -> String {
        "\(records) \(records == 1 ? "record" : "records") of \(kind.rawValue)"
    }
}
