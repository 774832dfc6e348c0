package import CollectorCore
internal import Synchronization
internal import TextFormats
package import UsageModel

/// What `/readyz` and `status` say: kept up to date by the writer and the shipper, read without waiting for either.
package final class StatusStore: Sendable {
    package struct Backlog: Sendable, Equatable {
        package var batches = 0
        package var bytes = 0
        /// When the oldest batch that isn't shipped was sealed, in milliseconds since 1970-01-01T00:00Z.
        package var oldestSealedAt: Int64?
        package var spoolBytes: UInt64 = 0
        package var nextSpoolSequence: UInt64 = 1

        package init() {}
    }

    package struct Shipping: Sendable, Equatable {
        /// 0 before the aggregator has granted one.
        package var epoch: UInt64 = 0
        package var isConnected = false
        package var isFenced = false
        /// When the aggregator last took a batch or granted an epoch, in milliseconds since 1970-01-01T00:00Z.
        package var lastSuccessAt: Int64?
        /// Why the last request has to be repeated; empty after a success.
        package var lastProblem = ""

        package init() {}
    }

    private let backlog = Mutex(Backlog())
    private let shipping = Mutex(Shipping())
    private let sourceProblems = Mutex<[SourceProblem]>([])

    package init() {}

    package func setSourceProblems(_ new: [SourceProblem]) { sourceProblems.withLock { $0 = new } }
    package var currentSourceProblems: [SourceProblem] { sourceProblems.withLock { $0 } }

    package func setBacklog(_ new: Backlog) { backlog.withLock { $0 = new } }
    package func updateShipping(_ body: (inout Shipping) -> Void) { shipping.withLock { body(&$0) } }
    package var currentBacklog: Backlog { backlog.withLock { $0 } }
    package var currentShipping: Shipping { shipping.withLock { $0 } }
}

