internal import Aggregator
internal import ArgumentParser
internal import DaemonSupport
internal import Foundation
internal import Logging
internal import Postgres
internal import Store
internal import Synchronization
internal import Telemetry
internal import UsageModel

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run until SIGTERM; SIGHUP reads certificates and what else can be changed again.")

    @OptionGroup var options: ConfigurationOptions<AggregatorSettings>

    func run() async throws {
        let (settings, logger) = try options.start(label: "aggregator")
        // One that has ended is told and does no harm to the other listener; one that can't be read is refused below.
        for problem in settings.certificateProblems(now: Date()) {
            logger.error("a certificate won't do", [.detail: "\(problem)"])
        }
        let options = options
        let daemon: AggregatorDaemon
        do {
            daemon = try AggregatorDaemon(
                settings, clock: SystemWallClock(), logger: logger, reloadSettings: { try options.load() })
        } catch {
            writeError("\(error)")
            throw ExitCode.configuration
        }
        do {
            try await daemon.run()
        } catch {
            writeError("\(error)")
            throw ExitCode.failure
        }
    }
}

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database's schema up to date. Safe when several do it at once, and when it is current.",
        discussion: """
            What a database of before schema version 19 has in tables of sums is taken into segments and days by \
            tenant first, hour by hour from the newest back, and the tables go once all of it is. Then the cubes of \
            usage that there are none of yet are made, a day at a time; a running aggregator does that in the \
            background. Interrupted, either goes on where it was.
            """)

    @OptionGroup var options: ConfigurationOptions<AggregatorSettings>

    func run() async throws {
        let (settings, logger) = try options.start(label: "aggregator")
        do {
            let store = AggregatorDaemon.makeStore(settings, scopes: try settings.loadScopes(), logger: logger)
            let outcome = try await prepare(store)
            try await fillCubes(of: store)
            await store.pool.close()
            print("The database is up to date: \(outcome).")
        } catch {
            writeError("\(error)")
            throw ExitCode.failure
        }
    }
}

extension Migrate {
    /// Migrates, with what is taken from tables of sums month by month on the screen.
    private func prepare(_ store: Store) async throws -> Migrator.Outcome {
        let told = Mutex("")
        let calendar = store.calendar
        return try await store.prepare(told: { from in
            let month = String("\(calendar.date(atSecond: from.seconds))".prefix(7))
            if told.withLock({ last in
                defer { last = month }
                return last != month
            }) {
                print("Usage of before there were segments is taken into them: \(month).")
            }
        })
    }

    /// Makes the cubes of usage that was rolled up before there were any, month by month on the screen.
    private func fillCubes(of store: Store) async throws {
        var told = ""
        while let next = try await store.fillCubes().next {
            let month = String("\(next)".prefix(7))
            if month != told { print("Cubes are being made: \(month).") }
            told = month
        }
    }
}

struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check the configuration, the certificates and the scopes it names, and connect to nothing.")

    @OptionGroup var options: ConfigurationOptions<AggregatorSettings>

    func run() async throws {
        let (settings, logger) = try options.start(label: "aggregator")
        try options.refuse(settings.certificateProblems(now: Date()))
        do {
            let daemon = try AggregatorDaemon(settings, clock: SystemWallClock(), logger: logger)
            await daemon.close()
        } catch {
            writeError("\(error)")
            throw ExitCode.configuration
        }
        print("The configuration is fine: ingest on \(settings.ingestAddress), query on \(settings.queryAddress).")
    }
}
