internal import Aggregator
internal import ArgumentParser
internal import DaemonSupport
internal import Postgres
internal import Store
internal import UsageModel

struct RetireEpochs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire-epochs",
        abstract: "Give a collector's identity back after somebody used up its epochs' numbers.",
        discussion: """
            A collector asks for a new epoch at each start. Who holds its key can ask for one near the end of the numbers, \
            after which none is left. This retires the epochs above the last plausible one: they can't be worked in any \
            more, and what was counted under them stays counted. Replace the key first.
            """)

    @OptionGroup var options: ConfigurationOptions<AggregatorSettings>

    @Argument(help: "The collector, as PROVIDER/COLLECTOR.")
    var collector: String

    @Option(
        help: "The last epoch that still counts; without it, the one before the first jump that no restart explains.")
    var above: UInt64?

    func validate() throws {
        guard collector.split(separator: "/", omittingEmptySubsequences: false).count == 2 else {
            throw ValidationError("Name the collector as PROVIDER/COLLECTOR.")
        }
    }

    func run() async throws {
        let names = collector.split(separator: "/").map(String.init)
        guard names.count == 2 else { throw ExitCode.validationFailure }
        let (key, above) = (CollectorKey(provider: names[0], collector: names[1]), above)
        let retired = try await options.withStore { store in
            try await store.transaction {
                try $0.retireEpochs(
                    of: key, above: above, by: .current(command: "retire-epochs"),
                    at: Timestamp(milliseconds: SystemWallClock().nowMilliseconds()))
            }
        }
        let epochs = retired.count == 1 ? "1 epoch" : "\(retired.count) epochs"
        print("Retired \(epochs) of \(collector): \(retired.map(String.init).joined(separator: ", "))")
    }
}

struct Requeue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put batches that a rollup quarantined back into its queue, once what stopped them is mended.",
        discussion: "Their payloads come from the ledger. A batch that fails again is quarantined again.")

    @OptionGroup var options: ConfigurationOptions<AggregatorSettings>

    @Option(help: "Only those of this provider.")
    var provider: String?

    func run() async throws {
        let provider = provider
        let count = try await options.withStore { store in
            try await store.transaction {
                try $0.requeueQuarantined(
                    of: provider, by: .current(command: "requeue"),
                    at: Timestamp(milliseconds: SystemWallClock().nowMilliseconds()))
            }
        }
        print("\(count == 1 ? "1 batch waits" : "\(count) batches wait") for the rollup again.")
    }
}

extension ConfigurationOptions<AggregatorSettings> {
    /// Runs `body` on the configured database, whose schema must be this program's; an error ends the command.
    fileprivate func withStore<Value>(_ body: (Store) async throws -> Value) async throws -> Value {
        let (settings, logger) = try start(label: "aggregator")
        let store = AggregatorDaemon.makeStore(settings, logger: logger)
        do {
            try await store.check()
            let value = try await body(store)
            await store.pool.close()
            return value
        } catch {
            await store.pool.close()
            writeError("\(error)")
            throw ExitCode.failure
        }
    }
}
