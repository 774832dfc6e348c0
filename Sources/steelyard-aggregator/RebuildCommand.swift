internal import Aggregator
internal import ArgumentParser
internal import DaemonSupport
internal import Logging
internal import Postgres
internal import Store
internal import Telemetry
internal import UsageModel

struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rebuild the sums of some days from the ledger, compare, and with --apply replace.",
        discussion: """
            The days are days of the reporting calendar. Rollup waits meanwhile. Exits with 0 where nothing differs \
            (or all differences were replaced), with 3 where something differs.
            """)

    @OptionGroup var options: ConfigurationOptions<AggregatorSettings>

    @Option(help: "The first day, such as 2025-06-01.")
    var from: String

    @Option(help: "The first day that isn't rebuilt any more.")
    var to: String

    @Flag(help: "Put the rebuilt sums in the place of the stored ones.")
    var apply = false

    @Flag(help: "Give names to usage that was counted under (over-limit), beyond the budgets of new names.")
    var admitNames = false

    func validate() throws {
        guard let first = CalendarDate(from) else { throw ValidationError("--from must be a date such as 2025-06-01.") }
        guard let last = CalendarDate(to) else { throw ValidationError("--to must be a date such as 2025-07-01.") }
        guard first < last else { throw ValidationError("--to must come after --from.") }
    }

    func run() async throws {
        guard let first = CalendarDate(from), let last = CalendarDate(to) else { throw ExitCode.validationFailure }
        let (settings, logger) = try options.start(label: "aggregator")
        let store = AggregatorDaemon.makeStore(settings, logger: logger)
        let report: RebuildReport
        do {
            try await store.check()
            report = try await store.rebuild(
                first..<last, replace: apply, admitNames: admitNames, limits: settings.rollupLimits,
                decode: RollupWorker.decode)
            await store.pool.close()
        } catch {
            writeError("\(error)")
            throw ExitCode.failure
        }
        show(report)
        if !report.isEqual && !report.hasReplaced { throw ExitCode.difference }
    }

    private func show(_ report: RebuildReport) {
        print("\(report.batches) batches up to position \(report.position), days \(from) to \(to) (not included)")
        for table in report.tables {
            let verdict = table.differing == 0 ? "equal" : "\(table.differing) DIFFER"
            print(
                "\(table.name): \(table.rows) rows, \(verdict); tokens stored \(table.stored.total), "
                    + "rebuilt \(table.rebuilt.total)")
        }
        print(report.isEqual ? "Nothing changed." : report.hasReplaced ? "Replaced." : "Not replaced; use --apply.")
    }
}
