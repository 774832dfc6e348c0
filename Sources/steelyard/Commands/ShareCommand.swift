internal import ArgumentParser

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
            var answers: [SharesAnswer] = []
            for scope in scopes {
                let query = common + knowledge.query(asOf: answers.first?.asKnownAt) + [("scope", scope)]
                let response = try await Waiting.for("asking") {
                    try await client.get("/v1/shares", query, accept: output.format.accept)
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
        let more = furtherColumns(answer, figures)
        let names: [TextTable.Column] = [
            .number("#"), .text(entity(answer, figures)), .number(figures.words("Share", "份额")),
        ]
        let perDay: [TextTable.Column] = answer.isPerDay ? [.number(averaged(answer, figures))] : []
        let amounts: [TextTable.Column] = [
            .number(counted(answer, figures)), .number(figures.words("External", "外部客户")),
            .number(figures.words("Own business", "自有业务")), .number(figures.words("Unclassified", "未分类")),
            .number(figures.words("Share if all external", "全部计入时份额")),
            .number(figures.words("Other kinds", "其他类型")), .number(figures.words("Outside filters", "口径外")),
        ]
        var table = TextTable(names + perDay + amounts + more.map(\.column))
        for row in answer.rows { table.append(cells(row, answer, figures) + more.map { $0.cell(row) }) }
        table.setTotals(cells(answer.total, answer, figures) + more.map { $0.cell(answer.total) })
        return heading(answer, figures) + "\n" + table.rendered() + "\n" + gaps(answer, figures)
            + footer(answer, figures)
    }

    /// Several scopes: each with its share and the figure that it publishes, beside each other.
    static func compared(_ answers: [SharesAnswer], figures: Figures) -> String {
        var table = TextTable(
            [.text(answers.first.map { entity($0, figures) } ?? "")]
                + answers.flatMap { answer -> [TextTable.Column] in
                    [
                        .number(figures.words("Share: \(answer.scope.id)", "份额：\(answer.scope.id)")),
                        .number(answer.isPerDay ? averaged(answer, figures) : counted(answer, figures)),
                    ]
                })
        var names: [String] = []
        for name in answers.flatMap({ $0.rows.compactMap(\.name) }) where !names.contains(name) { names.append(name) }
        for name in names {
            table.append(
                [name]
                    + answers.flatMap { answer -> [String] in
                        let row = answer.rows.first { $0.name == name }
                        return [figures.percent(row?.sharePercent), figure(row, answer, figures)]
                    })
        }
        table.setTotals(
            [figures.words("Total", "合计")] + answers.flatMap { ["", figure($0.total, $0, figures)] })
        let headings = answers.map { heading($0, figures) }.joined()
        return headings + "\n" + table.rendered() + "\n" + footers(answers, figures)
    }

    /// What the scope publishes: the sum as it was counted, or the average per day.
    private static func figure(
        _ row: SharesAnswer.Amounts?, _ answer: SharesAnswer, _ figures: Figures
    ) -> String {
        figures.count(answer.isPerDay ? row?.published : row?.numerator)
    }

    private static func cells(
        _ row: SharesAnswer.Amounts, _ answer: SharesAnswer, _ figures: Figures
    ) -> [String] {
        let share = row.name == nil && row.gathered == nil ? "" : figures.percent(row.sharePercent)
        let perDay = answer.isPerDay ? [figures.count(row.published)] : []
        let names = [row.rank.map(String.init) ?? "", name(of: row, figures), share]
        let amounts = [
            figures.count(row.numerator), figures.count(row.external), figures.count(row.ownBusiness),
            figures.count(row.unclassified), row.interval.map { figures.percent($0.ifAll) } ?? "",
            figures.count(row.otherKinds), figures.count(row.outsideFilters),
        ]
        return names + perDay + amounts
    }

    /// What stands beside some figures only: what catalogues don't name, and where revenue comes from.
    private static func furtherColumns(
        _ answer: SharesAnswer, _ figures: Figures
    ) -> [(column: TextTable.Column, cell: (SharesAnswer.Amounts) -> String)] {
        var columns: [(column: TextTable.Column, cell: (SharesAnswer.Amounts) -> String)] = []
        if answer.total.unmapped.contains(where: { ("1"..."9").contains($0) }) {
            columns.append((.number(figures.words("Unmapped", "未编目")), { figures.count($0.unmapped) }))
        }
        if answer.rows.contains(where: { $0.sharePercentLowest != nil }) {
            columns.append((.number(figures.words("At least", "至少")), { figures.percent($0.sharePercentLowest) }))
            columns.append((.number(figures.words("At most", "至多")), { figures.percent($0.sharePercentHighest) }))
        }
        if answer.measure == "revenue" {
            columns.append((.text(figures.words("Revenue from", "收入来源")), { $0.revenueFrom ?? "" }))
            columns.append(
                (.number(figures.words("Unpriced tokens", "无价 Token")), { figures.count($0.unpricedTokens) }))
        }
        return columns
    }

    private static func name(of row: SharesAnswer.Amounts, _ figures: Figures) -> String {
        if let gathered = row.gathered { return figures.words("Other (\(gathered))", "其他（\(gathered)）") }
        return row.name ?? figures.words("Total", "合计")
    }

    private static func entity(_ answer: SharesAnswer, _ figures: Figures) -> String {
        AnswerText.entity(answer.by, figures)
    }

    private static func counted(_ answer: SharesAnswer, _ figures: Figures) -> String {
        let currency = answer.currency ?? ""
        return switch answer.measure {
        case "requests": figures.words("Requests counted", "计入请求数")
        case "revenue": figures.words("Revenue counted, \(currency)", "计入收入（\(currency)）")
        case "tender-count": figures.words("Tenders counted", "计入中标数")
        case "tender-amount": figures.words("Amount counted, \(currency)", "计入中标金额（\(currency)）")
        default: figures.words("Tokens counted", "计入 Token")
        }
    }

    /// The title of what is published where that is an average per day.
    private static func averaged(_ answer: SharesAnswer, _ figures: Figures) -> String {
        let currency = answer.currency ?? ""
        return switch answer.measure {
        case "requests": figures.words("Requests a day", "日均请求数")
        case "revenue": figures.words("Revenue a day, \(currency)", "日均收入（\(currency)）")
        case "tender-count": figures.words("Tenders a day", "日均中标数")
        case "tender-amount": figures.words("Amount a day, \(currency)", "日均中标金额（\(currency)）")
        default: figures.words("Tokens a day", "日均 Token")
        }
    }

    private static func heading(_ answer: SharesAnswer, _ figures: Figures) -> String {
        let title = figures.words(answer.scope.title.en, answer.scope.title.zh)
        return "\(answer.scope.id) v\(answer.scope.version): \(title)".printable + "\n"
    }

    private static func gaps(_ answer: SharesAnswer, _ figures: Figures) -> String {
        answer.gaps.map { gap in
            let (what, months) = ("\(gap.provider) \(gap.layer)", gap.months.joined(separator: ", "))
            return figures.words("no revenue record of \(what) for \(months)", "\(what) 缺少收入记录：\(months)").printable
                + "\n"
        }.joined()
    }

    /// One line for all scopes, or where they differ (in zone, or in what was counted meanwhile) one for each group of
    /// scopes that say the same.
    private static func footers(_ answers: [SharesAnswer], _ figures: Figures) -> String {
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

    private static func footer(_ answer: SharesAnswer, _ figures: Figures) -> String {
        let span = "\(answer.period.from) – \(answer.period.to) (\(answer.period.zone))".printable
        return figures.words(
            "\(span), counted up to ledger position \(answer.position), facts as known at \(answer.asKnownAt)\n",
            "\(span)，统计至标记 \(answer.position)，事实认定截至 \(answer.asKnownAt)\n")
    }
}
