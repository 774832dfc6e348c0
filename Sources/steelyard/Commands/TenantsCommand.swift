internal import APIModel
internal import ArgumentParser
internal import Scopes

/// `steelyard tenants`: the registry of what tenants are, which is one kind of facts.
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants", abstract: "The tenant registry: who is external, who is own business, since when.",
        subcommands: [Import.self, Export.self, History.self, LookAlikes.self])

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

    struct LookAlikes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "look-alikes",
            abstract: "Tenants of a provider whose names differ in nothing that a reader sees.",
            discussion: """
                Blanks, width, case, composition and letters of Cyrillic and Greek that look like Latin ones make no \
                difference.
                Example: steelyard tenants look-alikes --provider volcengine
                """)

        @OptionGroup var question: QuestionOptions

        @Option(help: ArgumentHelp("Whose tenants; needed unless the token is bound to a provider.", valueName: "P"))
        var provider: String?

        func run() async throws {
            try await question.ask(
                "/v1/tenants/look-alikes", [("provider", provider)], as: LookAlikesResponse.self,
                table: LookAlikesTable.text)
        }
    }
}

enum LookAlikesTable {
    @Sendable static func text(of answer: LookAlikesResponse, figures: Figures) -> String {
        var table = AnswerTable<LookAlikeRow>(figures)
        table.add(LookAlikeRow.columns)
        let examined = figures.count(String(answer.examined))
        let rest = answer.complete ? "" : figures.words("; there are more, which aren't listed", "；尚有未列出者")
        return (answer.rows.isEmpty ? "" : table.rendered(answer.rows) + "\n")
            + figures.words(
                "\(answer.provider): \(examined) tenants compared", "\(answer.provider)：已比较 \(examined) 个租户"
            ).printable + rest + "\n"
    }
}
