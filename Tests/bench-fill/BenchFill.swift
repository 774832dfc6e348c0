internal import ArgumentParser
internal import BatchFormat
internal import Logging
internal import Postgres
internal import Store
internal import UsageModel

/// `bench-fill`: half a year of usage of many tenants, for `deploy/bench-queries`, through the product's own commit,
/// rollup and merge, so that everything that questions read is there as it is in production.
@main
struct BenchFill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-fill",
        abstract: "Counts made-up usage: each tenant in three hours of thirteen, of another model each time.")

    @Option(help: "The libpq connection string of a migrated database whose tenants are there.")
    var database: String

    @Option(help: "Tenants; `deploy/bench-queries` has made them as tenant-0000001 and so on.")
    var tenants = 20_000

    @Option(help: "Days from 2025-01-01 (UTC) on.")
    var days = 181

    /// Providers by the rest of a tenant's number divided by four.
    static let providers = ["openrouter", "provider-1", "provider-2", "provider-3"]
    static let calendar = "Asia/Shanghai"
    static let decode: PayloadDecoder = { payload in try BatchDecoder().decode(payload).rows }

    func run() async throws {
        guard let zone = ZoneRules(identifier: Self.calendar), let first = CalendarDate("2025-01-01") else {
            throw ValidationError("the system doesn't know the zone \(Self.calendar)")
        }
        let logger = Logger(label: "bench-fill")
        let pool = ConnectionPool(ConnectionOptions(connectionString: database), logger: logger)
        let store = Store(pool: pool, calendar: zone, logger: logger)
        var ledgers: [FilledLedger] = []
        for (index, provider) in Self.providers.enumerated() {
            ledgers.append(
                try await FilledLedger(
                    store: store, provider: provider, tenants: (1...tenants).filter { $0 % 4 == index }))
        }
        for day in 0..<days {
            for index in ledgers.indices { try await ledgers[index].commit(day: day, from: first) }
            while case .rolledUp = try await store.rollUpNext(decode: Self.decode).status {}
            // As a live feed is merged: each hour once, a while after its end.
            try await merge(store, now: first.days + Int64(day) + 2)
        }
        try await merge(store, now: first.days + Int64(days) + 3)
        await store.close()
    }

    private func merge(_ store: Store, now day: Int64) async throws {
        let now = Timestamp(seconds: day * CivilTime.secondsPerDay)
        while try await store.mergeSegmentsNext(now: now, decode: Self.decode).didSomething {}
    }
}

/// One provider's batches, one for each day.
private struct FilledLedger {
    private let store: Store
    private let key: CollectorKey
    private let epoch: UInt64
    private let spoolID: SpoolID
    private let tenants: [Int]
    private var sequence: UInt64 = 0

    init(store: Store, provider: String, tenants: [Int]) async throws {
        self.store = store
        self.tenants = tenants
        let key = CollectorKey(provider: provider, collector: "bench")
        var generator = SystemRandomNumberGenerator()
        let spoolID = SpoolID(using: &generator)
        self.key = key
        self.spoolID = spoolID
        epoch = try await store.transaction(retry: .idempotent) {
            try $0.openEpoch(
                EpochRequest(spoolID: spoolID, softwareVersion: "0.0.0-benchmark", remembered: EpochPosition()),
                of: key,
                now: Timestamp(seconds: 1_735_689_600))
        }.epoch
    }

    mutating func commit(day: Int, from first: CalendarDate) async throws {
        let rows = rows(ofDay: day, from: first)
        let received = Timestamp(seconds: (first.days + Int64(day) + 1) * CivilTime.secondsPerDay)
        let header = BatchHeader(
            provider: key.provider, collector: key.collector, spoolID: spoolID, spoolSequence: sequence + 1,
            sealedAtMilliseconds: received.milliseconds, softwareVersion: "0.0.0-benchmark",
            eventCount: UInt64(rows.rows.count))
        let sealed = try BatchEncoder().seal(header, rows)
        let batch = BatchCommit(
            key: key, epoch: epoch, sequence: sequence, digest: sealed.digest.bytes, payload: sealed.bytes,
            spoolID: spoolID.bytes, spoolSequence: sequence + 1, sealedAt: received, softwareVersion: "0.0.0-benchmark",
            eventCount: UInt64(rows.rows.count), rowCount: rows.rows.count, totals: rows.totals, rejections: [:],
            minutes: rows.minutes, receivedAt: received)
        let outcome = try await store.commitBatch(batch, rows: rows).outcome
        precondition(outcome == .counted, "a batch of \(key) was \(outcome)")
        sequence += 1
    }

    /// The hours of a day in which each tenant has usage.
    private func rows(ofDay day: Int, from first: CalendarDate) -> UsageRows {
        let models = (1...40).map { "model-" + padded($0, 2) }
        let regions = ["cn-beijing", "us-1"]
        var rows: [UsageRow] = []
        for (place, tenant) in tenants.enumerated() {
            let hours = (day * 24..<day * 24 + 24).filter { (tenant + $0) % 13 < 3 }
            let heavy = UInt64(1 + 100_000 / tenant)
            for (model, hour) in hours.map({ ((tenant * 7 + $0) % 40, $0) }).sorted(by: <) {
                rows.append(
                    UsageRow(
                        minute: first.days * 1_440 + Int64(hour) * 60, tenant: UInt32(place), model: UInt32(model),
                        region: UInt32(tenant / 4 % 2), layer: tenant % 8 == 3 ? .paas : .maas,
                        workload: tenant % 5 == 1 ? .batch : .online, modality: model > 35 ? .image : .text,
                        counts: TokenCounts(
                            requests: 100, input: 1_000 * heavy, cachedInput: 200, output: 500 * heavy,
                            reasoningOutput: 100)))
            }
        }
        return Self.canonical(tenants.map { "tenant-" + padded($0, 7) }, models, regions, rows)
    }

    /// Without the names that no row has.
    private static func canonical(
        _ tenants: [String], _ models: [String], _ regions: [String], _ rows: [UsageRow]
    ) -> UsageRows {
        func used(_ names: [String], _ part: KeyPath<UsageRow, UInt32>) -> (names: [String], places: [UInt32]) {
            var isUsed = [Bool](repeating: false, count: names.count)
            for row in rows { isUsed[Int(row[keyPath: part])] = true }
            var kept: [String] = []
            let places = zip(names, isUsed).map { name, isUsed in
                defer { if isUsed { kept.append(name) } }
                return UInt32(kept.count)
            }
            return (kept, places)
        }
        let (tenants, models, regions) = (used(tenants, \.tenant), used(models, \.model), used(regions, \.region))
        return UsageRows(
            tenants: tenants.names, models: models.names, regions: regions.names,
            rows: rows.map { row in
                var row = row
                row.tenant = tenants.places[Int(row.tenant)]
                row.model = models.places[Int(row.model)]
                row.region = regions.places[Int(row.region)]
                return row
            })
    }
}

/// A number with zeros before it, so that names are in its order.
private func padded(_ number: Int, _ digits: Int) -> String {
    let text = "\(number)"
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
