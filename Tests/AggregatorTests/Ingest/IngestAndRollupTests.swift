import BatchFormat
import Logging
import Postgres
import Reporting
import ServiceLifecycle
import Store
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Aggregator

/// The whole inside of an aggregator on a real database, without HTTP.
struct Inside: Sendable {
    let store: Store
    let intake: BatchIngest
    let worker: RollupWorker
    let registry: MetricsRegistry
    let identity = CollectorIdentity(trustDomain: "t", provider: "volcengine", name: "edge-1")

    struct FixedClock: WallClock {
        func nowMilliseconds() -> Int64 { 1_751_414_400_000 }
    }

    static func with(_ body: @Sendable (Inside) async throws -> Void) async throws {
        guard let calendar = ZoneRules(identifier: "Asia/Shanghai") else { return }
        try await TestDatabase.withDatabase(like: .prepared(calendar: calendar)) { database in
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let pool = ConnectionPool(ConnectionOptions(connectionString: database.connectionString), logger: logger)
            let store = Store(pool: pool, calendar: calendar, logger: logger)
            try await store.prepare()
            let (registry, signals) = (MetricsRegistry(), RollupSignals())
            let inside = Inside(
                store: store,
                intake: BatchIngest(
                    store: store, clock: FixedClock(), maxConcurrentDecodes: 2, rollup: signals, registry: registry),
                worker: RollupWorker(
                    store: store, poll: .milliseconds(250), interval: .milliseconds(10), signals: signals,
                    registry: registry, logger: logger),
                registry: registry)
            try await body(inside)
            await pool.close()
        }
    }

    func openEpoch() async throws -> UInt64 {
        let spoolID = try #require(SpoolID(bytes: Array(repeating: 7, count: 16)))
        let request = EpochRequest(spoolID: spoolID, softwareVersion: "1.0", remembered: EpochPosition())
        return try await store.transaction(retry: .idempotent) {
            try $0.openEpoch(
                request, of: CollectorKey(identity), now: Timestamp(milliseconds: 1_751_414_400_000))
        }.epoch
    }

    func sealed(_ spoolSequence: UInt64, provider: String = "volcengine", collector: String = "edge-1") throws
        -> SealedBatch
    {
        guard let spool = SpoolID(bytes: Array(repeating: 7, count: 16)) else { throw BatchError(.badHeader, "spool") }
        let rows = UsageRows(
            tenants: ["acme"], models: ["doubao-pro"], regions: ["cn-beijing"],
            rows: [
                UsageRow(
                    minute: 29_166_000, tenant: 0, model: 0, region: 0, layer: .maas, workload: .online,
                    modality: .text, counts: TokenCounts(requests: 1, input: 100, output: 10))
            ])
        return try BatchEncoder().seal(
            BatchHeader(
                provider: provider, collector: collector, spoolID: spool, spoolSequence: spoolSequence,
                sealedAtMilliseconds: 1_751_000_000_000, softwareVersion: "1.0", eventCount: 1,
                rejections: [.syntax: 2]), rows)
    }

    func submit(_ batch: SealedBatch, epoch: UInt64, sequence: UInt64) async throws -> CommittedBatch {
        try await intake.submit(
            BatchSubmission(
                identity: identity, epoch: epoch, sequence: sequence, digest: batch.digest, payload: batch.bytes))
    }

    func total() async throws -> Int128 {
        let answer = try await store.snapshot {
            try $0.usage(
                UsageQuery(from: 1_704_067_200, to: 1_798_761_600, zone: store.calendar, visibility: .everything))
        }
        return answer.rows.reduce(0) { $0 + $1.counts.total }
    }
}

@Suite struct BatchIngestTests {
    @Test func `counts a batch and its events and refusals`() async throws {
        try await Inside.with { inside in
            let epoch = try await inside.openEpoch()
            let batch = try inside.sealed(1)
            let first = try await inside.submit(batch, epoch: epoch, sequence: 0)
            #expect(first.outcome == .counted)
            #expect(first.receipt?.nextSequence == 1 && first.receipt?.chain.count == 32)
            let again = try await inside.submit(batch, epoch: epoch, sequence: 0)
            #expect(again.outcome == .duplicate && again.receipt == first.receipt)
            let text = inside.registry.render()
            #expect(text.contains("steelyard_aggregator_batches_total{outcome=\"counted\"} 1\n"))
            #expect(text.contains("steelyard_aggregator_batches_total{outcome=\"duplicate\"} 1\n"))
            #expect(text.contains("steelyard_aggregator_events_total 1\n"))
            #expect(text.contains("steelyard_aggregator_source_rejections_total{reason=\"syntax\"} 2\n"))
        }
    }

