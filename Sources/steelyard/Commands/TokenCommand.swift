internal import APIModel
internal import ArgumentParser
internal import Foundation
internal import Identity
internal import NIOHTTP1

/// `steelyard token`: who may ask what.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list, rotate and revoke the tokens that callers hold.",
        subcommands: [Create.self, List.self, Rotate.self, Revoke.self])

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

        @OptionGroup var lifetime: LifetimeOption
        @OptionGroup var file: TokenFileOptions

        mutating func run() async throws {
            try file.check()
            var request = TokenRequest()
            request.expires = lifetime.expires
            request.role = role.rawValue
            request.provider = provider
            request.holder = holder
            let (body, file) = (request.json, file)
            try await APIClient.with(connection) { client in
                let response = try await client.send(
                    .POST, "/v1/tokens", contentType: "application/json", body: body)
                try file.deliver(try response.decoded(CreatedTokenResponse.self))
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token in the place of another, which ends after an overlap.",
            discussion: "The new one has the role, the provider and the holder of the old one, and its secret is shown "
                + "once: here.")

        @OptionGroup var connection: ConnectionOptions

        @Argument(help: ArgumentHelp("Id of the token, as `steelyard token list` shows it.", valueName: "ID"))
        var id: String

        @Option(
            help: ArgumentHelp(
                "How long the old token still works: 0s to 30d. 24h by default.", valueName: "DURATION"))
        var overlap: String?

        @OptionGroup var lifetime: LifetimeOption
        @OptionGroup var file: TokenFileOptions

        mutating func validate() throws {
            if let overlap, TokenLifetime.seconds(overlap).map({ $0 > TokenLifetime.maxOverlapSeconds }) ?? true {
                throw ValidationError("--overlap must be a number with s, m, h or d, from 0s to 30d.")
            }
        }

        mutating func run() async throws {
            try file.check()
            let id = try TokenCommand.checked(id)
            var request = TokenRotationRequest()
            request.overlap = overlap
            request.expires = lifetime.expires
            let (body, file) = (request.json, file)
            try await APIClient.with(connection) { client in
                let response = try await client.send(
                    .POST, "/v1/tokens/\(id)/rotation", contentType: "application/json", body: body)
                try file.deliver(try response.decoded(CreatedTokenResponse.self))
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
            let id = try TokenCommand.checked(id)
            try await APIClient.with(connection) { client in
                _ = try await client.send(.DELETE, "/v1/tokens/\(id)")
                Terminal.out("token \(id) is revoked\n")
            }
        }
    }
}

extension TokenCommand {
    fileprivate static func checked(_ id: String) throws(CommandError) -> String {
        guard !id.isEmpty,
            id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x3F && $0 != 0x23 && $0 != 0x25 })
        else {
            throw CommandError(.usage, "“\(id.printable)” is no token id; `steelyard token list` shows them")
        }
        return id
    }
}

struct LifetimeOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How long the token works: 30d, 12h, at most 3650d, or never. 90d by default.", valueName: "DURATION"))
    var expires: String?

    mutating func validate() throws {
        if let expires, TokenLifetime(expires) == nil {
            throw ValidationError("--expires must be a number with s, m, h or d such as 30d, at most 3650d, or never.")
        }
    }
}

/// Where a new token goes.
struct TokenFileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("File to write the token to, mode 0600; standard output by default.", valueName: "FILE"))
    var out: String?

    @Flag(help: "Replace the file of --out.")
    var force = false

    func check() throws(CommandError) {
        if let out, !force, FileManager.default.fileExists(atPath: out) {
            throw CommandError(.failure, "\(out) is there already; say --force to replace it")
        }
    }

    /// Hands the token out, and says when it ends.
    func deliver(_ created: CreatedTokenResponse) throws {
        let record = created.record
        if let out {
            try PrivateFile.write(created.token + "\n", to: out, for: .ownerOnly, overwriting: force)
            Terminal.out("token \(record.id) (\(record.role)) is in \(out)\n")
        } else {
            Terminal.out(created.token + "\n")
        }
        Terminal.note(
            record.expiresAt.map { "token \(record.id) expires at \($0)" }
                ?? "token \(record.id) NEVER expires: whoever finds it can use it until somebody revokes it")
    }
}

enum TokensTable {
    static func text(of answer: TokensResponse, figures: Figures) -> String {
        let fields = TokenRow.columns
        var table = AnswerTable<TokenRow>(figures)
        table.add([fields[\.id], fields[\.role]])
        table.add(.text(AnswerText.entity("provider", figures))) { $0.provider ?? figures.words("all", "全部") }
        table.add([fields[\.holder], fields[\.createdAt]])
        table.add(figures.column(fields[\.expiresAt])) {
            $0.expiresAt?.text ?? figures.words("never", "永不过期")
        }
        table.add([fields[\.lastUsedAt], fields[\.revokedAt]])
        return table.rendered(answer.tokens)
    }
}
