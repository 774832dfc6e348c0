internal import APIModel
internal import ArgumentParser
internal import Identity

/// `steelyard export`: files for other departments.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Files for finance.", subcommands: [MonthlyShare.self])

    struct MonthlyShare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "monthly-share", abstract: "The monthly figures for finance, as CSV unless said otherwise.",
            discussion: "Example: steelyard export monthly-share --month 2025-06 --scope idc --out 2025-06.csv")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var knowledge: KnowledgeOptions

        @Option(help: ArgumentHelp("Calendar month.", valueName: "YYYY-MM"))
        var month: String

        @Option(help: ArgumentHelp("Scope; see `steelyard scope list`.", valueName: "ID"))
        var scope = ShareCommand.defaultScope

        @Flag(help: "Evaluate a closed month as of now, in place of its statement's figures.")
        var restated = false

        @Option(help: ArgumentHelp("csv, json, or table for people.", valueName: "FORMAT"))
        var format = OutputFormat.csv

        @Flag(help: "Chinese headings, and counts in 万亿 and 亿 (tables only).")
        var zh = false

        @Option(
            help: ArgumentHelp("File to write, whole or not at all; standard output by default.", valueName: "FILE"))
        var out: String?

        @Flag(help: "Replace the file of --out.")
        var force = false

        mutating func run() async throws {
            let query = knowledge.query + [("month", month), ("scope", scope), ("restated", restated ? "true" : nil)]
            let (format, figures) = (format, zh ? Figures.chinese : .separated)
            let (out, force) = (out, force)
            try await APIClient.with(connection) { client in
                let response = try await Waiting.for("asking") {
                    try await client.get("/v1/exports/monthly-share", query, accept: format.accept)
                }
                let bytes =
                    format == .table
                    ? Array(
                        try MonthlyShareTable.text(of: response.decoded(MonthlyShareResponse.self), figures: figures)
                            .utf8
                    )
                    : response.body
                try FileOrOutput.write(bytes, to: out, overwriting: force)
            }
        }
    }
}

enum MonthlyShareTable {
    static func text(of answer: MonthlyShareResponse, figures: Figures) -> String {
        var table = AnswerTable<MonthlyShareRow>(figures)
        table.add(.text(heading(answer, figures))) { name(of: $0, figures) }
        table.add(MonthlyShareRow.columns)
        let isTotal = { (row: MonthlyShareRow) in row.row == MonthlyShareRow.total }
        let title = figures.words(answer.scope.title)
        return "\(answer.scope.id) v\(answer.scope.version): \(title), \(answer.month) (\(answer.zone))".printable
            + "\n\n" + table.rendered(answer.rows.filter { !isTotal($0) }, total: answer.rows.first(where: isTotal))
            + closed(answer, figures)
    }

    private static func closed(_ answer: MonthlyShareResponse, _ figures: Figures) -> String {
        guard let statement = answer.statement else { return "" }
        let (id, at) = (statement.id, statement.approvedAt?.text ?? "–")
        let by = (statement.approvedBy ?? "–").printable
        return "\n" + figures.words("closed: statement \(id), approved \(at) by \(by)", "已关账：报表 \(id)，\(by) 于 \(at) 批准")
            + "\n"
    }

    private static func heading(_ answer: MonthlyShareResponse, _ figures: Figures) -> String {
        AnswerText.entity(answer.rows.first?.row ?? "provider", figures)
    }

    private static func name(of row: MonthlyShareRow, _ figures: Figures) -> String {
        switch row.row {
        case MonthlyShareRow.total: AnswerText.total(figures)
        case MonthlyShareRow.other: figures.words("Other", "其他")
        default: row.name ?? ""
        }
    }
}

/// Writes an answer to a file, whole or not at all, or to standard output.
enum FileOrOutput {
    static func write(_ bytes: [UInt8], to path: String?, overwriting: Bool) throws(IdentityError) {
        guard let path, path != "-" else {
            Terminal.out(bytes: bytes)
            if let last = bytes.last, last != UInt8(ascii: "\n") { Terminal.out("\n") }
            return
        }
        try PrivateFile.write(bytes, to: path, for: .everybody, overwriting: overwriting)
    }
}
