import Aggregator
import Batching
import Benchmark
import Embedded
import Foundation
import Logging
import Postgres
import Store
import Telemetry
import Usage

/// Into a real PostgreSQL of their own, with fsync on: commit, and fold.
func aggregatorBenchmarks() {
    Benchmark("6 commit a batch of 100k events", configuration: .init(maxIterations: 40)) { benchmark in
        let ledger = try await BenchmarkLedger.shared
        let submission = try await ledger.nextSubmission()
        benchmark.startMeasurement()
        _ = try await ledger.intake.submit(submission)
        benchmark.stopMeasurement()
        try await ledger.foldEverything()
    }

    Benchmark("7 fold 4 batches of 100k events", configuration: .init(maxIterations: 10)) { benchmark in
        let ledger = try await BenchmarkLedger.shared
        for _ in 0..<4 { _ = try await ledger.intake.submit(try await ledger.nextSubmission()) }
        benchmark.startMeasurement()
        try await ledger.foldEverything()
        benchmark.stopMeasurement()
    }
}

/// One database and one collector whose batches are committed in order.
actor BenchmarkLedger {
    static var shared: BenchmarkLedger {
        get async throws { try await starting.value }
    }

    private static let starting = Task { try await BenchmarkLedger() }

    let intake: BatchIntake
    private let store: Store
    private let epoch: UInt64
    private let rows: UsageRows
    private var sequence: UInt64 = 0

    private init() async throws {
        let folder = "/tmp/steelyard-bench-postgres-\(ProcessInfo.processInfo.processIdentifier)"
        let cluster = EmbeddedCluster(EmbeddedOptions(dataFolder: folder), logger: Logger(label: "bench"))
        try await cluster.start()
        let pool = ConnectionPool(
            ConnectionOptions(connectionString: try await cluster.database(named: "bench")),
            logger: Logger(label: "bench"))
        guard let zone = ZoneRules(identifier: "Asia/Shanghai") else { fatalError("no zone Asia/Shanghai") }
        store = Store(pool: pool, calendar: zone, logger: Logger(label: "bench"))
        _ = try await store.prepare()
        let grant = try await store.openEpoch(
            EpochRequest(
                key: CollectorKey(provider: Input.provider, collector: Input.collector),
                spoolID: Input.spoolID.bytes, softwareVersion: "0.0.0-benchmark", lastEpoch: 0, lastNextSequence: 0,
                now: Timestamp(milliseconds: SystemClock().nowMilliseconds())))
        epoch = grant.epoch
        intake = BatchIntake(
            store: store, clock: SystemClock(), decodePlaces: 2, folderNudge: Nudge(), registry: MetricsRegistry())
        rows = Input.sums().rows()
        BenchmarkCleanup.register(folder)
    }

    /// A batch that was never sent, sealed.
    func nextSubmission() throws -> BatchSubmission {
        let batch = Input.seal(rows, ordinal: sequence + 1)
        let identity = CollectorIdentity(
            trustDomain: "steelyard.local", provider: Input.provider, name: Input.collector)
        defer { sequence += 1 }
        return BatchSubmission(
            identity: identity, epoch: epoch, sequence: sequence, digest: batch.digest, payload: batch.bytes)
    }

    func foldEverything() async throws {
        while case .folded = try await store.foldNext(decode: { try BatchDecoder().decode($0).rows }).status {}
    }
}

/// Ends the benchmark's server when the process ends.
enum BenchmarkCleanup {
    nonisolated(unsafe) private static var folder = ""

    static func register(_ path: String) {
        folder = path
        atexit { BenchmarkCleanup.run() }
    }

    private static func run() {
        let file = "\(folder)/cluster/postmaster.pid"
        if let text = try? String(contentsOfFile: file, encoding: .utf8),
            let process = text.split(separator: "\n").first.flatMap({ Int32($0) }), process > 1
        {
            kill(process, SIGQUIT)
            for _ in 0..<500 where kill(process, 0) == 0 { usleep(10_000) }
        }
        try? FileManager.default.removeItem(atPath: folder)
    }
}
