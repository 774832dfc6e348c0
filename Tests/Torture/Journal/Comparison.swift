internal import BatchFormat
internal import TestHarness

/// The journal against the database, to the token.
struct Comparison: CustomStringConvertible {
    private(set) var acknowledged = 0
    private(set) var refused = 0
    private(set) var unknown = 0
    /// Groups of unknown outcome that turned out to be counted, once.
    private(set) var unknownCounted = 0
    private(set) var events: UInt64 = 0
    private(set) var tokens: UInt64 = 0

    var description: String {
        "\(acknowledged) groups acknowledged, \(refused) refused, \(unknown) of unknown outcome (\(unknownCounted) of them "
            + "counted, once); \(events) events; tokens lost 0, doubled 0 of \(tokens)"
    }

    /// Compares everything: group by group by their markers, then every key of all sums.
    ///
    /// - Throws: ``BrokenInvariant`` with what is lost, doubled or otherwise wrong.
    static func check(_ journal: Journal, _ database: Database) async throws -> Comparison {
        var comparison = Comparison()
        let groups = try journal.read()
        let markers = try await database.byTenant(provider: World.provider)
        var expected = Expectation()
        var wrong: [String] = []
        for (group, outcome) in groups {
            let marker = EventGroup.marker(group.id)
            let whole = Counts(1, group.events[0].input, group.events[0].output)
            let found = markers[marker]
            let isCounted = found != nil
            if let found, found != whole {
                wrong.append("group \(group.id) was counted as \(found) instead of \(whole)")
            }
            switch outcome {
            case .acknowledged:
                comparison.acknowledged += 1
                if !isCounted { wrong.append("group \(group.id) was acknowledged and is not counted") }
            case .refused:
                comparison.refused += 1
                if isCounted { wrong.append("group \(group.id) was refused and is counted") }
            case .unknown:
                comparison.unknown += 1
                comparison.unknownCounted += isCounted ? 1 : 0
            }
            if outcome == .acknowledged || (outcome == .unknown && isCounted) { expected.add(group) }
        }
        guard wrong.isEmpty else {
            let more = wrong.count > 8 ? "\n… and \(wrong.count - 8) more" : ""
            throw BrokenInvariant(
                "each group is counted as its sender was told", wrong.prefix(8).joined(separator: "\n") + more)
        }
        try await expected.check(database)
        comparison.events = expected.events
        comparison.tokens = expected.tokens
        return comparison
    }
}

/// What the database must hold.
private struct Expectation {
    private var byMinuteAndTenant: [String: Counts] = [:]
    private var byMinuteAndModel: [String: Counts] = [:]
    private var byHourAndKey: [String: Counts] = [:]
    private var total = Counts()

    var events: UInt64 { total.requests }
    var tokens: UInt64 { total.input + total.output }

    mutating func add(_ group: EventGroup) {
        for event in group.events {
            let counts = Counts(1, event.input, event.output)
            byMinuteAndTenant["\(event.clock) \(event.tenant)", default: Counts()] += counts
            byMinuteAndModel["\(event.clock) \(event.model)", default: Counts()] += counts
            byHourAndKey["\(event.clock.prefix(2)) \(event.tenant) \(event.model)", default: Counts()] += counts
            total += counts
        }
    }

    func check(_ database: Database) async throws {
        try Self.compare(try await database.byMinuteAndTenant(), byMinuteAndTenant, "minute and tenant")
        try Self.compare(try await database.byMinuteAndModel(), byMinuteAndModel, "minute and model")
        try Self.compare(try await database.byHourAndKey(), byHourAndKey, "hour, tenant and model")
        for (table, counts) in try await database.totalsOfEveryTable() where counts != total {
            throw BrokenInvariant("every table holds the same total", "\(table): \(counts), expected \(total)")
        }
        guard try await database.leavesHaveNoGap() else {
            throw BrokenInvariant("batches, leaves and the position agree", "they don't")
        }
        let twice = try await database.batchesCountedTwice()
        guard twice == 0 else { throw BrokenInvariant("no batch stands in the ledger twice", "\(twice) do") }
    }

    private static func compare(_ found: [String: Counts], _ expected: [String: Counts], _ what: String) throws {
        guard found != expected else { return }
        let keys = Set(found.keys).union(expected.keys)
        var (lost, doubled): (UInt64, UInt64) = (0, 0)
        for key in keys {
            let (has, wants) = ((found[key] ?? Counts()).tokens, (expected[key] ?? Counts()).tokens)
            if has < wants { lost += wants - has } else { doubled += has - wants }
        }
        throw BrokenInvariant(
            "sums by \(what) equal the journal's",
            "tokens lost \(lost), doubled \(doubled)\n\(differences(found, expected))")
    }
}

extension Counts {
    fileprivate var tokens: UInt64 { input + output }
}

extension Database {
    fileprivate func byMinuteAndTenant() async throws -> [String: Counts] {
        try await sum(.minuteByTenant) { "\($0.clock.suffix(5)) \($0.tenant)" }
    }

    fileprivate func byMinuteAndModel() async throws -> [String: Counts] {
        try await sum(.minuteByModel) { "\($0.clock.suffix(5)) \($0.model)" }
    }

    fileprivate func byHourAndKey() async throws -> [String: Counts] {
        try await sum(.hour) { "\($0.clock.suffix(5).prefix(2)) \($0.tenant) \($0.model)" }
    }

    fileprivate func batchesCountedTwice() async throws -> UInt64 {
        try await number(
            "SELECT count(*) FROM (SELECT FROM ledger GROUP BY collector_id, digest HAVING count(*) > 1) AS twice")
    }
}
