internal import BatchFormat
internal import Foundation
internal import TestHarness
internal import TestSupport

/// F19 to F21: whole requests come again, together, out of order, late, or with other bytes.
struct ReplayScenario: Scenario {
    let name = "replay"
    let abstract =
        "a batch sent many times at once to two aggregators, gaps, forks, old batches again (F12, F19 to F21)"
    let defaultRounds = 200

    /// Requests that are on their way at once.
    private static let width = 32
    private static let batches = 5

    func run(_ run: ScenarioRun) async throws -> String {
        try await World.with(run) { world in
            let one = try await world.installation.startAggregator("aggregator-1")
            let two = try await world.installation.startAggregator("aggregator-2")
            let certificate = try world.installation.authority.collector(provider: World.provider, name: "edge-1")
            let clients = try [one, two].map {
                try IngestClient(
                    $0, authorityFile: world.installation.files.authorityFile, certificate: certificate,
                    provider: World.provider)
            }
            let epoch = try await clients[0].openEpoch()
            let batches = try (1...Self.batches).map {
                try clients[0].seal(spoolSequence: UInt64($0), tenants: ["t-1", "t-2"], input: UInt64(100 * $0))
            }
            try await gap(batches[1], clients, epoch)
            for (sequence, batch) in batches.enumerated() {
                try await flood(batch, clients, epoch: epoch, sequence: Int64(sequence), copies: run.rounds)
            }
            try await fork(clients, epoch)
            let later = try await clients[1].openEpoch()
            for (sequence, batch) in batches.enumerated() {
                try await flood(batch, clients, epoch: later, sequence: Int64(sequence), copies: 2, isNew: false)
            }
            for client in clients { try await client.shutdown() }
            try await world.waitUntilRolledUp()
            try await check(world)
            return "\(Self.batches) batches, each \(run.rounds) times at once: counted \(Self.batches), once each; "
                + "gap and fork refused, the fork kept; all of them again in a later epoch: duplicates"
        }
    }

    private func gap(_ batch: SealedBatch, _ clients: [IngestClient], _ epoch: Int64) async throws {
        let answer = try await clients[0].post(batch, epoch: epoch, sequence: 1)
        guard answer.status == 409, answer.problemCode == "gap" else {
            throw BrokenInvariant("a batch without the one before it is refused", "\(answer.status) \(answer.text)")
        }
    }

    private func fork(_ clients: [IngestClient], _ epoch: Int64) async throws {
        let other = try clients[1].seal(spoolSequence: 1, tenants: ["t-1", "t-2"], input: 101)
        let answer = try await clients[1].post(other, epoch: epoch, sequence: 0)
        guard answer.status == 409, answer.problemCode == "fork" else {
            throw BrokenInvariant("other bytes under a counted key are a fork", "\(answer.status) \(answer.text)")
        }
    }

    /// All at once: exactly one is counted, or none where it was counted before.
    private func flood(
        _ batch: SealedBatch, _ clients: [IngestClient], epoch: Int64, sequence: Int64, copies: Int, isNew: Bool = true
    ) async throws {
        let results = try await withThrowingTaskGroup(of: String.self) { group in
            var results: [String: Int] = [:]
            for copy in 0..<copies {
                if copy >= Self.width, let result = try await group.next() { results[result, default: 0] += 1 }
                group.addTask { try await Self.send(batch, clients[copy % clients.count], epoch, sequence) }
            }
            for try await result in group { results[result, default: 0] += 1 }
            return results
        }
        let expected = isNew ? ["counted": 1, "duplicate": copies - 1] : ["duplicate": copies]
        guard results == expected.filter({ $0.value > 0 }) else {
            throw BrokenInvariant("of \(copies) copies at once \(expected)", "\(results)")
        }
    }

    /// Sends until it isn't told to come later.
    private static func send(
        _ batch: SealedBatch, _ client: IngestClient, _ epoch: Int64, _ sequence: Int64
    ) async throws -> String {
        while true {
            let answer = try await client.post(batch, epoch: epoch, sequence: sequence)
            if answer.status == 200 { return try answer.decoded(Receipt.self).result }
            guard answer.status == 429 || answer.status == 503 else {
                throw BrokenInvariant("a copy is counted or known", "\(answer.status) \(answer.text)")
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 5...50)))
        }
    }

    private func check(_ world: World) async throws {
        let batches = UInt64(Self.batches)
        let expected = Counts(2 * batches, 200 * batches * (batches + 1) / 2, 14 * batches)
        for (table, counts) in try await world.database.totalsOfEveryTable() where counts != expected {
            throw BrokenInvariant("every table holds each batch once", "\(table): \(counts), expected \(expected)")
        }
        let kept = try await world.database.number("SELECT count(*) FROM batch_quarantine WHERE reason = 'fork'")
        guard kept == 1 else { throw BrokenInvariant("the fork is kept", "\(kept) are") }
    }
}
