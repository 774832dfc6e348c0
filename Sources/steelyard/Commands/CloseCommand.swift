internal import APIModel
internal import ArgumentParser
internal import Foundation
internal import NIOHTTP1
internal import Scopes
internal import UsageModel

/// `steelyard close`: proposes a month's statement.
struct CloseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Freeze a month under a scope, for somebody else to approve.",
        discussion: """
            Example: steelyard close 2025-06 --scope idc --token-file ann.token
            Then:    steelyard statement approve 2025-06 --scope idc --token-file bob.token
            """)

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: StatementOutput

    @Argument(help: ArgumentHelp("Calendar month.", valueName: "YYYY-MM"))
    var month: String

    @Option(help: ArgumentHelp("Scope; see `steelyard scope list`.", valueName: "ID"))
    var scope = ShareCommand.defaultScope

    @Option(
        help: ArgumentHelp(
            "Why to close although something is short; it stands on the statement for ever.", valueName: "TEXT"))
    var overrideReason: String?

    mutating func validate() throws {
        try StatementName.check(month: month)
        if let overrideReason, overrideReason.allSatisfy(\.isWhitespace) {
            throw ValidationError("--override-reason needs a reason.")
        }
    }

    mutating func run() async throws {
        var request = StatementRequest()
        request.scope = scope
        request.month = month
        request.overrideReason = overrideReason
        let body = request.json
        let output = output
        let path = "/v1/statements"
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for("closing") {
                try await client.exchange(.POST, path, contentType: "application/json", body: body)
            }
            guard response.isSuccess else {
                throw ClosingRefusal.error(
                    for: response, asking: path, remedy: ClosingRefusal.override, output.options.figures)
            }
            try output.write(response)
        }
    }
}

/// Why a month isn't closed, for people.
enum ClosingRefusal {
    /// What to do where something is short: English and Chinese.
    static let override = (
        "Wait, or say with --override-reason TEXT why it should be closed all the same",
        "请等待补齐，或用 --override-reason 说明仍予关账的理由"
    )

    /// - Parameter remedy: what to do where something is short; `nil` where the server's words say it.
    static func error(
        for response: ReceivedResponse, asking path: String, remedy: (String, String)? = nil, _ figures: Figures
    ) -> CommandError {
        let error = Problem.error(for: response, asking: path)
        guard let problem = Problem(response), let code = problem.code, let chinese = chinese(code) else {
            return error
        }
        guard let shortcomings = problem.shortcomings, !shortcomings.isEmpty else {
            return CommandError(error.status, AnswerText.reason(error.message, chinese: chinese, figures))
        }
        let lines = shortcomings.map { shortcoming in
            "  " + AnswerText.reason(shortcoming.text, chinese: StatementTables.chinese(shortcoming), figures).printable
        }
        let title = figures.words((problem.title ?? "the month's coverage is short").printable, chinese)
        let advice = remedy.map { figures.words($0.0, $0.1) } ?? (problem.detail ?? "").printable
        return CommandError(
            error.status, ([title + figures.words(":", "：")] + lines + [advice]).joined(separator: "\n"))
    }

    private static func chinese(_ code: String) -> String? {
        switch code {
        case "coverage-short": "当月数据有缺口，不能关账"
        case "statement-exists": "该月在此口径下已关账或已提出"
        case "statement-decided": "该报表此前已有结论"
        case "figures-changed": "数据在提出之后有变动，请撤回后重新提出"
        case "same-person": "须由他人批准"
        case "mints-tokens": "持有可签发令牌的令牌者不得提出或批准"
        case "minted-by-other": "批准人与提出人的令牌不得由对方签发"
        case "no-holder": "令牌未登记持有人"
        case "wrong-role": "令牌的角色不得执行此操作"
        default: nil
        }
    }
}

/// How a statement is written.
struct StatementOutput: ParsableArguments {
    @OptionGroup var options: OutputOptions

    mutating func validate() throws {
        if options.format == .csv { throw ValidationError("Statements come as table or json.") }
    }

    func write(_ response: ReceivedResponse) throws {
        try options.write(response) {
            StatementTables.whole(try $0.decoded(StatementResponse.self), figures: options.figures)
        }
    }
}

/// How a statement is named on the command line.
struct StatementName: ParsableArguments {
    @Argument(help: ArgumentHelp("Calendar month, or the number of a statement.", valueName: "YYYY-MM|NUMBER"))
    var name: String

    @Option(help: ArgumentHelp("Scope of the month (default: idc).", valueName: "ID"))
    var scope: String?

    mutating func validate() throws {
        if Int64(name) == nil {
            try Self.check(month: name)
        } else if scope != nil {
            throw ValidationError("A statement's number says its scope; leave --scope out.")
        }
    }

    static func check(month: String) throws {
        guard let period = try? Period(month), period.granularity == .month, period.description == month else {
            let meant = CalendarDate(month).map { " Write \(Period.month(of: $0)) for the month of \($0)." } ?? ""
            throw ValidationError("“\(month.printable)” is no calendar month such as 2025-06.\(meant)")
        }
    }

    func resolve(_ client: APIClient) async throws -> Int64 {
        try await Self.resolve(name, scope: scope, client)
    }

    /// The number of the statement: of a month, the one that is approved, else the newest proposal.
    static func resolve(_ name: String, scope: String?, _ client: APIClient) async throws -> Int64 {
        if let id = Int64(name) { return id }
        let scope = scope ?? ShareCommand.defaultScope
        let response = try await client.get("/v1/statements", [("scope", scope), ("month", name)])
        let found = try response.decoded(StatementsResponse.self).statements
        guard let statement = found.first(where: { $0.status == StatementSummary.approved }) ?? found.last else {
            throw CommandError(
                .usage, "\(name) was never proposed under \(scope); `steelyard close` does".printable)
        }
        return Int64(statement.id)
    }
}
