internal import APIModel
internal import ArgumentParser
internal import Foundation
internal import Identity
internal import NIOHTTP1
internal import Scopes

/// `steelyard tenants`: the registry of what tenants are.
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants", abstract: "The tenant registry: who is external, who is own business, since when.",
        subcommands: [Import.self, Export.self, History.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import assertions from a CSV: all of them, or none with every mistake and its line.",
            discussion: """
                Columns: \(RegistryFile.columns.joined(separator: ",")).
                Example: steelyard tenants import tenants.csv --preview --scope idc --period 2025-H1
                """)

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var preview: PreviewOptions

        @Argument(help: ArgumentHelp("CSV file, or - for standard input.", valueName: "FILE"))
        var file: String

        @Flag(help: "Only check the file, without asking a server.")
        var dryRun = false

        mutating func run() async throws {
            let bytes = try InputFile.read(file)
            let entries = try RegistryFile.parse(bytes, file: file)
            if dryRun { return Terminal.out("\(file): \(entries.count) assertions, no mistakes\n") }
            let (file, preview) = (file, preview)
            try await APIClient.with(connection) { client in
                let response = try await Waiting.for(preview.preview ? "looking" : "importing") {
                    try await client.send(.POST, "/v1/tenants", preview.query, contentType: "text/csv", body: bytes)
                }
                let imported = try response.decoded(ImportedTenantsResponse.self)
                if preview.preview {
                    Terminal.out(
                        PreviewTables.text(
                            of: imported.counts, imported.effect, file: file, figures: preview.figures))
                    return
                }
                Terminal.out(
                    ImportReport.line(
                        file: file, what: "\(imported.assertions) assertions", asserted: imported.counts.asserted,
                        unchanged: imported.counts.unchanged, recordedAt: imported.recordedAt.text))
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Export what is held true, as a CSV that can be imported again.")

        @OptionGroup var connection: ConnectionOptions

        @Option(help: ArgumentHelp("Only this provider.", valueName: "P"))
        var provider: String?

        @Option(help: ArgumentHelp("What was held true at this time (RFC 3339); now by default.", valueName: "TIME"))
        var asKnownAt: String?

        @Option(help: ArgumentHelp("csv, json, or table for people.", valueName: "FORMAT"))
        var format = OutputFormat.csv

        @Flag(help: "Chinese headings (tables only).")
        var zh = false

        @Option(
            help: ArgumentHelp("File to write, whole or not at all; standard output by default.", valueName: "FILE"))
        var out: String?

        @Flag(help: "Replace the file of --out.")
        var force = false

        mutating func run() async throws {
            let (query, format) = ([("provider", provider), ("as-known-at", asKnownAt)], format)
            let (out, force, figures) = (out, force, zh ? Figures.chinese : .separated)
            try await APIClient.with(connection) { client in
                let response = try await Waiting.for("exporting") {
                    try await client.get("/v1/tenants", query, accept: format.accept)
                }
                let bytes =
                    format == .table
                    ? Array(
                        TenantsTable.text(of: try response.decoded(TenantsResponse.self).tenants, figures: figures).utf8
                    )
                    : response.body
                try FileOrOutput.write(bytes, to: out, overwriting: force)
            }
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everything that was ever held true of a tenant, newest first.")

        @OptionGroup var connection: ConnectionOptions

        @Argument(help: ArgumentHelp("The tenant.", valueName: "TENANT"))
        var tenant: String

        @Option(help: ArgumentHelp("The tenant of this provider; of every one by default.", valueName: "P"))
        var provider: String?

        @Option(help: ArgumentHelp("As it was held at this RFC 3339 time.", valueName: "TIME"))
        var asKnownAt: String?

        @Flag(help: "JSON instead of a table.")
        var json = false

        @Flag(help: "Chinese headings (tables only).")
        var zh = false

        mutating func run() async throws {
            let (provider, tenant, json, figures) = (provider, tenant, json, zh ? Figures.chinese : .separated)
            let query = [("tenant", tenant), ("provider", provider), ("as-known-at", asKnownAt)]
            try await APIClient.with(connection) { client in
                let response = try await Waiting.for("asking") {
                    try await client.get("/v1/tenants/history", query)
                }
                let assertions = try response.decoded(TenantHistoryResponse.self).tenants
                guard !assertions.isEmpty else {
                    let place = provider.map { " at \($0)" } ?? ""
                    throw CommandError(.usage, "nothing was ever recorded of the tenant \(tenant)\(place)".printable)
                }
                if json {
                    try FileOrOutput.write(response.body, to: nil, overwriting: false)
                } else {
                    Terminal.out(TenantsTable.text(of: assertions, figures: figures))
                }
            }
        }
    }
}

enum TenantsTable {
    static func text(of tenants: [TenantRow], figures: Figures) -> String {
        var table = AnswerTable<TenantRow>(figures)
        table.add(TenantRow.columns)
        return table.rendered(tenants)
    }
}

/// A file named on the command line, or standard input.
enum InputFile {
    static func read(_ path: String) throws(CommandError) -> [UInt8] {
        if path == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError(.failure, "\(path) can't be read; is it there, and may you read it?")
        }
        return Array(data)
    }
}
