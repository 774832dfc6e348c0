internal import APIModel
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
    static func text(
        of counted: ImportCounts, _ effect: PreviewEffect?, file: String, figures: Figures
    ) -> String {
        let (recorded, unchanged, superseded) = (counted.recorded, counted.unchanged, counted.superseded)
        let counts = figures.words(
            "\(file): would record \(recorded), leave \(unchanged) unchanged, supersede \(superseded); nothing was written\n",
            "\(file)：将记录 \(recorded) 条，不变 \(unchanged) 条，取代 \(superseded) 条；未写入\n")
        guard let effect else { return counts }
        let fields = MoveRow.columns
        var table = AnswerTable<MoveRow>(figures)
        table.add(.text(figures.words("Entity", "对象"))) { $0.name }
        table.add(fields)
        let what =
            effect.rows.isEmpty
            ? figures.words("nothing would move\n", "无变化\n")
            : table.rendered(effect.rows, total: effect.total, named: AnswerText.total(figures))
        return counts + "\n" + "\(effect.scope.id) v\(effect.scope.version), \(effect.period)".printable + "\n\n" + what
    }
}
