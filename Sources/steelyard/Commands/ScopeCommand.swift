internal import ArgumentParser

/// `steelyard scopes`: what can be asked for with `--scope`.
struct ScopesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scopes", abstract: "The statistical scopes of this installation.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if output.format == .csv { throw ValidationError("Scopes come as table or json.") }
    }

    mutating func run() async throws {
        let output = output
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for("asking") { try await client.get("/v1/scopes") }
            try output.write(response) {
                ScopesTable.text(of: try $0.decoded(ScopesAnswer.self), figures: output.figures)
            }
        }
    }
}

enum ScopesTable {
    static func text(of answer: ScopesAnswer, figures: Figures) -> String {
        var table = TextTable([
            .text(figures.words("Scope", "口径")), .number(figures.words("Version", "版本")),
            .text(figures.words("Measures", "计量")), .text(figures.words("As", "汇总")),
            .text(figures.words("Title", "名称")), .text(figures.words("Source", "出处")),
        ])
        for scope in answer.scopes {
            table.append([
                scope.id, String(scope.version), scope.measure, scope.aggregate,
                figures.words(scope.title.en, scope.title.zh), scope.citation,
            ])
        }
        return table.rendered()
    }
}
