internal import BatchFormat
internal import Foundation
internal import TestHarness
internal import TestSupport

/// F42: many collectors come back together, each with a backlog, to one aggregator.
struct StormScenario: Scenario {
    let name = "storm"
    let abstract = "N collectors return together with their backlogs (F42; 200 by hand)"
    let defaultRounds = 40

    /// Batches that each has waiting.
    private static let backlog = 10
    /// What the aggregator may need at its peak, in bytes, however many come.
    private static let maxResident = 1_536 << 20

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            let aggregator = try await world.installation.startAggregator()
            let clients = try (0..<run.rounds).map { index in
                let name = "edge-\(index)"
                return try IngestClient(
                    aggregator, authorityFile: world.installation.files.authorityFile,
                    certificate: try world.installation.authority.collector(provider: World.provider, name: name),
                    provider: World.provider, collector: name)
            }
            let clock = ContinuousClock()
            let began = clock.now
            let refusals = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in clients { group.addTask { try await Self.drain(client) } }
                return try await group.reduce(0, +)
            }
            let drained = clock.now - began
            for client in clients { try await client.shutdown() }
            try await world.waitUntilRolledUp()
            let batches = UInt64(run.rounds * Self.backlog)
            let expected = Counts(2 * batches, 2_000 * batches, 14 * batches)
            for (table, counts) in try await world.database.totalsOfEveryTable() where counts != expected {
                throw BrokenInvariant("every batch is counted once", "\(table): \(counts), expected \(expected)")
            }
            let resident = try aggregator.peakResidentBytes()
            guard resident <= Self.maxResident else {
                throw BrokenInvariant("memory stays within \(Self.maxResident >> 20) MiB", "\(resident >> 20) MiB")
            }
            return
                "\(run.rounds) collectors, \(batches) batches in \(drained.inSeconds); told to come later \(refusals) "
                + "times; the aggregator's peak \(resident >> 20) MiB; tokens lost 0, doubled 0"
        }
    }

    /// Sends the backlog in order, coming later when told to.
    ///
    /// - Returns: how often that was.
    private static func drain(_ client: IngestClient) async throws -> Int {
        var refusals = 0
        var epoch: Int64?
        while epoch == nil {
            let answer = try await client.postEpoch()
            if answer.status == 200 { epoch = try answer.decoded(Grant.self).epoch } else { refusals += 1 }
            if epoch == nil { try await later(answer) }
        }
        for sequence in 0..<backlog {
            let batch = try client.seal(spoolSequence: UInt64(sequence + 1), tenants: ["t-1", "t-2"], input: 1_000)
            while true {
                let answer = try await client.post(batch, epoch: epoch ?? 0, sequence: Int64(sequence))
                if answer.status == 200 { break }
                guard answer.status == 429 || answer.status == 503, answer.headers["retry-after"] != nil else {
                    throw BrokenInvariant("a storm is told to come later", "\(answer.status) \(answer.text)")
                }
                refusals += 1
                try await later(answer)
            }
        }
        return refusals
    }

    private struct Grant: Decodable { var epoch: Int64 }

    /// Full jitter below what the aggregator asked for.
    private static func later(_ answer: HTTPAnswer) async throws {
        let seconds = Int(answer.headers["retry-after"] ?? "1") ?? 1
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...max(1, seconds) * 1_000)))
    }
}

extension AggregatorProcess {
    /// The most memory that it has had, in bytes.
    func peakResidentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(program?.processIdentifier ?? 0)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) << 10
    }
}
