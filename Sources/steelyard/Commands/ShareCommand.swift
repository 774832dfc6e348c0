internal import APIModel
internal import ArgumentParser
internal import Scopes

/// `steelyard share`: who has which part of the whole, under a scope.
struct ShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Market shares under a statistical scope, with what they are made of.",
        discussion: """
            Example: steelyard share --period 2025-H1
            Scopes beside each other: steelyard share --period 2025-H1 --scope idc,all-traffic
            """)

    static let defaultScope = "idc"

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var time: PeriodOptions
    @OptionGroup var knowledge: KnowledgeOptions

    @Option(
        help: ArgumentHelp(
            "Scope; several to compare, repeated or with commas (default: idc). See `steelyard scope list`.",
            valueName: "ID"))
    var scope: [ScopeIDs] = []

    @Option(help: ArgumentHelp("What the whole is divided among; by default what the scope says.", valueName: "ENTITY"))
    var by: String?

    mutating func validate() throws {
        _ = try scope.checked(for: output.format)
    }

    mutating func run() async throws {
        let scopes = try scope.checked(for: self.output.format)
        let (common, knowledge, output) = (time.query + [("by", by)], knowledge, output)
        try await APIClient.with(connection) { client in
            var answers: [SharesResponse] = []
            for scope in scopes {
                let query = common + knowledge.query(asOf: answers.first?.asKnownAt.text) + [("scope", scope)]
                let response = try await Waiting.for("asking") {
                    try await client.get("/v1/shares", query, accept: output.format.accept)
                }
                if scopes.count == 1 {
                    return try output.write(response, as: SharesResponse.self) {
                        ShareTables.single($0, figures: output.figures)
                    }
                }
                answers.append(try response.decoded(SharesResponse.self))
            }
            guard Set(answers.map(\.by)).count == 1 else {
                throw CommandError(
                    .usage,
                    "the scopes divide among different things ("
                        + answers.map { "\($0.scope.id): \($0.by)" }.joined(separator: ", ")
                        + "): ask for them one at a time")
            }
            Terminal.out(ShareTables.compared(answers, figures: output.figures))
            try ReceivedResponse.requireRows(answers.contains { !$0.rows.isEmpty })
        }
    }
}

enum ShareTables {
    /// One scope: shares, and beside them what is counted and what isn't.
    static func single(_ answer: SharesResponse, figures: Figures) -> String {
        let fields = ShareRow.columns
        var table = AnswerTable<ShareRow>(figures)
        table.add([fields[\.rank]])
        table.add(.text(entity(answer, figures))) { name(of: $0, figures) }
        table.add([fields[\.sharePercent]])
        if answer.isPerDay {
            table.add(fields[\.amounts.published], titled: heading(.dailyAverage, of: answer, figures))
        }
        table.add(fields[\.numerator], titled: heading(.sum, of: answer, figures))
        table.add(fields.from(\.amounts.byKind.external).upTo(\.amounts.byKind.otherKinds))
        table.add([ShareRange.columns[\.ifAll].at(\.interval)])
        table.add(fields.from(\.amounts.byKind.otherKinds))
        return AnswerText.heading(answer.scope, figures) + "\n"
            + table.rendered(answer.rows, total: answer.total, named: AnswerText.total(figures)) + "\n"
            + warning(answer, figures) + gaps(answer, figures) + footer(answer, figures)
    }

