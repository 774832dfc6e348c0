internal import APIModel
internal import ArgumentParser
internal import NIOHTTP1
internal import Scopes

/// `steelyard facts`: what scopes need beside tokens.
struct FactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "facts", abstract: "Facts beside tokens: catalogues, revenue, tenders, prices, published totals.",
        discussion: "Kinds: \(FactKind.allCases.map(\.rawValue).joined(separator: ", ")).",
        subcommands: [Import.self, Export.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import facts from a CSV: all of them, or none with every mistake and its line.",
            discussion:
                "Example: steelyard facts import prices prices.csv --preview --scope omdia-ai-cloud --period 2025-H1")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var preview: PreviewOptions

        @Argument(help: ArgumentHelp("Kind of facts.", valueName: "KIND"))
        var kind: FactKind

        @Argument(help: ArgumentHelp("CSV file, or - for standard input.", valueName: "FILE"))
        var file: String

        mutating func run() async throws {
            let bytes = try InputFile.read(file)
            _ = try FactFile.parse(bytes, kind: kind, file: file)
            let (file, kind, preview) = (file, kind, preview)
            try await APIClient.with(connection) { client in
                let response = try await Waiting.for(preview.preview ? "looking" : "importing") {
                    try await client.send(
                        .POST, "/v1/facts/\(kind.rawValue)", preview.query, contentType: "text/csv", body: bytes)
                }
                let answer = try response.decoded(ImportedFactsResponse.self)
                if preview.preview {
                    Terminal.out(
                        PreviewTables.text(of: answer.counts, answer.effect, file: file, figures: preview.figures))
                } else {
                    Terminal.out(
                        ImportReport.line(
                            file: file, what: "\(answer.records) records of \(kind.rawValue)",
                            asserted: answer.counts.asserted, unchanged: answer.counts.unchanged,
                            recordedAt: answer.recordedAt.text))
                }
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Export what is held, as a CSV that can be imported again.")

        @OptionGroup var connection: ConnectionOptions

        @Argument(help: ArgumentHelp("Kind of facts.", valueName: "KIND"))
        var kind: FactKind

        @Option(help: ArgumentHelp("What was held at this time (RFC 3339); now by default.", valueName: "TIME"))
        var asKnownAt: String?

        @Flag(help: "JSON instead of CSV.")
        var json = false

        @Option(
            help: ArgumentHelp("File to write, whole or not at all; standard output by default.", valueName: "FILE"))
        var out: String?

        @Flag(help: "Replace the file of --out.")
        var force = false

        mutating func run() async throws {
            let (kind, query, format) = (kind, [("as-known-at", asKnownAt)], json ? OutputFormat.json : .csv)
            let (out, force) = (out, force)
            try await APIClient.with(connection) { client in
                let response = try await Waiting.for("exporting") {
                    try await client.get("/v1/facts/\(kind.rawValue)", query, accept: format.accept)
                }
                try FileOrOutput.write(response.body, to: out, overwriting: force)
            }
        }
    }
}

extension FactKind: ExpressibleByArgument {}