    @Test func `refuses before it asks the database`() async throws {
        try await Inside.with { inside in
            let epoch = try await inside.openEpoch()
            let good = try inside.sealed(1)
            var damaged = good
            damaged.bytes[20] ^= 1
            await #expect(throws: BatchRefusal.digestMismatch) {
                _ = try await inside.submit(damaged, epoch: epoch, sequence: 0)
            }
            let garbled = SealedBatch(bytes: damaged.bytes, digest: BatchDigest(of: damaged.bytes))
            await #expect(throws: BatchRefusal.self) { _ = try await inside.submit(garbled, epoch: epoch, sequence: 0) }
            let foreign = try inside.sealed(1, provider: "aliyun")
            await #expect(throws: BatchRefusal.wrongProvider) {
                _ = try await inside.submit(foreign, epoch: epoch, sequence: 0)
            }
            let sibling = try inside.sealed(1, collector: "edge-2")
            await #expect(throws: BatchRefusal.wrongCollector) {
                _ = try await inside.submit(sibling, epoch: epoch, sequence: 0)
            }
            _ = try await inside.worker.rollUpOnce()
            #expect(try await inside.total() == 0)
        }
    }
}

@Suite struct RollupWorkerTests {
    @Test func `rolls up what is committed while it runs and stops when told`() async throws {
        try await Inside.with { inside in
            let epoch = try await inside.openEpoch()
            let group = ServiceGroup(
                configuration: .init(services: [.init(service: inside.worker)], logger: Logger(label: "test")))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                for sequence in 0..<20 {
                    let outcome = try await inside.submit(
                        inside.sealed(UInt64(sequence + 1)), epoch: epoch, sequence: UInt64(sequence)
                    ).outcome
                    guard outcome == .counted else {
                        Issue.record("\(outcome)")
                        continue
                    }
                }
                try await inside.store.waitForLatest(timeout: .seconds(120))
                #expect(try await inside.total() == 20 * 110)
                #expect(try await inside.store.session { try $0.position() } == 20)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    @Test func `several rollup jobs on one database count everything once`() async throws {
        try await Inside.with { inside in
            let epoch = try await inside.openEpoch()
            for sequence in 0..<30 {
                _ = try await inside.submit(
                    inside.sealed(UInt64(sequence + 1)), epoch: epoch, sequence: UInt64(sequence))
            }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<4 {
                    tasks.addTask {
                        while try await inside.store.session({ try $0.position() }) < 30 {
                            _ = try await inside.worker.rollUpOnce()
                        }
                    }
                }
                try await tasks.waitForAll()
            }
            #expect(try await inside.total() == 30 * 110)
        }
    }

    @Test func `a rebuild of what was rolled up changes nothing`() async throws {
        try await Inside.with { inside in
            let epoch = try await inside.openEpoch()
            for sequence in 0..<5 {
                _ = try await inside.submit(
                    inside.sealed(UInt64(sequence + 1)), epoch: epoch, sequence: UInt64(sequence))
            }
            while try await inside.worker.rollUpOnce().status == .rolledUp {}
            guard let from = CalendarDate("2025-06-01"), let to = CalendarDate("2025-07-01") else { return }
            let report = try await inside.store.rebuild(from..<to, decode: RollupWorker.decode)
            #expect(report.isEqual && report.batches == 5)
        }
    }
}