/// The answer of `/readyz`, and what `status` prints. Ready means able to accept.
package struct Readiness: Sendable, Decodable, Equatable {
    package var ready: Bool
    /// Why not, by the names of ``IntakeSwitch/Reason``.
    package var reasons: [String]
    package var oldestUnshippedAgeSeconds: Int64?
    package var lastSuccessAgeSeconds: Int64?
    package var backlogBatches: Int
    package var backlogBytes: Int
    package var spoolBytes: UInt64
    package var connected: Bool
    package var epoch: UInt64
    package var fenced: Bool
    package var lastProblem: String
    /// Sources that bring nothing, and why.
    package var sourceProblems: [Problem]
    /// Budgets of new names that are nearly or wholly used up; `nil` from a collector that doesn't tell.
    package var nameBudgets: [ControlMessages.NameBudget]?
    /// The records that were refused last, the oldest first; `nil` where they aren't told.
    package var refusals: [RefusalBoard.Refusal]?
    /// Records that were not for counting since the start, by source and reason; `nil` from a collector that doesn't
    /// tell.
    package var ignored: [Ignored]?
    package var provider: String
    package var collector: String
    package var version: String

    /// How many records of a source were not for counting.
    package struct Ignored: Sendable, Decodable, Equatable {
        package var source: String
        /// The name of an `IgnoredReason`.
        package var reason: String
        package var records: UInt64
    }

    /// A ``SourceProblem`` as it is told.
    package struct Problem: Sendable, Decodable, Equatable {
        package var source: String
        /// The name of a ``SourceProblem/Reason``.
        package var reason: String
        package var detail: String
    }

    enum CodingKeys: String, CodingKey {
        case ready, reasons, connected, epoch, fenced, provider, collector, version
        case oldestUnshippedAgeSeconds = "oldest_unshipped_age_seconds"
        case lastSuccessAgeSeconds = "last_success_age_seconds"
        case backlogBatches = "backlog_batches"
        case backlogBytes = "backlog_bytes"
        case spoolBytes = "spool_bytes"
        case lastProblem = "last_problem"
        case sourceProblems = "source_problems"
        case nameBudgets = "name_budgets"
        case refusals, ignored
    }

    init(
        intakeSwitch: IntakeSwitch, board: StatusStore, nameBudgets: [ControlMessages.NameBudget] = [],
        refusals: [RefusalBoard.Refusal]? = nil, ignored: [Ignored]? = nil, nowMilliseconds: Int64, provider: String,
        collector: String,
        version: String
    ) {
        self.refusals = refusals
        self.ignored = ignored
        self.nameBudgets = nameBudgets
        let closed = intakeSwitch.closedFor
        let backlog = board.currentBacklog
        let shipping = board.currentShipping
        func age(_ moment: Int64?) -> Int64? { moment.map { max(0, nowMilliseconds - $0) / 1_000 } }
        ready = closed.isEmpty
        reasons = closed.map(\.rawValue)
        oldestUnshippedAgeSeconds = age(backlog.oldestSealedAt)
        lastSuccessAgeSeconds = age(shipping.lastSuccessAt)
        backlogBatches = backlog.batches
        backlogBytes = backlog.bytes
        spoolBytes = backlog.spoolBytes
        connected = shipping.isConnected
        epoch = shipping.epoch
        fenced = shipping.isFenced
        lastProblem = shipping.lastProblem
        sourceProblems = board.currentSourceProblems.map {
            Problem(source: $0.source, reason: $0.reason.rawValue, detail: $0.detail)
        }
        self.provider = provider
        self.collector = collector
        self.version = version
    }

    var json: JSONValue {
        var members = [
            member(.ready, .bool(ready)), member(.reasons, .array(reasons.map { .string($0) })),
        ]
        if let age = oldestUnshippedAgeSeconds { members.append(member(.oldestUnshippedAgeSeconds, .integer(age))) }
        if let age = lastSuccessAgeSeconds { members.append(member(.lastSuccessAgeSeconds, .integer(age))) }
        members += [
            member(.backlogBatches, .integer(Int64(backlogBatches))),
            member(.backlogBytes, .integer(Int64(backlogBytes))),
            member(.spoolBytes, .integer(Int64(clamping: spoolBytes))), member(.connected, .bool(connected)),
            member(.epoch, .integer(Int64(clamping: epoch))), member(.fenced, .bool(fenced)),
            member(.lastProblem, .string(lastProblem)),
            member(
                .sourceProblems,
                .array(
                    sourceProblems.map { problem in
                        .object([
                            JSONMember("source", .string(problem.source)),
                            JSONMember("reason", .string(problem.reason)),
                            JSONMember("detail", .string(problem.detail)),
                        ])
                    })),
            member(
                .nameBudgets,
                .array(
                    (nameBudgets ?? []).map { budget in
                        .object([
                            JSONMember("dimension", .string(budget.dimension)), JSONMember("of", .string(budget.of)),
                            JSONMember("used", .integer(Int64(clamping: budget.used))),
                            JSONMember("budget", .integer(Int64(clamping: budget.budget))),
                            JSONMember("over_limit", .integer(Int64(clamping: budget.overLimit))),
                        ])
                    })), member(.provider, .string(provider)),
            member(.collector, .string(collector)), member(.version, .string(version)),
        ]
        if let refusals { members.append(member(.refusals, .array(refusals.map(\.json)))) }
        if let ignored {
            members.append(
                member(
                    .ignored,
                    .array(
                        ignored.map { record in
                            .object([
                                JSONMember("source", .string(record.source)),
                                JSONMember("reason", .string(record.reason)),
                                JSONMember("records", .integer(Int64(clamping: record.records))),
                            ])
                        })))
        }
        return .object(members)
    }

    private func member(_ key: CodingKeys, _ value: JSONValue) -> JSONMember { JSONMember(key.stringValue, value) }
}

extension RefusalBoard.Refusal {
    fileprivate var json: JSONValue {
        [
            "time": .string(time), "source": .string(source), "reason": .string(reason), "field": .string(field),
            "detail": .string(detail), "place": .string(place), "excerpt": .string(excerpt),
        ]
    }
}
