internal import APIModel
internal import ArgumentParser
internal import Foundation
internal import NIOHTTP1
internal import Scopes

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
        try await APIClient.with(connection) { client in
            let response = try await Waiting.for("closing") {
                try await client.send(.POST, "/v1/statements", contentType: "application/json", body: body)
            }
            try output.write(response)
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
            throw ValidationError("“\(month.printable)” is no calendar month such as 2025-06.")
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
