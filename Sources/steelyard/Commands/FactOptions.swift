internal import APIModel
internal import ArgumentParser
internal import NIOHTTP1
internal import Scopes

// What `tenants` and `facts` have in common: everything but which kind of facts is meant.

/// `import`.
struct FactImportOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var preview: PreviewOptions

    @Argument(help: ArgumentHelp("CSV file, or - for standard input.", valueName: "FILE"))
    var file: String

    @Flag(help: "Only check the file, without asking a server.")
    var dryRun = false

    func run(_ kind: FactKind) async throws {
        let bytes = try InputFile.read(file)
        let records = try FactFile.parse(bytes, kind: kind, file: file)
        if dryRun {
            return Terminal.out("\(file): \(ImportReport.count(records.count, of: kind)), no mistakes\n")
        }
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for(preview.preview ? "looking" : "importing") {
                try await client.send(.POST, kind.path, query: preview.query, contentType: "text/csv", body: bytes)
            }
            let answer = try response.decoded(ImportedFactsResponse.self)
            Terminal.out(
                preview.preview
                    ? PreviewTables.text(of: answer.counts, answer.effect, file: file, figures: preview.figures)
                    : ImportReport.line(file: file, kind: kind, answer))
        }
    }
}

/// `export`.
struct FactExportOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("What was known to hold at this time (RFC 3339); now by default.", valueName: "TIME"))
    var asKnownAt: String?

    @Option(help: ArgumentHelp("csv, json, or table for people.", valueName: "FORMAT"))
    var format = OutputFormat.csv

    @Flag(help: "The same as --format json.")
    var json = false

    @Flag(help: "Chinese headings (tables only).")
    var zh = false

    @Option(help: ArgumentHelp("File to write, whole or not at all; standard output by default.", valueName: "FILE"))
    var out: String?

    @Flag(help: "Replace the file of --out.")
    var force = false

    /// - Parameter keys: names and values of key columns that the facts must have.
    func run(_ kind: FactKind, where keys: [(String, String?)]) async throws {
        let format = json ? OutputFormat.json : format
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for("exporting") {
                try await client.get(
                    kind.path, kind.query(keys, asKnownAt: asKnownAt), accept: format.accept)
            }
            guard format != .csv else {
                return try FileOrOutput.export(
                    response.body, to: out, overwriting: force, hasRows: response.hasLines)
            }
            let records = try response.decoded(FactsResponse.self).records
            let table = format == .table ? FactTables.text(of: records, kind, zh ? .chinese : .separated) : nil
            try FileOrOutput.export(
                table.map { Array($0.utf8) } ?? response.body, to: out, overwriting: force,
                hasRows: !records.isEmpty)
        }
    }
}

/// `history`.
struct FactHistoryOptions: ParsableArguments {
    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("As it was known at this RFC 3339 time.", valueName: "TIME"))
    var asKnownAt: String?

    @Flag(help: "JSON instead of a table.")
    var json = false

    @Flag(help: "Chinese headings (tables only).")
    var zh = false

    /// - Parameter keys: names and values of key columns that the facts must have.
    func run(_ kind: FactKind, where keys: [(String, String?)]) async throws {
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for("asking") {
                try await client.get("\(kind.path)/history", kind.query(keys, asKnownAt: asKnownAt))
            }
            let records = try response.decoded(FactHistoryResponse.self).records
            guard !records.isEmpty else {
                let meant = keys.compactMap { name, value in value.map { "\(name) \($0)" } }
                let what = meant.isEmpty ? kind.rawValue : meant.joined(separator: ", ")
                throw CommandError(.usage, "nothing was ever recorded of \(what)".printable)
            }
            if json {
                try FileOrOutput.write(response.body, to: nil, overwriting: false)
            } else {
                Terminal.out(FactTables.text(of: records, kind, zh ? .chinese : .separated))
            }
        }
    }
}

extension FactKind {
    /// Where the API has facts of the kind.
    fileprivate var path: String { self == .tenants ? "/v1/tenants" : "/v1/facts/\(rawValue)" }

    /// Key columns as parameters are written, and the moment of knowledge.
    fileprivate func query(_ keys: [(String, String?)], asKnownAt: String?) -> [(String, String?)] {
        keys.map { ($0.0.replacing("_", with: "-"), $0.1) } + [("as-known-at", asKnownAt)]
    }
}

enum FactTables {
    /// Versions of facts of one kind, a column for each of the file's and three for when they were recorded.
    static func text(of records: [FactRow], _ kind: FactKind, _ figures: Figures) -> String {
        var table = AnswerTable<FactRow>(figures)
        for column in kind.definition.columns {
            table.add(.text(figures.words(column.heading))) { $0.cells[column.name] ?? "–" }
        }
        table.add(FactRow.columns.from(\.recordedAt))
        return table.rendered(records)
    }
}
