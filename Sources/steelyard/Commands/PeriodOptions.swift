internal import ArgumentParser

/// Which time, and which knowledge, a figure is about.
struct PeriodOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("2025-06, 2025-Q2, 2025-H1, 2025, or two dates: 2025-06-01/2025-06-16.", valueName: "PERIOD")
    )
    var period: String?

    @Option(help: ArgumentHelp("First day that counts, in place of --period.", valueName: "DATE"))
    var from: String?

    @Option(help: ArgumentHelp("First day that doesn't count any more.", valueName: "DATE"))
    var to: String?

    mutating func validate() throws {
        guard (period != nil && from == nil && to == nil) || (period == nil && from != nil && to != nil) else {
            throw ValidationError("Say either --period, or both --from and --to.")
        }
    }

    var query: [(String, String?)] { [("period", period), ("from", from), ("to", to)] }
}

/// As of when, and up to what, a figure is asked for.
struct KnowledgeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("What tenants were held to be at this time (RFC 3339); now by default.", valueName: "TIME"))
    var asKnownAt: String?

    @Option(
        help: ArgumentHelp(
            "Wait until this ledger position is counted, or `latest` for all that is committed by now.",
            valueName: "POSITION"))
    var waitFor: String?

    var query: [(String, String?)] { query(asOf: nil) }

    /// The same beside an answer that is there: what that one knew, unless another moment is asked for.
    func query(asOf moment: String?) -> [(String, String?)] {
        [("as-known-at", asKnownAt ?? moment), ("wait-for", waitFor)]
    }
}
