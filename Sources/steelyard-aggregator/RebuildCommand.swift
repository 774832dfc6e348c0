internal import Aggregator
internal import ArgumentParser
internal import DaemonSupport
internal import Logging
internal import Postgres
internal import Reporting
internal import Store
internal import Telemetry
internal import UsageModel

struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rebuild the sums of some days from the ledger, compare, and with --apply replace.",
        discussion: """
            The days are days of the reporting calendar. Rollup waits meanwhile. A batch whose payload isn't what the \
            ledger says of it is named, and nothing is replaced: exit code 1. Exits with 0 where nothing differs (or all \
            differences were replaced), with 3 where something differs or batches are gone from the ledger. What --apply \
            does, or is refused, stands in the audit log.
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

    @Flag(help: "With --apply, replace also where batches are gone from the ledger: their usage goes from the sums.")
    var acceptHoles = false

    func validate() throws {
        guard apply || !acceptHoles else { throw ValidationError("--accept-holes goes with --apply.") }
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
                first..<last, replacement: apply ? replacement : nil, admitNames: admitNames,
                limits: settings.rollupLimits, decode: RollupWorker.decode)
            await store.pool.close()
        } catch {
            writeError("\(error)")
            throw ExitCode.failure
        }
        show(report)
        let isSettled = report.isEqual || report.hasReplaced
        if !isSettled || (!report.holes.isEmpty && !acceptHoles) { throw ExitCode.difference }
    }

    private var replacement: Replacement {
        Replacement(
            by: .current(command: "rebuild"), now: Timestamp(milliseconds: SystemWallClock().nowMilliseconds()),
            acceptsHoles: acceptHoles)
    }

    private func show(_ report: RebuildReport) {
        let batches = report.batches == 1 ? "1 batch" : "\(report.batches) batches"
        print("\(batches) up to position \(report.position), days \(from) to \(to) (not included)")
        if !report.holes.isEmpty { print("GONE from the ledger: \(report.holes.named(\.description))") }
        for table in report.tables {
            let verdict = table.differing == 0 ? "equal" : "\(table.differing) DIFFER"
            print(
                "\(table.name): \(table.rows == 1 ? "1 row" : "\(table.rows) rows"), \(verdict); tokens stored \(table.stored.total), "
                    + "rebuilt \(table.rebuilt.total)")
        }
        print(report.isEqual ? "Nothing changed." : report.hasReplaced ? "Replaced." : "Not replaced; use --apply.")
    }
}
