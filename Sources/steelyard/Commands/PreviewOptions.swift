internal import ArgumentParser

/// Looking at what an import would change instead of carrying it out.
struct PreviewOptions: ParsableArguments {
    @Flag(help: "Show what the import would change; nothing is written.")
    var preview = false

    @Option(help: ArgumentHelp("With --preview: show what would move under this scope.", valueName: "ID"))
    var scope: String?

    @Option(help: ArgumentHelp("With --preview and --scope: over this period.", valueName: "PERIOD"))
    var period: String?

    mutating func validate() throws {
        guard preview || (scope == nil && period == nil) else {
            throw ValidationError("--scope and --period stand beside --preview.")
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
    static func text(of answer: PreviewAnswer, file: String) -> String {
        let counts =
            "\(file): would record \(answer.asserted), leave \(answer.unchanged) unchanged, supersede "
            + "\(answer.superseded); nothing was written\n"
        guard let scope = answer.scope, let total = answer.total else { return counts }
        var table = TextTable([
            .text("Entity"), .number("Before"), .number("After"), .number("Change"), .number("Share before"),
            .number("Share after"), .number("Points"),
        ])
        let figures = Figures.separated
        for row in answer.rows ?? [] { table.append(cells(row, row.name, figures)) }
        table.setTotals(cells(total, "Total", figures))
        let period = answer.period ?? ""
        let what = (answer.rows ?? []).isEmpty ? "nothing would move\n" : table.rendered()
        return counts + "\n" + "\(scope.id) v\(scope.version), \(period)".printable + "\n\n" + what
    }

    private static func cells(_ row: PreviewAnswer.Row, _ name: String, _ figures: Figures) -> [String] {
        [
            name, figures.count(row.before), figures.count(row.after), row.change ?? "–",
            row.percentBefore.map { figures.percent($0) } ?? "", row.percentAfter.map { figures.percent($0) } ?? "",
            row.points ?? "",
        ]
    }
}
