internal import ArgumentParser

/// Looking at what an import would change instead of carrying it out.
struct PreviewOptions: ParsableArguments {
    @Flag(help: "Show what the import would change; nothing is written.")
    var preview = false

    @Option(help: ArgumentHelp("With --preview: show what would move under this scope.", valueName: "ID"))
    var scope: String?

    @Option(help: ArgumentHelp("With --preview and --scope: over this period.", valueName: "PERIOD"))
    var period: String?

    @Flag(help: "With --preview: Chinese headings, and counts in 万亿 and 亿.")
    var zh = false

    var figures: Figures { zh ? .chinese : .separated }

    mutating func validate() throws {
        guard preview || (scope == nil && period == nil && !zh) else {
            throw ValidationError("--scope, --period and --zh stand beside --preview.")
        }
        guard (scope == nil) == (period == nil) else {
            throw ValidationError("Say both --scope and --period, or neither.")
        }
    }

    var query: [(String, String?)] {
        preview ? [("preview", "true"), ("scope", scope), ("period", period)] : []
    }
}

enum PreviewTables {
    /// The counts of an import that wasn't carried out, and what would move.
    static func text(of answer: PreviewAnswer, file: String, figures: Figures) -> String {
        let (asserted, unchanged, superseded) = (answer.asserted, answer.unchanged, answer.superseded)
        let counts = figures.words(
            "\(file): would record \(asserted), leave \(unchanged) unchanged, supersede \(superseded); nothing was written\n",
            "\(file)：将记录 \(asserted) 条，不变 \(unchanged) 条，取代 \(superseded) 条；未写入\n")
        guard let scope = answer.scope, let total = answer.total else { return counts }
        var table = TextTable([
            .text(figures.words("Entity", "对象")), .number(figures.words("Before", "导入前")),
            .number(figures.words("After", "导入后")), .number(figures.words("Change", "变化")),
            .number(figures.words("Share before", "导入前份额")), .number(figures.words("Share after", "导入后份额")),
            .number(figures.words("Points", "百分点")),
        ])
        for row in answer.rows ?? [] { table.append(cells(row, row.name, figures)) }
        table.setTotals(cells(total, AnswerText.total(figures), figures))
        let period = answer.period ?? ""
        let what =
            (answer.rows ?? []).isEmpty ? figures.words("nothing would move\n", "无变化\n") : table.rendered()
        return counts + "\n" + "\(scope.id) v\(scope.version), \(period)".printable + "\n\n" + what
    }

    private static func cells(_ row: PreviewAnswer.Row, _ name: String, _ figures: Figures) -> [String] {
        [
            name, figures.count(row.before), figures.count(row.after), AnswerText.change(row.change, figures),
            row.percentBefore.map { figures.percent($0) } ?? "", row.percentAfter.map { figures.percent($0) } ?? "",
            row.points ?? "",
        ]
    }
}