@Suite struct SegmentWorkerTests {
    @Test func `merges what is counted while it runs, says so in metrics, and stops when told`() async throws {
        try await Inside.with { inside in
            let epoch = try await inside.openEpoch()
            for sequence in 0..<5 {
                _ = try await inside.submit(
                    inside.sealed(UInt64(sequence + 1)), epoch: epoch, sequence: UInt64(sequence))
            }
            while try await inside.worker.rollUpOnce().status == .rolledUp {}
            let logger = Logger(label: "test")
            let waiting: @Sendable () async throws -> Int = {
                try await inside.store.pool.withConnection {
                    try $0.query(
                        """
                        SELECT (SELECT count(*) FROM segment_queue)
                             + (SELECT count(*) FROM segment_range WHERE NOT is_in_days)
                        """
                    ).one().decode(0)
                }
            }
            #expect(try await waiting() == 5)
            let worker = SegmentWorker(
                store: inside.store, clock: LaterClock(), registry: inside.registry, logger: logger)
            let group = ServiceGroup(configuration: .init(services: [.init(service: worker)], logger: logger))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                for _ in 0..<600 where try await waiting() > 0 { try await Task.sleep(for: .milliseconds(100)) }
                #expect(try await waiting() == 0)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            let metrics = inside.registry.render()
            #expect(metrics.contains("steelyard_aggregator_segment_batch_hours_total 5"))
            #expect(metrics.contains("steelyard_aggregator_segments_total 4"))
            #expect(metrics.contains("steelyard_aggregator_tenant_day_rows_total 1"))
            let report = try await inside.store.rebuild(
                CalendarDate(days: 20_254)..<CalendarDate(days: 20_255), decode: RollupWorker.decode)
            #expect(report.isEqual)
            #expect(report.tables.filter { $0.rows == 0 }.map(\.name) == ["cube_change"])
        }
    }

    /// An hour after the batches came.
    private struct LaterClock: WallClock {
        func nowMilliseconds() -> Int64 { 1_751_418_000_000 }
    }
}

@Suite struct HealthMonitorTests {
    @Test func `a collector is told of its own and its provider's scarce budgets of names`() async throws {
        try await Inside.with { inside in
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let epoch = try await inside.openEpoch()
            _ = try await inside.submit(inside.sealed(1), epoch: epoch, sequence: 0)
            while try await inside.worker.rollUpOnce().status == .rolledUp {}
            let day = Timestamp(milliseconds: Inside.FixedClock().nowMilliseconds()).seconds / 86_400
            let uses = try await inside.store.session { try $0.newNames(on: CalendarDate(days: day)) }
            let own = try #require(uses.first { $0.collector != nil })
            let key = CollectorKey(provider: own.provider, collector: own.collector ?? "")
            func told(_ limits: NewNameLimits, _ key: CollectorKey) async -> [ControlMessages.NameBudget] {
                let monitor = HealthMonitor(
                    store: inside.store, clock: Inside.FixedClock(), newNames: limits, registry: inside.registry,
                    logger: logger)
                await monitor.probe()
                return monitor.nameBudgets(of: key)
            }
            #expect(await told(NewNameLimits(), key) == [])
            let scarce = NewNameLimits(tenants: 1, collectorPercent: 100)
            let budgets = await told(scarce, key).filter { $0.dimension == "tenant" }
            #expect(budgets.map(\.of) == ["provider", "collector"])
            #expect(budgets.allSatisfy { $0.used == 1 && $0.budget == 1 && $0.isExceeded })
            let other = CollectorKey(provider: key.provider, collector: "elsewhere")
            #expect(await told(scarce, other).filter { $0.dimension == "tenant" }.map(\.of) == ["provider"])
            #expect(await told(scarce, CollectorKey(provider: "nobody", collector: "c")) == [])
        }
    }

    @Test func `is ready when the database fits, and says so when it does not`() async throws {
        try await Inside.with { inside in
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let monitor = HealthMonitor(
                store: inside.store, clock: Inside.FixedClock(), registry: inside.registry, logger: logger)
            #expect(monitor.health.state == .starting)
            await monitor.probe()
            #expect(monitor.health.state == .ready)
            let epoch = try await inside.openEpoch()
            _ = try await inside.submit(inside.sealed(1), epoch: epoch, sequence: 0)
            await monitor.probe()
            #expect(monitor.health.pendingBatches == 1)
            let elsewhere = Store(pool: inside.store.pool, calendar: .utc, logger: logger)
            let wrong = HealthMonitor(
                store: elsewhere, clock: Inside.FixedClock(), registry: inside.registry, logger: logger)
            await wrong.probe()
            #expect(wrong.health.state == .databaseUnsuitable)
            let nowhere = ConnectionPool(
                ConnectionOptions(connectionString: "host=/nonexistent dbname=x"), logger: logger)
            let lost = HealthMonitor(
                store: Store(pool: nowhere, calendar: inside.store.calendar, logger: logger),
                clock: Inside.FixedClock(), registry: inside.registry, logger: logger)
            await lost.probe()
            #expect(lost.health.state == .databaseUnreachable)
            await nowhere.close()
        }
    }
}
