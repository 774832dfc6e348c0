internal import BatchFormat
internal import Foundation
internal import Spool
internal import TestHarness
internal import TestSupport
internal import UsageModel

/// A day without an aggregator: how fast the backlog drains while traffic goes on.
struct BacklogScenario: Scenario {
    let name = "backlog"
    let abstract = "a backlog of N batches drains while live traffic goes on (8,640 are 24 h of one every 10 s)"
    let defaultRounds = 300

    /// Live batches: one every so often.
    private static let livePeriod = Duration.seconds(10)
    /// How much faster than live traffic a backlog must drain.
    private static let leastFactor = 10.0
    private static let rowsPerBatch = 100

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator()
            let collector = try world.collector("edge-1") { setup in
                setup.sources = ""
                setup.sealAge = "10s"
            }
            let waiting = try StuffedSpool.sealed(
                "\(collector.dataDirectory)/spool", batches: run.rounds, rows: Self.rowsPerBatch)
            try await collector.start(aggregatorURL: aggregator.ingestURL)
            let clock = ContinuousClock()
            let began = clock.now
            var drained = Duration.zero
            try await underLoad(world, [collector]) {
                try await eventually("the backlog is committed", within: .seconds(3_600)) {
                    try world.installation.checkProcesses()
                    return try await world.database.progress().batches >= UInt64(run.rounds)
                }
                drained = clock.now - began
            }
            try await world.waitUntilAcknowledgedIsCounted()
            try await collector.stop()
            try await world.waitUntilRolledUp()
            let held = try await world.database.byTenant(provider: World.provider)[StuffedSpool.tenant]
            guard held == waiting else {
                throw BrokenInvariant("the backlog is counted once", "\(held ?? Counts()), expected \(waiting)")
            }
            let live = 1 / Double(Self.livePeriod.components.seconds)
            let seconds = Double(max(1, drained.wholeMilliseconds)) / 1_000
            let factor = Double(run.rounds) / seconds / live
            guard factor >= Self.leastFactor else {
                throw BrokenInvariant("a backlog drains at 10 times the live rate", "\(factor) times")
            }
            return
                "\(run.rounds) batches drained in \(drained.inSeconds) while traffic went on: \(Int(factor)) times the "
                + "live rate; tokens lost 0, doubled 0"
        }
    }
}

/// How soon a collector with a large spool takes input again.
struct RestartScenario: Scenario {
    let name = "restart"
    let abstract = "a start with a backlog of N MiB, until the first push is accepted (1,024 by hand)"
    let defaultRounds = 64

    private static let pushPause = Duration.milliseconds(5)

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            let collector = try world.collector("edge-1") { $0.sources = "" }
            try StuffedSpool.filled("\(collector.dataDirectory)/spool", mebibytes: run.rounds)
            // Nobody listens there: this is about what a start costs.
            collector.setAggregatorURL("https://127.0.0.1:1")
            let clock = ContinuousClock()
            let began = clock.now
            let program = try collector.launch()
            try await collector.waitUntilListening(program)
            let load = Load(world: world, collector: collector)
            while try await load.push() != .acknowledged { try await Task.sleep(for: Self.pushPause) }
            let accepted = clock.now - began
            try await collector.killHard()
            return "\(run.rounds) MiB of backlog: the first push was accepted after \(accepted.inSeconds) "
                + "(\(accepted.wholeMilliseconds) ms)"
        }
    }
}

/// Spools made by hand, through the collector's own library.
private enum StuffedSpool {
    /// The tenant of all that waits; no group's.
    static let tenant = "backlog"
    private static let batchBytes = 1 << 20
    private static let version = "0.0.0-torture"

    /// Batches as a collector seals them; returns what they come to.
    static func sealed(_ directory: String, batches: Int, rows: Int) throws -> Counts {
        let spool = try open(directory)
        var total = Counts()
        for spoolSequence in 1...UInt64(batches) {
            let content = UsageRows(
                tenants: [tenant], models: ["m-0"], regions: ["unknown"],
                rows: (0..<rows).map { row in
                    UsageRow(
                        minute: 29_145_600 + Int64(row), tenant: 0, model: 0, region: 0, layer: .maas,
                        workload: .online, modality: .text,
                        counts: TokenCounts(requests: 1, input: spoolSequence, output: UInt64(row)))
                })
            for row in 0..<rows { total += Counts(1, spoolSequence, UInt64(row)) }
            let header = BatchHeader(
                provider: World.provider, collector: "edge-1", spoolID: spool.spoolID, spoolSequence: spoolSequence,
                sealedAtMilliseconds: Int64(Date().timeIntervalSince1970 * 1_000), softwareVersion: version,
                eventCount: UInt64(rows))
            let batch = try BatchEncoder().seal(header, content)
            try spool.appendBatch(
                spoolSequence: spoolSequence, digest: batch.digest, sealed: batch.bytes, checkpoint: [],
                coversWriteAheadThrough: 0)
            if spoolSequence % 100 == 0 { try spool.sync() }
        }
        try spool.close()
        return total
    }

    /// Bytes that only look like batches, for starts that ship nothing.
    static func filled(_ directory: String, mebibytes: Int) throws {
        let spool = try open(directory)
        var random = SeededGenerator(seed: 1)
        var content = [UInt8](repeating: 0, count: batchBytes)
        for index in content.indices { content[index] = UInt8(truncatingIfNeeded: random.next()) }
        for spoolSequence in 1...UInt64(mebibytes) {
            unsafe withUnsafeBytes(of: spoolSequence.littleEndian) { unsafe content.replaceSubrange(0..<8, with: $0) }
            try spool.appendBatch(
                spoolSequence: spoolSequence, digest: BatchDigest(of: content), sealed: content, checkpoint: [],
                coversWriteAheadThrough: 0)
            try spool.sync()
        }
        try spool.close()
    }

    private static func open(_ directory: String) throws -> Spool {
        try Spool.open(directory: directory, settings: SpoolSettings(minFreeBytes: 0), clock: DriverClock()).spool
    }
}
