import Crypto
import Logging
import Postgres
import Reporting
import Scopes
import Store
import Synchronization
import TestSupport
import UsageModel

/// A prepared store on a database of the test's own.
struct World: Sendable {
    let store: Store
    let connectionString: String
    let payloads = Payloads()
    var reports: Reports<Store> { Reports(store) }

    static func with<Value: Sendable>(
        calendar: String = "Asia/Shanghai", connections: Int = 6, _ body: (World) async throws -> Value
    ) async throws -> Value {
        try await TestDatabase.withDatabase(like: .prepared(calendar: try zone(calendar))) { database in
            let world = try World(
                connectionString: database.connectionString, calendar: calendar, connections: connections)
            do {
                try await world.store.prepare()
                let value = try await body(world)
                await world.store.close()
                return value
            } catch {
                await world.store.close()
                throw error
            }
        }
    }

    init(connectionString: String, calendar: String = "Asia/Shanghai", connections: Int = 6) throws {
        let zone = try Self.zone(calendar)
        let pool = ConnectionPool(
            ConnectionOptions(connectionString: connectionString),
            pool: PoolOptions(maxConnections: connections, waitTimeout: .seconds(60)),
            logger: Logger(label: "tests"))
        self.connectionString = connectionString
        let readers = ConnectionPool(
            .questions(connectionString: TestDatabase.reader(connectionString)),
            pool: PoolOptions(maxConnections: connections, waitTimeout: .seconds(60)), logger: Logger(label: "tests"))
        store = Store(
            pool: pool, questions: .reader(readers), calendar: zone, decode: payloads.decode,
            logger: Logger(label: "tests"))
    }

    private static func zone(_ identifier: String) throws -> ZoneRules {
        struct NoZone: Error {}
        guard let zone = ZoneRules(identifier: identifier) else { throw NoZone() }
        return zone
    }

    /// The spool of every collector here: 16 bytes of 7.
    static let spoolID: SpoolID = {
        guard let id = SpoolID(bytes: [UInt8](repeating: 7, count: 16)) else { preconditionFailure("no spool id") }
        return id
    }()
    static let key = CollectorKey(provider: "acme", collector: "edge-1")
    /// 2025-06-15T00:00Z in milliseconds.
    static let june = Timestamp(seconds: 1_749_945_600)

    @discardableResult
    func openEpoch(_ key: CollectorKey = World.key, last: UInt64 = 0, next: UInt64 = 0) async throws -> EpochGrant {
        try await store.transaction(retry: .idempotent) {
            try $0.openEpoch(
                EpochRequest(
                    spoolID: World.spoolID, softwareVersion: "1.0",
                    remembered: EpochPosition(epoch: last, nextSequence: next)), of: key, now: World.june)
        }
    }

    /// A batch of rows, its payload registered for the decoder.
    func batch(
        _ rows: UsageRows, epoch: UInt64 = 1, sequence: UInt64, key: CollectorKey = World.key,
        at moment: Timestamp = World.june
    ) -> BatchCommit {
        let payload = payloads.register(rows)
        let minutes = rows.rows.map(\.minute)
        return BatchCommit(
            key: key, epoch: epoch, sequence: sequence, digest: digest(payload), payload: payload,
            spoolID: [UInt8](repeating: UInt8(truncatingIfNeeded: 6 + epoch), count: 16), spoolSequence: sequence + 1,
            sealedAt: moment, softwareVersion: "1.0",
            eventCount: UInt64(rows.rows.count), rowCount: rows.rows.count, totals: rows.totals,
            rejections: [.syntax: 2], minutes: minutes.min().flatMap { low in minutes.max().map { low...$0 } },
            receivedAt: moment)
    }

