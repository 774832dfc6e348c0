internal import Foundation
internal import Glibc
internal import Synchronization
internal import TestHarness
internal import TestSupport

/// F38: connections that say nothing, or one byte now and then, and that come back when they are cut, beside good
/// connections that are new.
struct SlowScenario: Scenario {
    let name = "slow"
    let abstract = "N silent connections that come back beside new good ones (F38; 3,000 by hand)"
    let defaultRounds = 600

    /// New connections whose times make a percentile.
    private static let samples = 200
    /// The silent ones are to be gone after this, once they don't come back.
    private static let eviction = Duration.seconds(30)
    /// How much slower good connections may be in the worst hundredth.
    private static let maxRatio = 2.0
    /// What the machine's other work may cost a connection, in milliseconds: less than this is no difference.
    private static let noise: Int64 = 100

    func run(_ run: ScenarioRun) async throws -> String {
        try Self.raiseLimit(to: UInt(run.rounds + 1_000))
        return try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator()
            let certificate = try world.installation.authority.collector(provider: World.provider, name: "edge-1")
            var good = GoodConnections(
                aggregator: aggregator, authorityFile: world.installation.files.authorityFile, certificate: certificate)
            // The first ones also warm everything up that a first connection waits for.
            _ = try await good.times(count: Self.samples / 4)
            let alone = try await good.times(count: Self.samples)
            let port = UInt16(aggregator.addresses.ingest.split(separator: ":").last ?? "") ?? 0
            let silent = SilentConnections(count: run.rounds, port: port)
            silent.begin()
            try await eventually("the silent connections have been cut") { silent.returns > 0 }
            let among = try await good.times(count: Self.samples)
            let returns = silent.returns
            let clock = ContinuousClock()
            let opened = clock.now
            silent.stayAway()
            try await eventually("every silent connection is closed", within: .seconds(120)) { silent.open == 0 }
            let evicted = clock.now - opened
            guard evicted <= Self.eviction else {
                throw BrokenInvariant("all are evicted within \(Self.eviction)", "it took \(evicted.inSeconds)")
            }
            let ratio = Double(among.p99) / Double(max(alone.p99, Self.noise))
            let figures =
                "new good connections' p99 \(alone.p99) ms alone, \(among.p99) ms among \(run.rounds) silent ones that "
                + "came back \(returns) times: ratio \(String(format: "%.2f", ratio)) (of at least \(Self.noise) ms)"
            guard ratio <= Self.maxRatio else {
                throw BrokenInvariant("good connections are at most \(Self.maxRatio) times as slow", figures)
            }
            return "\(figures); all evicted within \(evicted.inSeconds)"
        }
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

/// Collectors that connect anew for each batch.
private struct GoodConnections {
    struct Times {
        var milliseconds: [Int64] = []
        var p99: Int64 { milliseconds.sorted()[milliseconds.count * 99 / 100] }
    }

    var aggregator: AggregatorProcess
    var authorityFile: String
    var certificate: (certificate: String, key: String)

    /// How long each of so many connections took, from its beginning to the answer to its request.
    mutating func times(count: Int) async throws -> Times {
        var times = Times()
        let clock = ContinuousClock()
        for _ in 0..<count {
            let client = try IngestClient(
                aggregator, authorityFile: authorityFile, certificate: certificate, provider: World.provider)
            let began = clock.now
            let answer = try await client.postEpoch()
            times.milliseconds.append((clock.now - began).wholeMilliseconds)
            guard answer.status == 200 else {
                throw BrokenInvariant("good connections are served", "\(answer.status) \(answer.text)")
            }
            try await client.shutdown()
        }
        return times
    }
}

/// Connections of strangers that never bring a request, and that are opened again a second after they were cut. A
/// thread of their own keeps them.
private final class SilentConnections: Sendable {
    /// Addresses that they come from: 127.0.1.0 and so on.
    private static let addresses = 64
    private static let firstAddress: UInt16 = 0x0100
    /// Connections that are looked at before the thread rests, and for how long it does, in microseconds: each is
    /// looked at, and comes back, within a second for 3,000.
    private static let step = 30
    private static let rest: UInt32 = 10_000
    /// How long a connection that was cut stays away.
    private static let absence = Duration.seconds(1)

    private struct State {
        var open = 0
        var returns = 0
        var staysAway = false
    }

    private let count: Int
    private let port: UInt16
    private let state = Mutex(State())

    init(count: Int, port: UInt16) {
        self.count = count
        self.port = port
    }

    var open: Int { state.withLock { $0.open } }
    var returns: Int { state.withLock { $0.returns } }

    /// Lets those that are cut stay away from now on.
    func stayAway() { state.withLock { $0.staysAway = true } }

    func begin() {
        Thread.detachNewThread { self.keep() }
    }

    private func keep() {
        let clock = ContinuousClock()
        var connections = (0..<count).map { connect($0) }
        var cutAt = [ContinuousClock.Instant](repeating: clock.now, count: count)
        while true {
            for index in connections.indices {
                if index % Self.step == 0 { usleep(Self.rest) }
                let staysAway = state.withLock { $0.staysAway }
                if let connection = connections[index] {
                    guard Sockets.isClosed(connection) else { continue }
                    close(connection)
                    connections[index] = nil
                    cutAt[index] = clock.now
                    state.withLock { $0.open -= 1 }
                }
                guard !staysAway, clock.now - cutAt[index] >= Self.absence else { continue }
                connections[index] = connect(index)
                state.withLock { $0.returns += 1 }
            }
            if state.withLock({ $0.staysAway && $0.open == 0 }) { return }
        }
    }

    private func connect(_ index: Int) -> Int32? {
        let host = Self.firstAddress + UInt16(index % Self.addresses)
        guard let connection = Sockets.connect(to: port, from: host) else { return nil }
        state.withLock { $0.open += 1 }
        // Every second one sends a byte that begins a handshake, and no more.
        if index.isMultiple(of: 2) { _ = Sockets.sendAll([0x16], to: connection) }
        return connection
    }
}
