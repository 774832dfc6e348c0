internal import APIModel
internal import ArgumentParser
internal import Foundation
internal import NIOHTTP1
internal import Scopes
internal import UsageModel

/// `steelyard statement`: months that are closed, or proposed to be.
struct StatementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statement", abstract: "Closed months: list, show, approve, withdraw, verify.",
        subcommands: [List.self, Show.self, Approve.self, Withdraw.self, Verify.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List statements and proposals, those that were withdrawn included.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        @Option(help: ArgumentHelp("Only those under this scope.", valueName: "ID"))
        var scope: String?

        @Option(help: ArgumentHelp("Only those of this month.", valueName: "YYYY-MM"))
        var month: String?

        mutating func validate() throws {
            if output.format == .csv { throw ValidationError("Statements come as table or json.") }
            if let month { try StatementName.check(month: month) }
        }

        mutating func run() async throws {
            let (output, query) = (output, [("scope", scope), ("month", month)])
            try await APIClient.with(connection) { client in
                let response = try await client.get("/v1/statements", query)
                try output.write(response) {
                    StatementTables.list(try $0.decoded(StatementsResponse.self), figures: output.figures)
                }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a statement with all that it froze, and what became of its figures since.",
            discussion: "Check it by hand: steelyard statement show 2025-06 --canonical | sha256sum")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var statement: StatementName
        @OptionGroup var output: StatementOutput

        @Flag(help: "Beside the frozen figures, what they would be now, by cause.")
        var restated = false

        @Flag(help: "The canonical form, byte for byte: what the SHA-256 is of.")
        var canonical = false

        @Option(help: ArgumentHelp("Wait until this ledger position is counted, or `latest`.", valueName: "POSITION"))
        var waitFor: String?

        mutating func validate() throws {
            if canonical, restated || output.options.format != .table {
                throw ValidationError("--canonical stands alone.")
            }
        }

        mutating func run() async throws {
            let (statement, output, canonical) = (statement, output, canonical)
            let query = [("restated", restated ? "true" : nil), ("wait-for", waitFor)]
            try await APIClient.with(connection) { client in
                let id = try await statement.resolve(client)
                let response = try await Waiting.for("asking") { try await client.get("/v1/statements/\(id)", query) }
                if canonical {
                    Terminal.out(try response.decoded(StatementResponse.self).canonicalForm)
                } else {
                    try output.write(response)
                }
            }
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a month that somebody else proposed; nothing changes the statement from then on.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var statement: StatementName
        @OptionGroup var output: StatementOutput

        mutating func run() async throws {
            let (statement, output) = (statement, output)
            try await APIClient.with(connection) { client in
                let id = try await statement.resolve(client)
                let path = "/v1/statements/\(id)/approval"
                let response = try await Waiting.for("approving") { try await client.exchange(.POST, path) }
                guard response.isSuccess else {
                    throw ClosingRefusal.error(for: response, asking: path, output.options.figures)
                }
                try output.write(response)
            }
        }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a proposal back, so that the month can be proposed again.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var statement: StatementName

        @Option(help: ArgumentHelp("Why.", valueName: "TEXT"))
        var reason: String

        mutating func run() async throws {
            let statement = statement
            var request = StatementWithdrawal()
            request.reason = reason
            let body = request.json
            try await APIClient.with(connection) { client in
                let id = try await statement.resolve(client)
                _ = try await client.send(
                    .POST, "/v1/statements/\(id)/withdrawal", contentType: "application/json", body: body)
                Terminal.out("statement \(id) is withdrawn\n")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recompute a statement's SHA-256 and add its figures up, on this machine.",
            discussion: "A file is what `steelyard statement show --canonical` printed; it is checked without a server."
        )

        @OptionGroup var connection: ConnectionOptions

        @Argument(
            help: ArgumentHelp("Calendar month, number of a statement, or file.", valueName: "YYYY-MM|NUMBER|FILE"))
        var name: String

        @Option(help: ArgumentHelp("Scope of the month (default: idc).", valueName: "ID"))
        var scope: String?

        @Option(
            name: .customLong("sha256"),
            help: ArgumentHelp("The SHA-256 that the statement or file must have.", valueName: "HEX"))
        var digest: String?

        private static let digestBytes = 32

        private var isFile: Bool { name.contains("/") || name.contains(".") }

        mutating func validate() throws {
            if isFile {
                if scope != nil { throw ValidationError("A file says its scope; leave --scope out.") }
            } else {
                if Int64(name) == nil { try StatementName.check(month: name) }
            }
            if let digest, Hexadecimal.bytes(digest)?.count != Self.digestBytes {
                throw ValidationError("--sha256 must be \(2 * Self.digestBytes) hexadecimal digits.")
            }
        }

        mutating func run() async throws {
            if isFile {
                let text = String(decoding: try InputFile.read(name), as: UTF8.self)
                return Terminal.out(try StatementCheck.check(text, digest: digest) + "\n")
            }
            let (name, scope, digest) = (name, scope, digest)
            try await APIClient.with(connection) { client in
                let id = try await StatementName.resolve(name, scope: scope, client)
                let answer = try await client.get("/v1/statements/\(id)").decoded(StatementResponse.self)
                try StatementCheck.compare(answer)
                // What somebody noted is held against what the server shows now, and that against its own digest.
                if let digest { _ = try StatementCheck.check(answer.canonicalForm, digest: digest) }
                Terminal.out(
                    "statement \(id) (\(answer.summary.status)): "
                        + (try StatementCheck.check(answer.canonicalForm, digest: answer.summary.sha256.text)) + "\n")
            }
        }
    }
}

/// What can be said of a statement without trusting who sent it.
enum StatementCheck {
    /// Checks a canonical form by itself.
    ///
    /// - Returns: what it is of, and its SHA-256.
    /// - Throws: ``CommandError`` with `.refusedInput` and everything that is wrong.
    static func check(_ text: String, digest: String?) throws(CommandError) -> String {
        let actual = StatementContent.digest(of: text)
        if let digest, digest.lowercased() != actual {
            throw CommandError(.refusedInput, "its SHA-256 is \(actual), and should be \(digest.printable)")
        }
        let content: StatementContent
        do throws(CanonicalFormError) {
            content = try StatementContent(text: text)
        } catch {
            throw CommandError(.refusedInput, "\(error)".printable)
        }
        let contradictions = content.contradictions
        guard contradictions.isEmpty else {
            throw CommandError(.refusedInput, contradictions.joined(separator: "\n").printable)
        }
        let scope = content.table.scope
        return "\(content.table.period) under \(scope.id) v\(scope.version), SHA-256 \(actual), adds up".printable
    }

    /// Holds the figures of an answer against its own canonical form.
    static func compare(_ answer: StatementResponse) throws(CommandError) {
        guard let content = try? StatementContent(text: answer.canonicalForm) else { return }
        let frozen = content.table.rows.map {
            "\($0.isGathered ? "" : $0.entity) \(content.table.text(of: $0.numerator))"
        }
        let shown = answer.rows.map { "\($0.entity ?? "") \($0.numerator)" }
        guard frozen == shown, content.table.text(of: content.table.denominator) == answer.denominator.text else {
            throw CommandError(.refusedInput, "the figures that the server shows aren't those of the canonical form")
        }
    }
}
