internal import ArgumentParser

/// `steelyard collectors`: the fleet.
struct CollectorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collectors", abstract: "The collectors: last seen, lag, epoch, sequence, version.")

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
            try output.write(response) {
                CollectorsTable.text(of: try $0.decoded(CollectorsAnswer.self), figures: output.figures)
            }
        }
    }
}

enum CollectorsTable {
    static func text(of answer: CollectorsAnswer, figures: Figures) -> String {
        var table = TextTable([
            .text(figures.words("Provider", "云厂商")), .text(figures.words("Collector", "采集器")),
            .text(figures.words("Last seen", "最近上报")), .number(figures.words("Seconds ago", "距今秒数")),
            .number(figures.words("Lag s", "延迟秒数")), .number(figures.words("Epoch", "纪元")),
            .number(figures.words("Next sequence", "下一序号")), .text(figures.words("Version", "版本")),
        ])
        for row in answer.collectors {
            table.append([
                row.provider, row.name, row.lastSeen ?? "–", row.secondsSinceSeen.map(String.init) ?? "–",
                row.lagSeconds.map(String.init) ?? "–", String(row.epoch), String(row.nextSequence),
                row.softwareVersion ?? "–",
            ])
        }
        return table.rendered()
    }
}
