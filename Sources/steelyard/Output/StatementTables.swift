/// Statements for people.
enum StatementTables {
    static func list(_ answer: StatementsAnswer, figures: Figures) -> String {
        var table = TextTable([
            .number("#"), .text(figures.words("Month", "月份")), .text(figures.words("Scope", "口径")),
            .text(figures.words("Status", "状态")), .text(figures.words("Proposed by", "提出人")),
            .text(figures.words("Decided by", "审批人")), .text("SHA-256"),
        ])
        for statement in answer.statements {
            table.append([
                String(statement.id), statement.month, "\(statement.scope.id) v\(statement.scope.version)",
                status(statement.status, figures), statement.proposedBy, statement.decision?.by ?? "–",
                String(statement.sha256.prefix(shownDigits)),
            ])
        }
        return table.rendered()
    }

    /// How many digits of a SHA-256 a list shows.
    private static let shownDigits = 12

    static func whole(_ answer: StatementAnswer, figures: Figures) -> String {
        var parts = [heading(answer, figures), shares(answer, figures), coverage(answer, figures)]
        if let restatement = answer.restatement { parts.append(restated(restatement, figures)) }
        return parts.joined(separator: "\n")
    }

    private static func heading(_ answer: StatementAnswer, _ figures: Figures) -> String {
        let title = figures.words(answer.title.en, answer.title.zh)
        var lines = [
            figures.words("Statement", "报表")
                + " \(answer.id): \(answer.month) (\(answer.zone)), \(answer.scope.id) v\(answer.scope.version): \(title)",
            "SHA-256 \(answer.sha256)",
            figures.words(
                "proposed \(answer.proposedAt) by \(answer.proposedBy), counted up to ledger position \(answer.position), "
                    + "as known at \(answer.asKnownAt)",
                "\(answer.proposedBy) 于 \(answer.proposedAt) 提出，统计至标记 \(answer.position)，认定截至 \(answer.asKnownAt)"),
        ]
        if let decision = answer.decision {
            let reason = decision.reason.map { ": \($0)" } ?? ""
            lines.append("\(status(decision.decision, figures)) \(decision.at), \(decision.by)\(reason)")
        } else {
            lines.append(figures.words("waits for somebody else to approve it", "待他人批准"))
        }
        for shortcoming in answer.shortcomings {
            let word =
                shortcoming.blocking ? figures.words("short: ", "缺口：") : figures.words("warning: ", "提示：")
            lines.append(word + AnswerText.reason(shortcoming.text, chinese(shortcoming), figures))
        }
        if let reason = answer.overrideReason {
            lines.append(figures.words("closed all the same: ", "仍予关账：") + reason)
        }
        return lines.map { $0.printable + "\n" }.joined()
    }

    private static func chinese(_ shortcoming: StatementAnswer.Shortcoming) -> String? {
        switch shortcoming.code {
        case "month-not-over": "当月或其后的宽限期尚未结束"
        case "nothing-counted": "当月无计入用量"
        case "pending-batches": "有批次尚未汇总"
        case "silent-collector": "采集器有未上报的日期"
        case "collector-not-seen": "采集器在宽限期结束后未再上报"
        case "quarantined-batches": "有批次被隔离"
        case "unclassified-usage": "有未分类用量"
        default: nil
        }
    }

    private static func shares(_ answer: StatementAnswer, _ figures: Figures) -> String {
        var table = TextTable([
            .number("#"), .text(AnswerText.entity(answer.by, figures)), .number(figures.words("Share", "份额")),
            .number(figures.words("Counted", "计入")), .number(figures.words("External", "外部客户")),
            .number(figures.words("Own business", "自有业务")), .number(figures.words("Unclassified", "未分类")),
            .number(figures.words("Other kinds", "其他类型")), .number(figures.words("Outside filters", "口径外")),
        ])
        func cells(_ row: StatementAnswer.Row, _ name: String) -> [String] {
            [
                row.rank == 0 ? "" : String(row.rank), name,
                row.sharePercent == nil ? "" : figures.percent(row.sharePercent), figures.count(row.numerator),
                figures.count(row.external), figures.count(row.ownBusiness), figures.count(row.unclassified),
                figures.count(row.otherKinds), figures.count(row.outsideFilters),
            ]
        }
        for row in answer.rows { table.append(cells(row, row.entity ?? figures.words("Other", "其他"))) }
        table.setTotals(cells(answer.total, figures.words("Total", "合计")))
        return table.rendered()
    }

    private static func coverage(_ answer: StatementAnswer, _ figures: Figures) -> String {
        var table = TextTable([
            .text(figures.words("Collector", "采集器")), .number(figures.words("Batches", "批次")),
            .number(figures.words("Events", "事件")), .number(figures.words("Refused", "拒收")),
            .number(figures.words("Set aside", "隔离批次")), .text(figures.words("First minute", "首分钟")),
            .text(figures.words("Last minute", "末分钟")),
        ])
        for row in answer.coverage {
            table.append([
                "\(row.provider)/\(row.collector)", figures.count(String(row.batches)), figures.count(row.events),
                figures.count(row.refused), figures.count(String(row.quarantined)), row.firstMinute ?? "–",
                row.lastMinute ?? "–",
            ])
        }
        return table.rendered()
    }

    private static func restated(_ answer: StatementAnswer.Restatement, _ figures: Figures) -> String {
        let moment = figures.words(
            "Restated up to position \(answer.position), as known at \(answer.asKnownAt)",
            "重述：统计至标记 \(answer.position)，认定截至 \(answer.asKnownAt)")
        guard answer.changed else {
            return moment.printable + figures.words(": nothing changed\n", "：无变化\n")
        }
        var table = TextTable([
            .text(figures.words("Restated", "重述")), .number(figures.words("Closed", "关账值")),
            .number(figures.words("Late usage", "迟到用量")), .number(figures.words("Reclassification", "重分类")),
            .number(figures.words("Now", "现值")), .number(figures.words("Share closed", "关账份额")),
            .number(figures.words("Share now", "现份额")),
        ])
        func cells(_ row: StatementAnswer.RestatedRow, _ name: String) -> [String] {
            [
                name, figures.count(row.numerator.closed), signed(row.numerator.lateUsage, figures),
                signed(row.numerator.reclassification, figures), figures.count(row.numerator.now),
                row.closedPercent == nil ? "" : figures.percent(row.closedPercent),
                row.percentNow == nil ? "" : figures.percent(row.percentNow),
            ]
        }
        for row in answer.rows { table.append(cells(row, row.entity ?? figures.words("Other", "其他"))) }
        table.setTotals(cells(answer.total, figures.words("Total", "合计")))
        return moment.printable + "\n" + table.rendered()
    }

    private static func signed(_ text: String, _ figures: Figures) -> String {
        if text == "0" { return "0" }
        return text.hasPrefix("-") ? "-" + figures.count(String(text.dropFirst())) : "+" + figures.count(text)
    }

    private static func status(_ word: String, _ figures: Figures) -> String {
        switch word {
        case "proposed": figures.words("proposed", "待批准")
        case "approved": figures.words("approved", "已批准")
        case "withdrawn": figures.words("withdrawn", "已撤回")
        default: word
        }
    }
}
