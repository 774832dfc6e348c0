internal import Foundation
internal import Glibc
internal import TestHarness
internal import TestSupport

/// F38: connections that say nothing, or one byte now and then, beside good traffic.
struct SlowScenario: Scenario {
    let name = "slow"
    let abstract = "N idle or slow connections to the aggregator beside good traffic (F38; 5,000 by hand)"
    let defaultRounds = 200

    /// Requests whose times make a percentile.
    private static let samples = 200
    /// All of them are to be gone after this.
    private static let eviction = Duration.seconds(30)

    func run(_ run: ScenarioRun) async throws -> String {
        try Self.raiseLimit(to: UInt(run.rounds + 1_000))
        return try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator()
            let client = try IngestClient(
                aggregator, authorityFile: world.installation.files.authorityFile,
                certificate: try world.installation.authority.collector(provider: World.provider, name: "edge-1"),
                provider: World.provider)
            let epoch = try await client.openEpoch()
            var sequence: Int64 = 0
            let alone = try await Self.times(client, epoch, &sequence)
            let port = UInt16(aggregator.addresses.ingest.split(separator: ":").last ?? "") ?? 0
            let clock = ContinuousClock()
            let opened = clock.now
            var connections = (0..<run.rounds).compactMap { _ in Sockets.connect(to: port) }
            defer { for connection in connections { close(connection) } }
            // Every second one sends a byte that begins a handshake, and no more.
            for connection in connections.enumerated() where connection.offset % 2 == 0 {
                _ = Sockets.sendAll([0x16], to: connection.element)
            }
            let among = try await Self.times(client, epoch, &sequence)
            try await eventually("every slow connection is closed", within: .seconds(120)) {
                connections.removeAll { connection in
                    let isClosed = Sockets.isClosed(connection)
                    if isClosed { close(connection) }
                    return isClosed
                }
                return connections.isEmpty
            }
            let evicted = clock.now - opened
            guard evicted <= Self.eviction else {
                throw BrokenInvariant("all are evicted within \(Self.eviction)", "it took \(evicted.inSeconds)")
            }
            try await client.shutdown()
            return "\(run.rounds) connections, all evicted within \(evicted.inSeconds); good batches' p99 "
                + "\(alone.p99) ms alone, \(among.p99) ms among them"
        }
    }

    private struct Times {
        var milliseconds: [Int64]
        var p99: Int64 { milliseconds.sorted()[milliseconds.count * 99 / 100] }
    }

    private static func times(_ client: IngestClient, _ epoch: Int64, _ sequence: inout Int64) async throws -> Times {
        var times: [Int64] = []
        let clock = ContinuousClock()
        for _ in 0..<samples {
            let batch = try client.seal(spoolSequence: UInt64(sequence + 1), tenants: ["t-1"], input: 1)
            let began = clock.now
            let answer = try await client.post(batch, epoch: epoch, sequence: sequence)
            guard answer.status == 200 else {
                throw BrokenInvariant("good traffic goes on", "\(answer.status) \(answer.text)")
            }
            times.append((clock.now - began).wholeMilliseconds)
            sequence += 1
        }
        return Times(milliseconds: times)
    }

    /// Descriptors for so many connections, here and in the children.
    private static func raiseLimit(to needed: UInt) throws {
        var limit = rlimit()
        let files = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        guard unsafe getrlimit(files, &limit) == 0 else { throw Sockets.Failed(call: "getrlimit") }
        if limit.rlim_cur >= needed { return }
        limit.rlim_cur = needed
        limit.rlim_max = max(limit.rlim_max, needed)
        guard unsafe setrlimit(files, &limit) == 0 else {
            throw Skipped(reason: "\(needed) descriptors are needed (ulimit -n) and not allowed")
        }
    }
}
