internal import APIModel
internal import ArgumentParser

/// `steelyard coverage`: what was reported of a period.
struct CoverageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage",
        abstract: "What was reported of a period, by whom, what is silent, what was quarantined.",
        discussion: "Example: steelyard coverage --period 2025-06")

    @OptionGroup var question: QuestionOptions
    @OptionGroup var time: PeriodOptions

    @Option(help: ArgumentHelp("Only this provider.", valueName: "P"))
    var provider: String?

    @Option(
        help: ArgumentHelp(
            "How long nothing may come before it is silence; the server's setting by default.",
            valueName: "MINUTES"))
    var silenceMinutes: Int?

    @Option(help: ArgumentHelp("Wait until this ledger position is counted, or `latest`.", valueName: "POSITION"))
    var waitFor: String?

    mutating func run() async throws {
        let query =
            time.query + [
                ("provider", provider), ("silence-minutes", silenceMinutes.map(String.init)), ("wait-for", waitFor),
            ]
        try await question.ask("/v1/coverage", query, as: CoverageResponse.self, table: CoverageTables.text)
    }
}

enum CoverageTables {
    /// Silent spans that are shown of one provider; JSON has more.
    private static let maxSpans = 10

    @Sendable static func text(of answer: CoverageResponse, figures: Figures) -> String {
        let span = "\(answer.period.from) – \(answer.period.to) (\(answer.period.zone))".printable
        let silence = figures.words(
            "Silence is more than \(answer.silenceMinutes) minutes without usage.\n",
            "超过 \(answer.silenceMinutes) 分钟无用量视为静默。\n")
        return providers(answer, figures) + "\n" + collectors(answer, figures) + "\n" + spans(answer, figures) + silence
            + passed(answer, figures) + AnswerText.footer(span, position: answer.position, asKnownAt: nil, figures)
    }

    private static func providers(_ answer: CoverageResponse, _ figures: Figures) -> String {
        let fields = ProviderCoverageRow.columns
        var table = AnswerTable<ProviderCoverageRow>(figures)
        table.add([fields[\.provider], fields[\.silence.reportedPercent]])
        table.add(fields.from(\.minutesWithUsage).upTo(\.silence.reportedPercent).map(\.grouped))
        table.add(fields.from(\.silence.silentMinutes))
        return table.rendered(answer.providers)
    }

    private static func collectors(_ answer: CoverageResponse, _ figures: Figures) -> String {
        let fields = CollectorCoverageRow.columns
        var table = TextTable([
            .text(figures.words("Collector", "采集器")), figures.column(fields[\.silence.reportedPercent]),
            .text(figures.words("Silent", "静默")), figures.column(fields[\.batches]),
            figures.column(fields[\.firstBatchAt]), figures.column(fields[\.lastBatchAt]),
            figures.column(fields[\.lastSeen]), figures.column(fields[\.events]),
            .text(figures.words("Rejected", "拒收")), .text(figures.words("Quarantined", "隔离")),
        ])
        for provider in answer.providers {
            for row in provider.collectors {
                table.append([
                    "\(provider.provider)/\(row.name)", figures.percent(row.silence.reportedPercent),
                    silence(of: row, answer, figures), String(row.batches), row.firstBatchAt?.text ?? "–",
                    row.lastBatchAt?.text ?? "–", row.lastSeen.text, figures.count(row.events),
                    row.rejections.map { "\($0.reason) \(figures.count($0.records))" }.joined(separator: ", "),
                    quarantined(row),
                ])
            }
        }
        return table.rendered()
    }

    /// Since when a collector has been silent, where it is until the end of what is looked at; otherwise how often it
    /// was.
    private static func silence(
        of row: CollectorCoverageRow, _ answer: CoverageResponse, _ figures: Figures
    ) -> String {
        guard row.silence.silentSpans > 0 else { return "" }
        // Where the list was cut, its last span isn't the collector's last.
        if row.silence.silent.count == row.silence.silentSpans, let last = row.silence.silent.last,
            last.to == answer.until
        {
            guard last.from != answer.period.from else { return figures.words("all the time", "全程") }
            return figures.words("since \(last.from)", "自 \(last.from) 起")
        }
        let spans = row.silence.silentSpans
        return figures.words(spans == 1 ? "1 span" : "\(spans) spans", "\(spans) 段")
    }

    /// How many batches were quarantined, and for which reasons.
    private static func quarantined(_ row: CollectorCoverageRow) -> String {
        let reasons = row.quarantined.map { "\($0.reason) \($0.batches)" }.joined(separator: ", ")
        return reasons.isEmpty ? "0" : "\(row.quarantinedBatches) (\(reasons))"
    }

    /// Up to when a period is looked at that isn't over.
    private static func passed(_ answer: CoverageResponse, _ figures: Figures) -> String {
        guard answer.until != answer.period.to else { return "" }
        let until = answer.until.text.printable
        return figures.words(
            "Of the period only what has passed is looked at: up to \(until).\n", "时段尚未结束，仅统计至 \(until)。\n")
    }

    private static func spans(_ answer: CoverageResponse, _ figures: Figures) -> String {
        let lines = answer.providers.flatMap { provider -> [String] in
            let shown = provider.silence.silent.prefix(maxSpans).map {
                figures.words(
                    "\(provider.provider) silent: \($0.from) – \($0.to), \($0.minutes) minutes",
                    "\(provider.provider) 静默：\($0.from) – \($0.to)，\($0.minutes) 分钟")
            }
            let rest = provider.silence.silentSpans - shown.count
            guard rest > 0 else { return shown }
            return shown + [
                figures.words("\(provider.provider): \(rest) more", "\(provider.provider)：另有 \(rest) 段")
            ]
        }
        return lines.isEmpty ? "" : lines.map { $0.printable + "\n" }.joined() + "\n"
    }
}
