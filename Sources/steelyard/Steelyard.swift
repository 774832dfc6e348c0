internal import ArgumentParser
internal import UsageModel

/// `steelyard`: asks, administers, and runs the embedded default.
struct Steelyard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steelyard",
        abstract: "Counts LLM tokens exactly, once, and answers under any named scope.",
        discussion: """
            Start everything on this machine with `steelyard up`, then ask with `steelyard share` and `steelyard usage`.

            Exit codes: 0 done, 1 failed, 2 wrong arguments or nothing of that name, 3 denied, 4 nothing answers, 5 input \
            refused, 6 the answer holds nothing.
            """,
        version: SoftwareVersion.text,
        subcommands: [
            UpCommand.self, UsageCommand.self, ShareCommand.self, RankCommand.self, TrendCommand.self,
            GrowthCommand.self, BridgeCommand.self, ConcentrationCommand.self, PeakCommand.self, CoverageCommand.self,
            ExportCommand.self, CloseCommand.self, StatementCommand.self, CollectorsCommand.self, ScopeCommand.self,
            TenantsCommand.self, FactsCommand.self, TokenCommand.self, CACommand.self, SimulateCommand.self,
        ])
}