    /// Several scopes: each with its share and the figure that it publishes, beside each other.
    static func compared(_ answers: [SharesResponse], figures: Figures) -> String {
        var table = TextTable(
            [.text(answers.first.map { entity($0, figures) } ?? "")]
                + answers.flatMap { answer -> [TextTable.Column] in
                    [
                        .number(figures.words("Share: \(answer.scope.id)", "份额：\(answer.scope.id)")),
                        .number(
                            answer.isPerDay
                                ? heading(.dailyAverage, of: answer, figures) : heading(.sum, of: answer, figures)),
                    ]
                })
        var names: [String] = []
        for name in answers.flatMap({ $0.rows.compactMap(\.name) }) where !names.contains(name) { names.append(name) }
        for name in names {
            table.append(
                [name]
                    + answers.flatMap { answer -> [String] in
                        let row = answer.rows.first { $0.name == name }
                        return [
                            figures.percent(row?.sharePercent),
                            figures.count(answer.isPerDay ? row?.amounts.published : row?.numerator),
                        ]
                    })
        }
        table.setTotals(
            [AnswerText.total(figures)]
                + answers.flatMap {
                    ["", figures.count($0.isPerDay ? $0.total.amounts.published : $0.total.numerator)]
                })
        let headings = answers.map { AnswerText.heading($0.scope, figures) }.joined()
        let overLimit = answers.map { AnswerText.overLimit($0.total.amounts.overLimit, under: $0.scope, figures) }
        let estimated = answers.map { AnswerText.estimated($0.total.amounts.estimated, under: $0.scope, figures) }
        return headings + "\n" + table.rendered() + "\n" + overLimit.joined() + estimated.joined()
            + answers.map { warning($0, figures) }.joined() + footers(answers, figures)
    }

    private static func name(of row: ShareRow, _ figures: Figures) -> String {
        if let gathered = row.gathered { return figures.words("Other (\(gathered))", "其他（\(gathered)）") }
        return row.name ?? ""
    }

    private static func entity(_ answer: SharesResponse, _ figures: Figures) -> String {
        AnswerText.entity(answer.by, figures)
    }

    /// The heading over sums, or over averages per day; the measure's own word where this program doesn't know it.
    private static func heading(
        _ aggregate: Scope.Aggregate, of answer: SharesResponse, _ figures: Figures
    ) -> String {
        guard let measure = Scope.Measure(rawValue: answer.measure) else { return answer.measure.printable }
        let heading = measure.heading(aggregate, in: answer.currency)
        return figures.words(heading.en, heading.zh)
    }

    private static func warning(_ answer: SharesResponse, _ figures: Figures) -> String {
        (answer.warning.map { figures.words("Mind: \($0.en)", "注意：\($0.zh)").printable + "\n" } ?? "")
            + AnswerText.negative(answer.negative, under: answer.scope, figures)
    }

    private static func gaps(_ answer: SharesResponse, _ figures: Figures) -> String {
        answer.gaps.map { gap in
            let (what, months) = ("\(gap.provider) \(gap.layer)", gap.months.joined(separator: ", "))
            return figures.words("no revenue record of \(what) for \(months)", "\(what) 缺少收入记录：\(months)").printable
                + "\n"
        }.joined()
    }

    /// One line for all scopes, or where they differ (in zone, or in what was counted meanwhile) one for each group of
    /// scopes that say the same.
    private static func footers(_ answers: [SharesResponse], _ figures: Figures) -> String {
        var groups: [(footer: String, scopes: [String])] = []
        for answer in answers {
            let text = footer(answer, figures)
            if let place = groups.firstIndex(where: { $0.footer == text }) {
                groups[place].scopes.append(answer.scope.id)
            } else {
                groups.append((footer: text, scopes: [answer.scope.id]))
            }
        }
        guard groups.count > 1 else { return groups.first?.footer ?? "" }
        return groups.map { group in
            let scopes = group.scopes.joined(separator: figures.words(", ", "、")).printable
            return figures.words("\(scopes): ", "\(scopes)：") + group.footer
        }.joined()
    }

    private static func footer(_ answer: SharesResponse, _ figures: Figures) -> String {
        let span = "\(answer.period.from) – \(answer.period.to) (\(answer.period.zone))".printable
        return figures.words(
            "\(span), counted up to ledger position \(answer.position), facts as known at \(answer.asKnownAt)\n",
            "\(span)，统计至标记 \(answer.position)，事实认定截至 \(answer.asKnownAt)\n")
    }
}
