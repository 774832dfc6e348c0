internal import CollectorCore
internal import Logging
internal import ServiceLifecycle
internal import Telemetry
internal import UsageModel

/// Looks every few seconds whether each source brings what it should, and says where one doesn't: in the log once a
/// minute, in `/readyz`, in `status` and in a metric.
package actor SourceMonitor: Service {
    static let interval = Duration.seconds(5)
    /// How long a problem that stays isn't repeated in the log.
    static let repeatMilliseconds: Int64 = 60_000
    /// For how long nothing may have been taken of a source that has brought good records before it counts as one
    /// whose records are all rejected.
    static let rejectedMilliseconds: Int64 = 60_000

    /// How many records must have been rejected within ``rejectedMilliseconds`` for most of a source to count as
    /// rejected.
    static let minMostlyRejected: UInt64 = 20
    /// The most causes that are named.
    static let maxNamedCauses = 3

    /// What was known of a source's records at a moment.
    private struct Look {
        /// By the steady clock.
        var at: Int64
        var taken: UInt64
        var rejected: UInt64
        var causes: [RefusalBoard.Cause: UInt64]
    }

    /// What was seen of a source's records.
    private struct Records {
        var taken: UInt64 = 0
        var rejected: UInt64 = 0
        /// When something was last taken, by the steady clock; `nil` for never.
        var takenAt: Int64?
        /// How many were rejected since.
        var rejectedSince: UInt64 = 0
        /// The last one before ``SourceMonitor/rejectedMilliseconds`` ago and those since, the oldest first.
        var looks: [Look] = []
    }

    private struct Key: Hashable {
        var source: String
        var reason: SourceProblem.Reason
    }

    private let reader: FileReader
    private let tables: TableSources?
    private let metrics: CollectorMetrics
    private let board: StatusStore
    private let refusals: RefusalBoard
    private let logger: Logger
    private let clock: any SteadyClock
    private var names: [String]
    private var records: [String: Records] = [:]
    /// When each problem that stands was last logged.
    private var loggedAt: [Key: Int64] = [:]

    /// - Parameter tables: the sources that read tables; `nil` for none.
    init(
        settings: CollectorSettings, reader: FileReader, tables: TableSources? = nil, parts: CollectorDependencies,
        board: StatusStore
    ) {
        self.reader = reader
        self.tables = tables
        self.board = board
        metrics = parts.metrics
        refusals = parts.refusals
        logger = parts.logger
        clock = parts.steadyClock
        names = Self.names(of: settings)
        Self.declare(names, metrics)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.look()
                try? await self.clock.sleep(for: Self.interval)
            }
        }
    }

    package func reload(_ settings: CollectorSettings) {
        names = Self.names(of: settings)
        Self.declare(names, metrics)
    }

    /// Looks once.
    func look() async {
        let now = clock.nowMilliseconds()
        let problems =
            await reader.problems() + (tables?.problems() ?? []) + names.compactMap { rejection(of: $0, now: now) }
        board.setSourceProblems(problems)
        let behind = await reader.bytesBehind()
        for name in names { metrics.bytesBehind(name).set(Double(behind[name] ?? 0)) }
        let standing = Set(problems.map { Key(source: $0.source, reason: $0.reason) })
        for name in names {
            for reason in SourceProblem.Reason.allCases {
                let key = Key(source: name, reason: reason)
                metrics.sourceProblem(reason, of: name).set(standing.contains(key) ? 1 : 0)
                if !standing.contains(key), loggedAt.removeValue(forKey: key) != nil {
                    logger.info(
                        "a source is as it should be again", [.source: "\(name)", .reason: "\(reason.rawValue)"])
                }
            }
        }
        for problem in problems { log(problem, now: now) }
    }

    private func rejection(of name: String, now: Int64) -> SourceProblem? {
        let source = metrics.source(name)
        var seen = records[name] ?? Records()
        let (taken, rejected) = (source.takenCount, source.rejectedCount)
        if taken > seen.taken {
            seen.takenAt = now
            seen.rejectedSince = 0
        } else {
            seen.rejectedSince += rejected - seen.rejected
        }
        (seen.taken, seen.rejected) = (taken, rejected)
        let look = Look(at: now, taken: taken, rejected: rejected, causes: refusals.counts(of: name))
        seen.looks.append(look)
        while seen.looks.count > 1, now - seen.looks[1].at >= Self.rejectedMilliseconds { seen.looks.removeFirst() }
        records[name] = seen
        let isQuiet = seen.takenAt.map { now - $0 >= Self.rejectedMilliseconds } ?? true
        if seen.rejectedSince > 0, isQuiet {
            return SourceProblem(
                source: name, reason: .allRejected,
                detail: "\(seen.rejectedSince) records rejected, none counted" + Self.text(of: look.causes))
        }
        guard let first = seen.looks.first else { return nil }
        let (newlyTaken, newlyRejected) = (taken - first.taken, rejected - first.rejected)
        guard newlyRejected >= Self.minMostlyRejected, newlyRejected > newlyTaken else { return nil }
        let causes = look.causes.reduce(into: [:]) { $0[$1.key] = $1.value - (first.causes[$1.key] ?? 0) }
        return SourceProblem(
            source: name, reason: .mostlyRejected,
            detail: "\(newlyRejected) of \(newlyRejected + newlyTaken) records of the last minute rejected"
                + Self.text(of: causes))
    }

    /// The most frequent causes, as the end of a sentence.
    private static func text(of causes: [RefusalBoard.Cause: UInt64]) -> String {
        let named = causes.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .prefix(maxNamedCauses)
        return named.isEmpty ? "" : ": " + named.map { "\($0.value) \($0.key.text)" }.joined(separator: ", ")
    }

    private func log(_ problem: SourceProblem, now: Int64) {
        let key = Key(source: problem.source, reason: problem.reason)
        if let last = loggedAt[key], now - last < Self.repeatMilliseconds { return }
        loggedAt[key] = now
        logger.warning(
            problem.reason == .mostlyRejected ? "most of a source is rejected" : "a source brings nothing",
            [
                .source: "\(problem.source)", .reason: "\(problem.reason.rawValue)", .detail: "\(problem.detail)",
                .remedy: "\(problem.reason.remedy)",
            ])
    }

    /// Every source, and the one of `POST /v1/events`.
    private static func names(of settings: CollectorSettings) -> [String] {
        let own = settings.sources.map(\.name)
        let common = CollectorSettings.defaultSourceName
        return own.contains(common) ? own : own + [common]
    }

    /// Makes the metrics of sources at 0.
    private static func declare(_ names: [String], _ metrics: CollectorMetrics) {
        for name in names {
            _ = metrics.source(name)
            metrics.bytesBehind(name).set(0)
            for reason in SourceProblem.Reason.allCases { metrics.sourceProblem(reason, of: name).set(0) }
        }
    }
}