    func digest(_ payload: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: payload)) }

    /// Opens an epoch, commits the rows as batches and rolls them up.
    func load(_ batches: [UsageRows], key: CollectorKey = World.key) async throws {
        let epoch = try await openEpoch(key).epoch
        for (index, rows) in batches.enumerated() {
            let outcome = try await store.commitBatch(batch(rows, epoch: epoch, sequence: UInt64(index), key: key))
                .outcome
            guard outcome == .counted else { throw Unexpected(what: "\(outcome)") }
        }
        try await rollUpAll()
    }

    @discardableResult
    func rollUpAll(
        _ limits: RollupLimits = RollupLimits(), lane: RollupLane = .every
    ) async throws -> [RollupReport] {
        var reports: [RollupReport] = []
        while true {
            let report = try await store.rollUpNext(limits, lane: lane, decode: payloads.decode)
            if report.status == .idle { return reports }
            reports.append(report)
        }
    }

    /// Merges everything that waits into segments, long after every hour of the tests, and writes all days.
    func mergeAll() async throws {
        let later = Timestamp(seconds: World.june.seconds + 400 * 86_400)
        while try await store.mergeSegmentsNext(now: later, decode: payloads.decode).didSomething {}
    }

    /// What a scope says of a period.
    func table(
        _ scope: Scope, _ period: Period, knownAt: Timestamp? = nil, visibility: Visibility = .everything
    ) async throws -> ShareTable {
        try await reports.answers(
            to: [ScopeQuestion(scope: scope, period: period)], knownAt: knownAt, visibility: visibility
        ).tables[0]
    }

    /// Who works on the server's command line here.
    static let someone = ServerOperator(command: "steelyard-aggregator test", osUser: "ops")

    struct Unexpected: Error {
        var what: String
    }
}

/// Payloads by number: what a test's decoder gives back for the bytes that it registered.
final class Payloads: Sendable {
    struct Undecodable: Error {}

    private let known = Mutex<[[UInt8]: UsageRows]>([:])
    /// What batches were made of, by the SHA-256 of their payloads, whatever became of these.
    private let made = Mutex<[[UInt8]: UsageRows]>([:])

    func register(_ rows: UsageRows) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let payload = (0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) }
        known.withLock { $0[payload] = rows }
        made.withLock { $0[Array(SHA256.hash(data: payload))] = rows }
        return payload
    }

    func rows(ofDigest digest: [UInt8]) -> UsageRows? { made.withLock { $0[digest] } }

    func remember(_ payload: [UInt8], as rows: UsageRows) {
        known.withLock { $0[payload] = rows }
    }

    func forget(_ payload: [UInt8]) {
        known.withLock { $0[payload] = nil }
    }

    var decode: PayloadDecoder {
        { payload in
            guard let rows = self.known.withLock({ $0[payload] }) else { throw Undecodable() }
            return rows
        }
    }
}

/// Rows in canonical form from plain tuples.
func usageRows(
    _ list: [(minute: Int64, tenant: String, model: String, counts: TokenCounts)], region: String = "cn-beijing",
    layer: Layer = .maas, modality: Modality = .text
) -> UsageRows {
    let tenants = Set(list.map(\.tenant)).sorted()
    let models = Set(list.map(\.model)).sorted()
    let rows = list.map { item in
        UsageRow(
            minute: item.minute, tenant: UInt32(tenants.firstIndex(of: item.tenant) ?? 0),
            model: UInt32(models.firstIndex(of: item.model) ?? 0), region: 0, layer: layer, workload: .online,
            modality: modality, counts: item.counts)
    }
    return UsageRows(tenants: tenants, models: models, regions: [region], rows: rows)
}

/// One row of one tenant.
func oneRow(_ minute: Int64, _ tenant: String = "t1", model: String = "m1", input: UInt64 = 10, output: UInt64 = 5)
    -> UsageRows
{
    usageRows([
        (
            minute: minute, tenant: tenant, model: model,
            counts: TokenCounts(requests: 1, input: input, cachedInput: 1, output: output, reasoningOutput: 1)
        )
    ])
}

func minute(_ text: String, hour: Int64 = 0, minute: Int64 = 0) -> Int64 {
    (CalendarDate(text)?.days ?? 0) * 1_440 + hour * 60 + minute
}

func date(_ text: String) -> CalendarDate {
    CalendarDate(text) ?? CalendarDate(days: 0)
}

extension Store {
    /// All usage of a span of UTC days, ungrouped.
    func total(_ from: String, _ to: String, zone: ZoneRules = .utc) async throws -> SignedTokenCounts {
        let query = UsageQuery(
            from: date(from).days * 86_400, to: date(to).days * 86_400, zone: zone, visibility: .everything)
        let answer = try await snapshot { try $0.usage(query) }
        return answer.rows.first?.counts ?? SignedTokenCounts()
    }
}

extension CommittedBatch {
    func isAcknowledged(_ expected: BatchOutcome, next: UInt64) -> Bool {
        outcome == expected && receipt?.nextSequence == next
    }
}
