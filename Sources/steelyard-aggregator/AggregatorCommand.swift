internal import Aggregator
internal import ArgumentParser
internal import DaemonSupport
internal import Identity
internal import UsageModel

@main enum Main {
    static func main() async {
        CoreDumps.forbid()
        await AggregatorCommand.main()
    }
}

struct AggregatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steelyard-aggregator",
        abstract: "Takes batches from collectors, keeps them in PostgreSQL exactly once, and answers questions.",
        discussion: """
            Exit codes: 0 done; 1 failed; 3 a rebuild found differences; 64 wrong arguments; 78 the configuration is wrong.
            """,
        version: SoftwareVersion.text,
        subcommands: [
            Run.self, Migrate.self, CheckConfig.self, Rebuild.self, Requeue.self, RetireEpochs.self, ReaderSQL.self,
            TokenCommand.self,
        ])
}
