internal import ArgumentParser
internal import Scopes

/// `steelyard tenants`: the registry of what tenants are, which is one kind of facts.
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants", abstract: "The tenant registry: who is external, who is own business, since when.",
        subcommands: [Import.self, Export.self, History.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Import records of tenants from a CSV: all of them, or none with every mistake and its line.",
            discussion: """
                Columns: \(FactKind.tenants.definition.columns.map(\.name).joined(separator: ",")).
                Example: steelyard tenants import tenants.csv --preview --scope idc --period 2025-H1
                """)

        @OptionGroup var options: FactImportOptions

        func run() async throws { try await options.run(.tenants) }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Export what holds, as a CSV that can be imported again.")

        @Option(help: ArgumentHelp("Only this provider.", valueName: "P"))
        var provider: String?

        @OptionGroup var options: FactExportOptions

        func run() async throws { try await options.run(.tenants, where: [("provider", provider)]) }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Everything that was ever recorded of a tenant, newest first.")

        @Argument(help: ArgumentHelp("The tenant.", valueName: "TENANT"))
        var tenant: String

        @Option(help: ArgumentHelp("The tenant of this provider; of every one by default.", valueName: "P"))
        var provider: String?

        @OptionGroup var options: FactHistoryOptions

        func run() async throws {
            try await options.run(.tenants, where: [("tenant", tenant), ("provider", provider)])
        }
    }
}
