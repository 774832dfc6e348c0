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

        mutating func validate() throws {
            try StatementName.check(month: month)
        }

        mutating func run() async throws {
            let query = knowledge.query + [("month", month), ("scope", scope), ("restated", restated ? "true" : nil)]
            let (format, figures) = (format, zh ? Figures.chinese : .separated)
            let (out, force) = (out, force)
            try await APIClient.with(connection) { client in
                let response = try await Waiting.for("asking") {
                    try await client.get("/v1/exports/monthly-share", query, accept: format.accept)
                }
                guard format != .csv else {
                    return try FileOrOutput.export(
                        response.body, to: out, overwriting: force, hasRows: response.hasLines)
                }
                let answer = try response.decoded(MonthlyShareResponse.self)
                let table = format == .table ? MonthlyShareTable.text(of: answer, figures: figures) : nil
                try FileOrOutput.export(
                    table.map { Array($0.utf8) } ?? response.body, to: out, overwriting: force,
                    hasRows: !answer.rows.isEmpty)
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
        let before = answer.previousStatement.map {
            figures.words(
                "month on month: against statement \($0.id) of the month before", "环比：以上月报表 \($0.id) 为基数")
        }
        return (closing(answer, figures) ?? "") + (before.map { "\n\($0)\n" } ?? "")
    }

    private static func closing(_ answer: MonthlyShareResponse, _ figures: Figures) -> String? {
        guard let statement = answer.statement else { return nil }
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

    /// The same of an export, which may hold nothing: it is printed then, and no file is written.
    ///
    /// - Throws: ``CommandError`` with `.nothing` where it has no row.
    static func export(_ bytes: [UInt8], to path: String?, overwriting: Bool, hasRows: Bool) throws {
        if hasRows || path == nil || path == "-" { try write(bytes, to: path, overwriting: overwriting) }
        try ReceivedResponse.requireRows(hasRows)
    }
}
