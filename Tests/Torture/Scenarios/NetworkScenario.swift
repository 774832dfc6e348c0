internal import Foundation
internal import Synchronization
internal import TestHarness
internal import TestSupport

/// F10 to F12: between collector and aggregator stands a network that cuts, drips, delays and loses.
struct NetworkScenario: Scenario {
    let name = "network"
    let abstract = "connections cut at any byte, answers lost after COMMIT, partitions, drip feed (F10 to F12)"
    let defaultRounds = 60

    /// Time between two changes of the weather, in milliseconds.
    private static let weather = 50...400

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator()
            let proxy = try TCPProxy(to: aggregator.addresses.ingest)
            let collector = try world.collector("edge-1") { setup in
                // A lost answer is to be given up soon.
                setup.timeout = "1s"
            }
            try await collector.start(aggregatorURL: "https://127.0.0.1:\(proxy.port)")
            let fates = Fates(run.random(3))
            proxy.decide { fates.next() }
            var partitions = 0
            var random = run.random(2)
            try await underLoad(world, [collector]) {
                for round in 0..<run.rounds {
                    try await Task.sleep(for: .milliseconds(Int.random(in: Self.weather, using: &random)))
                    try world.installation.checkProcesses()
                    // Whatever goes on is cut as well; every third time the network stays away for a while.
                    proxy.partition()
                    partitions += 1
                    if round % 3 == 0 {
                        try await Task.sleep(for: .milliseconds(Int.random(in: Self.weather, using: &random)))
                    }
                    proxy.mend()
                }
            }
            proxy.decide { .sound }
            let comparison = try await world.settle([collector])
            proxy.close()
            let duplicates = try await world.database.number("SELECT sum(duplicates) FROM collector_epoch")
            return
                "\(proxy.connections) connections, \(proxy.cuts) cut at a byte or after COMMIT, \(partitions) partitions; "
                + "\(duplicates) batches came again and were known; \(comparison)"
        }
    }
}

/// Draws what becomes of each connection. Cuts fall anywhere in the handshake, in requests and in answers.
private final class Fates: Sendable {
    /// A handshake with client certificates takes some 4 KiB each way; these go well into what follows it.
    private static let requestBytes = 1...60_000
    private static let answerBytes = 1...12_000
    private static let dripDelay: UInt32 = 300

    private let random: Mutex<SeededGenerator>

    init(_ random: SeededGenerator) {
        self.random = Mutex(random)
    }

    func next() -> TCPProxy.Fate {
        random.withLock { random in
            var fate = TCPProxy.Fate.sound
            switch Int.random(in: 0..<10, using: &random) {
            case 0...1: fate.cutAfterRequest = Int.random(in: Self.requestBytes, using: &random)
            case 2...3: fate.cutAfterAnswer = Int.random(in: Self.answerBytes, using: &random)
            case 4...5: fate.loseAnswersAfter = Int.random(in: Self.answerBytes, using: &random)
            case 6:
                fate.portion = Int.random(in: 1...16, using: &random)
                fate.delay = Self.dripDelay
            default: break
            }
            return fate
        }
    }
}
