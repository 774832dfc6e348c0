internal import APIModel

/// Statements for people.
enum StatementTables {
    static func list(_ answer: StatementsResponse, figures: Figures) -> String {
        let fields = StatementSummary.columns
        var table = AnswerTable<StatementSummary>(figures)
        table.add([fields[\.id], fields[\.month]])
        table.add(.text(figures.words("Scope", "口径"))) { "\($0.scope.id) v\($0.scope.version)" }
        table.add(figures.column(fields[\.status])) { status($0.status, figures) }
        table.add([fields[\.proposedBy], StatementDecisionRecord.columns[\.by].at(\.decision)])
        table.add(figures.column(fields[\.sha256])) { String($0.sha256.text.prefix(shownDigits)) }
        return table.rendered(answer.statements)
    }

    /// How many digits of a SHA-256 a list shows.
    private static let shownDigits = 12

    static func whole(_ answer: StatementResponse, figures: Figures) -> String {
        var parts = [heading(answer, figures), shares(answer, figures), coverage(answer, figures)]
        if let restatement = answer.restatement { parts.append(restated(restatement, figures)) }
        return parts.joined(separator: "\n")
    }

    private static func heading(_ answer: StatementResponse, _ figures: Figures) -> String {
        let (summary, title) = (answer.summary, figures.words(answer.title))
        var lines = [
            figures.words("Statement", "报表")
                + " \(summary.id): \(summary.month) (\(answer.zone)), \(summary.scope.id) v\(summary.scope.version): \(title)",
            "SHA-256 \(summary.sha256)",
            figures.words(
                "proposed \(summary.proposedAt) by \(summary.proposedBy), counted up to ledger position \(summary.position), "
                    + "as known at \(summary.asKnownAt)",
                "\(summary.proposedBy) 于 \(summary.proposedAt) 提出，统计至标记 \(summary.position)，认定截至 \(summary.asKnownAt)"),
        ]
        if let decision = summary.decision {
            let reason = decision.reason.map { ": \($0)" } ?? ""
            lines.append("\(status(decision.decision, figures)) \(decision.at), \(decision.by)\(reason)")
        } else {
            lines.append(figures.words("waits for somebody else to approve it", "待他人批准"))
        }
        for shortcoming in answer.shortcomings {
            let word =
                shortcoming.blocking ? figures.words("short: ", "缺口：") : figures.words("warning: ", "提示：")
            lines.append(word + AnswerText.reason(shortcoming.text, chinese: chinese(shortcoming), figures))
        }
        if let reason = summary.overrideReason {
            lines.append(figures.words("closed all the same: ", "仍予关账：") + reason)
        }
        return lines.map { $0.printable + "\n" }.joined()
    }

    /// What a shortcoming is in Chinese; `nil` for a code that this program doesn't know.
    static func chinese(_ shortcoming: Shortcoming) -> String? {
        switch shortcoming.code {
        case "month-not-over": "当月或其后的宽限期尚未结束"
        case "nothing-counted": "当月无计入用量"
        case "pending-batches": "有批次尚未汇总"
        case "silent-provider": "云厂商有无用量的日期"
        case "new-provider": "云厂商自当月某日起才有用量"
        case "missing-batches": "账本中缺少已计入的批次"
        case "missing-positions": "账本中缺少已计入的位置"
        case "silent-collector": "采集器有未上报的日期"
        case "collector-not-seen": "采集器在宽限期结束后未再上报"
        case "quarantined-batches": "有批次被隔离"
        case "unclassified-usage": "有未分类用量"
        default: nil
        }
    }

    private static func shares(_ answer: StatementResponse, _ figures: Figures) -> String {
        let fields = StatementRow.columns
        var table = AnswerTable<StatementRow>(figures)
        table.add(.number("#")) { $0.rank == 0 ? "" : String($0.rank) }
        table.add(.text(AnswerText.entity(answer.by, figures))) { row in
            row.entity ?? (row.gathered > 0 ? figures.words("Other", "其他") : AnswerText.total(figures))
        }
        table.add([fields[\.sharePercent], fields[\.numerator]])
        table.add(fields.from(\.byKind.external))
        return table.rendered(answer.rows, total: answer.total)
    }

    private static func coverage(_ answer: StatementResponse, _ figures: Figures) -> String {
        let fields = StatementCoverageRow.columns
        var table = AnswerTable<StatementCoverageRow>(figures)
        table.add(.text(figures.words("Collector", "采集器"))) { "\($0.provider)/\($0.collector)" }
        table.add([
            fields[\.batches].grouped, fields[\.events], fields[\.refused], fields[\.quarantined].grouped,
            fields[\.firstMinute], fields[\.lastMinute],
        ])
        return table.rendered(answer.coverage)
    }

    private static func restated(_ answer: RestatementRecord, _ figures: Figures) -> String {
        let moment = figures.words(
            "Restated up to position \(answer.position), as known at \(answer.asKnownAt)",
            "重述：统计至标记 \(answer.position)，认定截至 \(answer.asKnownAt)")
        guard answer.changed else {
            return moment.printable + figures.words(": nothing changed\n", "：无变化\n")
        }
        let fields = RestatedRow.columns
        var table = AnswerTable<RestatedRow>(figures)
        table.add(.text(figures.words("Restated", "重述"))) { row in
            row.entity ?? (row.gathered ? figures.words("Other", "其他") : AnswerText.total(figures))
        }
        table.add(RestatedFigure.columns.map { $0.at(\.numerator).signed })
        table.add([fields[\.closedPercent], fields[\.percentNow]])
        return moment.printable + "\n" + table.rendered(answer.rows, total: answer.total)
    }

    private static func status(_ word: String, _ figures: Figures) -> String {
        switch word {
        case "proposed": figures.words("proposed", "待批准")
        case StatementSummary.approved: figures.words("approved", "已批准")
        case StatementSummary.withdrawn: figures.words("withdrawn", "已撤回")
        default: word
        }
    }
}
