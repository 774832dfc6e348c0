import Aggregator
import BatchFormat
import Benchmark
import EmbeddedPostgres
import Foundation
import Logging
import Postgres
import Store
import Synchronization
import Telemetry
import UsageModel

/// Into a real PostgreSQL of their own, with fsync on: commit, and rollup.
func aggregatorBenchmarks() {
    Benchmark("6 commit a batch of 100k events", configuration: .init(maxIterations: 40)) { benchmark in
        let ledger = try await BenchmarkLedger.shared
        let submission = try await ledger.nextSubmission()
        benchmark.startMeasurement()
        _ = try await ledger.intake.submit(submission)
        benchmark.stopMeasurement()
        try await ledger.rollUpEverything()
    }

    Benchmark("7 rollup 4 batches of 100k events", configuration: .init(maxIterations: 10)) { benchmark in
        let ledger = try await BenchmarkLedger.shared
        for _ in 0..<4 { _ = try await ledger.intake.submit(try await ledger.nextSubmission()) }
        benchmark.startMeasurement()
        try await ledger.rollUpEverything()
        benchmark.stopMeasurement()
    }
}

/// One database and one collector whose batches are committed in order.
actor BenchmarkLedger {
    static var shared: BenchmarkLedger {
        get async throws { try await starting.value }
    }

    private static let starting = Task { try await BenchmarkLedger() }

    let intake: BatchIngest
    private let store: Store
    private let epoch: UInt64
    private let rows: UsageRows
    private var sequence: UInt64 = 0

    private init() async throws {
        let directory = "/tmp/steelyard-bench-postgres-\(ProcessInfo.processInfo.processIdentifier)"
        let cluster = EmbeddedCluster(EmbeddedOptions(dataDirectory: directory), logger: Logger(label: "bench"))
        try await cluster.start()
        let pool = ConnectionPool(
            ConnectionOptions(connectionString: try await cluster.database(named: "bench")),
            logger: Logger(label: "bench"))
        guard let zone = ZoneRules(identifier: "Asia/Shanghai") else { fatalError("no zone Asia/Shanghai") }
        store = Store(pool: pool, calendar: zone, logger: Logger(label: "bench"))
        _ = try await store.prepare()
        let grant = try await store.transaction(retry: .idempotent) {
            try $0.openEpoch(
                EpochRequest(
                    key: CollectorKey(provider: Input.provider, collector: Input.collector),
                    spoolID: Input.spoolID.bytes, softwareVersion: "0.0.0-benchmark", remembered: EpochPosition(),
                    now: Timestamp(milliseconds: SystemWallClock().nowMilliseconds())))
        }
        epoch = grant.epoch
        intake = BatchIngest(
            store: store, clock: SystemWallClock(), decodePlaces: 2, rollupSignal: WakeSignal(),
            registry: MetricsRegistry())
        rows = Input.sums().rows()
        BenchmarkCleanup.register(directory)
    }

    /// A batch that was never sent, sealed.
    func nextSubmission() throws -> BatchSubmission {
        let batch = Input.seal(rows, spoolSequence: sequence + 1)
        let identity = CollectorIdentity(
            trustDomain: "steelyard.local", provider: Input.provider, name: Input.collector)
        defer { sequence += 1 }
        return BatchSubmission(
            identity: identity, epoch: epoch, sequence: sequence, digest: batch.digest, payload: batch.bytes)
    }

    func rollUpEverything() async throws {
        while case .rolledUp = try await store.rollUpNext(decode: { try BatchDecoder().decode($0).rows }).status {}
    }
}

/// Ends the benchmark's server when the process ends.
enum BenchmarkCleanup {
    private static let directory = Mutex("")

    static func register(_ path: String) {
        directory.withLock { $0 = path }
        atexit { BenchmarkCleanup.run() }
    }

    private static func run() {
        let directory = directory.withLock { $0 }
        let file = "\(directory)/cluster/postmaster.pid"
        if let text = try? String(contentsOfFile: file, encoding: .utf8),
            let process = text.split(separator: "\n").first.flatMap({ Int32($0) }), process > 1
        {
            kill(process, SIGQUIT)
            for _ in 0..<500 where kill(process, 0) == 0 { usleep(10_000) }
        }
        try? FileManager.default.removeItem(atPath: directory)
    }
}
