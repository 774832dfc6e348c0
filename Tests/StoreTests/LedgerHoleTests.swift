import Postgres
import Reporting
import Scopes
import TestSupport
import Testing
import UsageModel

@testable import Store

/// What somebody deletes from the ledger is missed.
@Suite struct LedgerHoleTests {
    private static let longAgo = Timestamp(seconds: 0)

    private static func holes(_ world: World, since: Timestamp = longAgo) async throws -> [String] {
        try await world.store.session { try $0.ledgerHoles(since: since) }.map(\.description)
    }

    /// Deletes all rows of batches of the first collector.
    private static func delete(_ world: World, sequences: [Int64]) async throws {
        try await world.store.pool.withConnection { connection in
            for table in ["ledger", "ledger_payload", "ledger_digest", "ledger_position"] {
                try connection.query(
                    "DELETE FROM \(table) WHERE collector_id = 1 AND sequence = ANY($1)", [.int64Array(sequences)])
            }
        }
    }

    @Test func `deleted batches leave holes in sequences and positions`() async throws {
        try await World.with { world in
            try await world.load((0..<6).map { oneRow(minute("2025-06-15") + $0) })
            #expect(try await Self.holes(world) == [])
            try await Self.delete(world, sequences: [2, 3, 5])
            #expect(
                try await Self.holes(world) == [
                    "acme/edge-1: sequences 2–3 of epoch 1", "acme/edge-1: sequence 5 of epoch 1",
                    "ledger positions 3–4", "ledger position 6",
                ])
            // Holes before a time don't matter to what came after it; the last one has nothing after it.
            let later = Timestamp(seconds: World.june.seconds + 1)
            #expect(try await Self.holes(world, since: later) == ["ledger position 6"])
            try await Self.delete(world, sequences: [0, 1, 4])
            #expect(
                try await Self.holes(world) == ["acme/edge-1: sequences 0–5 of epoch 1", "ledger positions 1–6"])
        }
    }

    @Test func `a number that a repeated batch used up is no hole`() async throws {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-15"))])
            let payload: [UInt8] = try await world.store.session { session in
                try session.connection.query("SELECT payload FROM ledger_payload").one().decode(0)
            }
            let epoch = try await world.openEpoch(last: 1, next: 1).epoch
            var again = world.batch(oneRow(minute("2025-06-15")), epoch: epoch, sequence: 0)
            (again.payload, again.digest) = (payload, world.digest(payload))
            #expect(try await world.store.commitBatch(again).outcome == .duplicate)
            #expect(try await world.store.commitBatch(again).outcome == .duplicate)
            _ = try await world.store.commitBatch(world.batch(oneRow(minute("2025-06-16")), epoch: epoch, sequence: 1))
            try await world.rollUpAll()
            #expect(try await Self.holes(world) == [])
            // From before such numbers were noted: as many as were repeated are taken for theirs.
            let migration = try #require(try MigrationFiles.all().first { $0.name == "repeated_batches" })
            func migrate() async throws {
                try await world.store.pool.withConnection { connection in
                    try connection.execute("DROP TABLE repeated_batch")
                    try connection.execute(migration.sql)
                }
            }
            try await migrate()
            #expect(try await Self.holes(world) == [])
            try await Self.delete(world, sequences: [0])
            try await migrate()
            #expect(
                try await Self.holes(world) == ["acme/edge-1: sequence 0 of epoch 1", "ledger position 1"])
        }
    }

    @Test func `a month isn't closed over holes, nor are sums replaced`() async throws {
        try await World.with { world in
            var sender = try await Sender(world)
            try await sender.complete()
            try await sender.send(oneRow(minute("2025-06-15")))
            try await sender.send(oneRow(minute("2025-06-16")))
            try await world.rollUpAll()
            try await Self.delete(world, sequences: [1])
            let scope = Closing.scope(kinds: nil)
            let short = try await world.refusal { _ = try await world.reports.propose(Closing.proposal(scope)) }
            #expect(short?.shortcomings.map(\.code) == [.missingPositions, .missingBatches])
            #expect(short?.shortcomings.map(\.subject) == ["", "acme/edge-1"])

            let days = date("2025-06-01")..<date("2025-07-01")
            let compared = try await world.store.rebuild(days, decode: world.payloads.decode)
            #expect(compared.holes.count == 2 && !compared.isEqual && !compared.hasReplaced)
            let refused = await #expect(throws: StoreError.self) {
                _ = try await world.store.rebuild(
                    days, replacement: Replacement(by: World.someone, now: Closing.july),
                    decode: world.payloads.decode)
            }
            #expect(refused?.code == .ledgerHole && refused?.message.contains("sequence 1 of epoch 1") == true)
            let accepted = try await world.store.rebuild(
                days, replacement: Replacement(by: World.someone, now: Closing.july, acceptsHoles: true),
                decode: world.payloads.decode)
            #expect(accepted.hasReplaced)
            // What is gone keeps nothing else from segments.
            let later = Timestamp(seconds: Closing.july.seconds + 86_400)
            var merged = try await world.store.mergeSegmentsNext(now: later, decode: world.payloads.decode)
            while merged.didSomething {
                merged = try await world.store.mergeSegmentsNext(now: later, decode: world.payloads.decode)
            }
            #expect(merged.damaged.isEmpty)
            let waiting: Int = try await world.store.pool.withConnection {
                try $0.query("SELECT count(*) FROM segment_queue").one().decode(0)
            }
            #expect(waiting == 0)
        }
    }
}
