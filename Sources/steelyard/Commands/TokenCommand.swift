internal import APIModel
internal import ArgumentParser
internal import Foundation
internal import Identity
internal import NIOHTTP1

/// `steelyard token`: who may ask what.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke the tokens that callers hold.",
        subcommands: [Create.self, List.self, Revoke.self])

    enum Role: String, CaseIterable, ExpressibleByArgument {
        case `operator`, auditor, finance, admin
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token. Its secret is shown once: here.")

        @OptionGroup var connection: ConnectionOptions

        @Option(help: ArgumentHelp("operator, auditor, finance or admin.", valueName: "ROLE"))
        var role: Role

        @Option(help: ArgumentHelp("Bind the token to one provider: it sees nothing of the others.", valueName: "P"))
        var provider: String?

        @Option(
            help: ArgumentHelp(
                "The person whom it is for; only such a token can propose and approve statements.", valueName: "NAME"))
        var holder: String?

        @Option(
            help: ArgumentHelp("File to write the token to, mode 0600; standard output by default.", valueName: "FILE"))
        var out: String?

        @Flag(help: "Replace the file of --out.")
        var force = false

        mutating func run() async throws {
            if let out, !force, FileManager.default.fileExists(atPath: out) {
                throw CommandError(.failure, "\(out) is there already; say --force to replace it")
            }
            var request = TokenRequest()
            request.role = role.rawValue
            request.provider = provider
            request.holder = holder
            let body = request.json
            let (out, force) = (out, force)
            try await APIClient.with(connection) { client in
                let response = try await client.send(
                    .POST, "/v1/tokens", contentType: "application/json", body: body)
                let created = try response.decoded(CreatedTokenResponse.self)
                guard let out else { return Terminal.out(created.token + "\n") }
                try PrivateFile.write(created.token + "\n", to: out, for: .ownerOnly, overwriting: force)
                Terminal.out("token \(created.record.id) (\(created.record.role)) is in \(out)\n")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the tokens, without their secrets.")

        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        mutating func validate() throws {
            if output.format == .csv { throw ValidationError("Tokens come as table or json.") }
        }

        mutating func run() async throws {
            let output = output
            try await APIClient.with(connection) { client in
                let response = try await client.get("/v1/tokens")
                try output.write(response) {
                    TokensTable.text(of: try $0.decoded(TokensResponse.self), figures: output.figures)
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a token, from its next request on.")

        @OptionGroup var connection: ConnectionOptions

        @Argument(help: ArgumentHelp("Id of the token, as `steelyard token list` shows it.", valueName: "ID"))
        var id: String

        mutating func run() async throws {
            guard !id.isEmpty,
                id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x3F && $0 != 0x23 && $0 != 0x25 })
            else {
                throw CommandError(.usage, "“\(id.printable)” is no token id; `steelyard token list` shows them")
            }
            let id = id
            try await APIClient.with(connection) { client in
                _ = try await client.send(.DELETE, "/v1/tokens/\(id)")
                Terminal.out("token \(id) is revoked\n")
            }
        }
    }
}

enum TokensTable {
    static func text(of answer: TokensResponse, figures: Figures) -> String {
        let fields = TokenRow.columns
        var table = AnswerTable<TokenRow>(figures)
        table.add([fields[\.id], fields[\.role]])
        table.add(.text(AnswerText.entity("provider", figures))) { $0.provider ?? figures.words("all", "全部") }
        table.add(fields.from(\.holder))
        return table.rendered(answer.tokens)
    }
}
