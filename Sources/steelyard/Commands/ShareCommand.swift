internal import ArgumentParser

/// `steelyard share`: who has which part of the whole, under a scope.
struct ShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Market shares under a statistical scope, with what they are made of.",
        discussion: """
            Example: steelyard share --period 2025-H1
            Scopes beside each other: steelyard share --period 2025-H1 --scope idc --scope all-traffic
            """)

    static let defaultScope = "idc"

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var time: PeriodOptions
    @OptionGroup var knowledge: KnowledgeOptions

    @Option(
        help: ArgumentHelp(
            "Scope; may be repeated to compare (default: idc). See `steelyard scope list`.", valueName: "ID")
    )
    var scope: [String] = []

    @Option(help: ArgumentHelp("What the whole is divided among; by default what the scope says.", valueName: "ENTITY"))
    var by: String?

    mutating func validate() throws {
        if output.format != .table && scope.count > 1 {
            throw ValidationError("Ask for one --scope at a time with --format \(output.format.rawValue).")
        }
    }

    mutating func run() async throws {
        let scopes = scope.isEmpty ? [Self.defaultScope] : scope
        let common = time.query + knowledge.query + [("by", by)]
        let output = output
        try await APIClient.with(connection) { client in
            var answers: [SharesAnswer] = []
            for scope in scopes {
                let response = try await Waiting.for("asking") {
                    try await client.get("/v1/shares", common + [("scope", scope)], accept: output.format.accept)
                }
                if scopes.count == 1 {
                    return try output.write(response) {
                        ShareTables.single(try $0.decoded(SharesAnswer.self), figures: output.figures)
                    }
                }
                answers.append(try response.decoded(SharesAnswer.self))
            }
            guard Set(answers.map(\.by)).count == 1 else {
                throw CommandError(
                    .usage,
                    "the scopes divide among different things ("
                        + answers.map { "\($0.scope.id): \($0.by)" }.joined(separator: ", ")
                        + "): ask for them one at a time")
            }
            Terminal.out(ShareTables.compared(answers, figures: output.figures))
        }
    }
}

enum ShareTables {
    /// One scope: shares, and beside them what is counted and what isn't.
    static func single(_ answer: SharesAnswer, figures: Figures) -> String {
        var table = TextTable([
            .number("#"), .text(entity(answer, figures)), .number(figures.words("Share", "份额")),
            .number(counted(answer, figures)), .number(figures.words("External", "外部客户")),
            .number(figures.words("Own business", "自有业务")), .number(figures.words("Unclassified", "未分类")),
            .number(figures.words("Share if all external", "全部计入时份额")),
            .number(figures.words("Other kinds", "其他类型")), .number(figures.words("Outside filters", "口径外")),
        ])
        for row in answer.rows { table.append(cells(row, figures)) }
        table.setTotals(cells(answer.total, figures))
        return heading(answer, figures) + "\n" + table.rendered() + "\n" + footer(answer, figures)
    }

    /// Several scopes: each with its share and figure, beside each other.
    static func compared(_ answers: [SharesAnswer], figures: Figures) -> String {
        var table = TextTable(
            [.text(answers.first.map { entity($0, figures) } ?? "")]
                + answers.flatMap { answer -> [TextTable.Column] in
                    [
                        .number(figures.words("Share: \(answer.scope.id)", "份额：\(answer.scope.id)")),
                        .number(counted(answer, figures)),
                    ]
                })
        var names: [String] = []
        for name in answers.flatMap({ $0.rows.compactMap(\.name) }) where !names.contains(name) { names.append(name) }
        for name in names {
            let rows = answers.map { answer in answer.rows.first { $0.name == name } }
            table.append(
                [name] + rows.flatMap { [figures.percent($0?.sharePercent), figures.count($0?.numerator)] })
        }
        table.setTotals(
            [figures.words("Total", "合计")] + answers.flatMap { ["", figures.count($0.total.numerator)] })
        let headings = answers.map { heading($0, figures) }.joined()
        return headings + "\n" + table.rendered() + "\n" + (answers.last.map { footer($0, figures) } ?? "")
    }

    private static func cells(_ row: SharesAnswer.Amounts, _ figures: Figures) -> [String] {
        [
            row.rank.map(String.init) ?? "", name(of: row, figures),
            row.name == nil && row.gathered == nil ? "" : figures.percent(row.sharePercent),
            figures.count(row.numerator), figures.count(row.external), figures.count(row.ownBusiness),
            figures.count(row.unclassified), row.interval.map { figures.percent($0.ifAll) } ?? "",
            figures.count(row.otherKinds), figures.count(row.outsideFilters),
        ]
    }

    private static func name(of row: SharesAnswer.Amounts, _ figures: Figures) -> String {
        if let gathered = row.gathered { return figures.words("Other (\(gathered))", "其他（\(gathered)）") }
        return row.name ?? figures.words("Total", "合计")
    }

    private static func entity(_ answer: SharesAnswer, _ figures: Figures) -> String {
        answer.by == "model" ? figures.words("Model", "模型") : figures.words("Provider", "云厂商")
    }

    private static func counted(_ answer: SharesAnswer, _ figures: Figures) -> String {
        answer.measure == "requests"
            ? figures.words("Requests counted", "计入请求数") : figures.words("Tokens counted", "计入 Token")
    }

    private static func heading(_ answer: SharesAnswer, _ figures: Figures) -> String {
        let title = figures.words(answer.scope.title.en, answer.scope.title.zh)
        return "\(answer.scope.id) v\(answer.scope.version): \(title)".printable + "\n"
    }

    private static func footer(_ answer: SharesAnswer, _ figures: Figures) -> String {
        let span = "\(answer.period.from) – \(answer.period.to) (\(answer.period.zone))".printable
        return figures.words(
            "\(span), counted up to mark \(answer.mark), tenants as known at \(answer.asKnownAt)\n",
            "\(span)，统计至标记 \(answer.mark)，租户认定截至 \(answer.asKnownAt)\n")
    }
}
