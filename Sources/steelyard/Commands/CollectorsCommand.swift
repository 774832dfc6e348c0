internal import APIModel
internal import ArgumentParser

/// `steelyard collectors`: the fleet.
struct CollectorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collectors",
        abstract: "The collectors: last seen, lag, epoch, sequence, version, backlog, end of certificate.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Only this provider.", valueName: "P"))
    var provider: String?

    mutating func run() async throws {
        let (query, output) = ([("provider", provider)], output)
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for("asking") {
                try await client.get("/v1/collectors", query, accept: output.format.accept)
            }
            try output.write(response, as: CollectorsResponse.self) {
                CollectorsTable.text(of: $0, figures: output.figures)
            }
        }
    }
}

enum CollectorsTable {
    static func text(of answer: CollectorsResponse, figures: Figures) -> String {
        let fields = CollectorRow.columns
        var table = AnswerTable<CollectorRow>(figures)
        table.add([fields[\.provider], fields[\.name], fields[\.lastSeen], fields[\.secondsSinceSeen]])
        table.add([fields[\.lagSeconds], fields[\.epoch], fields[\.nextSequence], fields[\.softwareVersion]])
        table.add([fields[\.ready], fields[\.backlogBatches], fields[\.certificateEndsAt]])
        return table.rendered(answer.collectors)
    }
}
