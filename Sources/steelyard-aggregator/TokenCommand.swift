internal import APIModel
internal import Aggregator
internal import ArgumentParser
internal import DaemonSupport
internal import Logging
internal import Postgres
internal import Store
internal import Telemetry
internal import UsageModel

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Tokens, directly in the database: for the first one, and when all are lost.",
        subcommands: [CreateToken.self])
}

struct CreateToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token and print it; it is shown only this once.")

    @OptionGroup var options: ConfigurationOptions<AggregatorSettings>

    @Option(help: "operator, auditor, finance or admin.")
    var role: String

    @Option(help: "Bind the token to a provider's own figures.")
    var provider: String?

    @Option(help: "What the token is for.")
    var note = ""

    @Option(help: "The person whom it is for; only such a token can propose and approve statements.")
    var holder: String?

    @Option(help: "How long it works: 30d, 12h, at most 3650d, or never. 90d by default.")
    var expires: String?

    func validate() throws {
        guard TokenRole(rawValue: role) != nil else {
            throw ValidationError(
                "--role must be one of \(TokenRole.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        if let provider, !NameRule.isIdentifier(provider, maxBytes: Limits.maxProviderNameBytes) {
            throw ValidationError("--provider must be lower-case letters, digits and inner hyphens.")
        }
        if !note.isEmpty, let problem = NameRule.problem(in: note, maxBytes: 200) {
            throw ValidationError("--note must be a short line of plain text; it \(problem.explanation(in: note)).")
        }
        if let holder, let problem = HolderRule.problem(in: holder, maxBytes: TokenService.maxHolderBytes) {
            throw ValidationError(
                "--holder must be a person's name in plain text; it \(problem.explanation(in: holder)).")
        }
        if let expires, TokenLifetime(expires) == nil {
            throw ValidationError("--expires must be a number with s, m, h or d such as 30d, at most 3650d, or never.")
        }
    }

    func run() async throws {
        guard let role = TokenRole(rawValue: role) else { throw ExitCode.validationFailure }
        let lifetime = expires.flatMap { TokenLifetime($0) } ?? .standard
        let (settings, logger) = try options.start(label: "aggregator")
        let store = AggregatorDaemon.makeStore(settings, logger: logger)
        let author = ServerOperator.current(command: "token create")
        do {
            try await store.check()
            let made = try await TokenService(store: store, clock: SystemWallClock())
                .create(
                    role: role, provider: provider, note: note, holder: holder,
                    by: author.command, origin: .server(author), lifetime: lifetime)
            await store.pool.close()
            print(made.text)
            if lifetime == .never {
                writeError("the token \(made.record.id) NEVER expires: whoever finds it can use it until it is revoked")
            }
        } catch {
            writeError("\(error)")
            throw ExitCode.failure
        }
    }
}
