internal import Aggregator
internal import ArgumentParser
internal import Postgres
internal import Store

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run until SIGTERM; SIGHUP reads certificates and the log level again.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let (configuration, logger) = try options.start()
        let options = options
        let daemon: AggregatorDaemon
        do {
            daemon = try AggregatorDaemon(configuration, clock: SystemClock(), logger: logger) {
                try options.read().logLevel
            }
        } catch {
            writeError("\(error)")
            throw ExitCode(2)
        }
        do {
            try await daemon.run()
        } catch {
            writeError("\(error)")
            throw ExitCode(1)
        }
    }
}

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database's schema up to date. Safe when several do it at once, and when it is current.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let (configuration, logger) = try options.start()
        let store = AggregatorDaemon.makeStore(configuration, logger: logger)
        do {
            let outcome = try await store.prepare()
            await store.pool.close()
            print("The database is up to date: \(outcome).")
        } catch {
            writeError("\(error)")
            throw ExitCode(1)
        }
    }
}

struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check the configuration, the certificates and the scopes it names, and connect to nothing.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let (configuration, logger) = try options.start()
        do {
            let daemon = try AggregatorDaemon(configuration, clock: SystemClock(), logger: logger)
            await daemon.store.pool.close()
        } catch {
            writeError("\(options.config): \(error)")
            throw ExitCode(2)
        }
        print("\(options.config): fine.")
    }
}
