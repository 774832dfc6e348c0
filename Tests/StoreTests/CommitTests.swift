import Postgres
import Reporting
import Store
import TestSupport
import Testing
import UsageModel

@Suite struct CommitTests {
    @Test func `every outcome is the one of the table`() async throws {
        try await World.with { world in
            let store = world.store
            let zero = world.batch(oneRow(minute("2025-06-15")), sequence: 0)
            #expect(try await store.commitBatch(zero).outcome == .unknownEpoch)
            try await world.openEpoch()
            #expect(
                try await store.commitBatch(world.batch(oneRow(0), sequence: 1)).outcome == .gap(expectedSequence: 0))
            let counted = try await store.commitBatch(zero)
            let receipt = try #require(counted.receipt)
            #expect(counted.outcome == .counted && receipt.nextSequence == 1)
            // chain = SHA-256(32 zero bytes || digest), as PostgreSQL computes it.
            let expected: [UInt8] = try await store.pool.withConnection {
                try $0.query("SELECT sha256(decode(repeat('00', 32), 'hex') || $1)", [.bytes(zero.digest)]).one()
                    .decode(0)
            }
            #expect(receipt.chain == expected)
            let repeated = try await store.commitBatch(zero)
            #expect(repeated.outcome == .duplicate && repeated.receipt == receipt)
            #expect(
                try await store.commitBatch(world.batch(oneRow(1), sequence: 0)).outcome == .fork(expectedSequence: 1))

            let second = try await world.openEpoch(last: 1, next: 1)
            #expect(second.epoch == 2 && second.previous?.nextSequence == 1 && !second.hasRegressed)
            #expect(try await store.commitBatch(world.batch(oneRow(2), sequence: 1)).outcome == .fenced(liveEpoch: 2))
            // Bytes that were counted in epoch 1 are a duplicate in epoch 2 as well, and take the sequence number.
            var again = zero
            again.epoch = 2
            #expect(try await store.commitBatch(again).isAcknowledged(.duplicate, next: 1))
            #expect(
                try await store.commitBatch(world.batch(oneRow(3), epoch: 2, sequence: 1)).isAcknowledged(
                    .counted, next: 2))
            try await world.rollUpAll()
            #expect(try await store.session { try $0.position() } == 2)
            let status = try await store.snapshot { try $0.collectors(visibility: .everything) }
            #expect(status.map(\.duplicates) == [2])
            #expect(status.map(\.quarantined) == [1])
            #expect(status.map(\.nextSequence) == [2])
        }
    }

    @Test func `forks of one collector are kept within a budget of batches and bytes, the first ones`() async throws {
        try await World.with { world in
            let store = world.store
            try await world.openEpoch()
            let zero = world.batch(oneRow(minute("2025-06-15")), sequence: 0)
            #expect(try await store.commitBatch(zero).outcome == .counted)
            let forks = (1...4).map { world.batch(oneRow(Int64($0)), sequence: 0) }
            func commit(_ batch: BatchCommit, batches: Int = 100, bytes: Int = 1 << 20) async throws -> Bool {
                var limits = QuarantineLimits()
                (limits.batches, limits.bytes) = (batches, bytes)
                let committed = try await store.commitBatch(batch, quarantine: limits)
                #expect(committed.outcome == .fork(expectedSequence: 1))
                return !committed.isDropped
            }
            // Payloads of tests have eight bytes.
            #expect(try await commit(forks[0], bytes: 7) == false)
            #expect(try await commit(forks[0], bytes: 8))
            #expect(try await commit(forks[0], batches: 1, bytes: 8), "what is kept is kept once")
            #expect(try await commit(forks[1], bytes: 15) == false)
            #expect(try await commit(forks[1], batches: 1) == false)
            #expect(try await commit(forks[1], batches: 2))
            #expect(try await commit(forks[2], batches: 2) == false)
            #expect(try await commit(forks[3]))
            let status = try await store.snapshot { try $0.collectors(visibility: .everything) }
            #expect(status.map(\.quarantined) == [3])
        }
    }

    /// What a collector seals anew after its data directory went back in time, or a copy of it that read the same
    /// input.
    @Test func `a spool sequence counts once`() async throws {
        try await World.with { world in
            let store = world.store
            try await world.openEpoch()
            let first = world.batch(oneRow(minute("2025-06-15")), sequence: 0)
            #expect(try await store.commitBatch(first).isAcknowledged(.counted, next: 1))
            try await world.openEpoch(last: 1, next: 0)
            var rolledBack = world.batch(oneRow(1), epoch: 2, sequence: 0)
            rolledBack.spoolID = first.spoolID
            rolledBack.spoolSequence = first.spoolSequence
            for _ in 0..<2 { #expect(try await store.commitBatch(rolledBack).outcome == .spoolSequenceReused) }
            // It used up no sequence number: the next spool sequence is counted under the same one.
            var next = rolledBack
            next.digest = [UInt8](repeating: 3, count: 32)
            next.spoolSequence += 1
            #expect(try await store.commitBatch(next).isAcknowledged(.counted, next: 1))
            // And another spool has spool sequences of its own.
            var other = rolledBack
            other.sequence = 1
            other.digest = [UInt8](repeating: 4, count: 32)
            other.spoolID = [UInt8](repeating: 0xEE, count: 16)
            #expect(try await store.commitBatch(other).isAcknowledged(.counted, next: 2))
            #expect(try await store.snapshot { try $0.collectors(visibility: .everything) }.map(\.quarantined) == [1])
        }
    }

    @Test func `lookups know what was counted in any epoch`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let batch = world.batch(oneRow(0), sequence: 0)
            _ = try await world.store.commitBatch(batch)
            let other = [UInt8](repeating: 9, count: 32)
            #expect(
                try await world.store.transaction(retry: .idempotent) {
                    try $0.lookupDigests([other, batch.digest], of: World.key, epoch: 1, now: World.june)
                }
                    == .success([false, true]))
            try await world.openEpoch(last: 1, next: 1)
            #expect(
                try await world.store.transaction(retry: .idempotent) {
                    try $0.lookupDigests([batch.digest], of: World.key, epoch: 2, now: World.june)
                }
                    == .success([true]))
            #expect(
                try await world.store.transaction(retry: .idempotent) {
                    try $0.lookupDigests([batch.digest], of: World.key, epoch: 1, now: World.june)
                }
                    == .failure(.fenced(liveEpoch: 2)))
            #expect(
                try await world.store.transaction(retry: .idempotent) {
                    try $0.lookupDigests([batch.digest], of: World.key, epoch: 3, now: World.june)
                }
                    == .failure(.unknownEpoch))
        }
    }

    @Test func `a database that knows less than the collector has regressed`() async throws {
        try await World.with { world in
            let first = try await world.openEpoch(last: 5, next: 3)
            #expect(first.epoch == 6 && first.hasRegressed && first.previous == nil)
            _ = try await world.store.commitBatch(world.batch(oneRow(0), epoch: 6, sequence: 0))
            #expect(try await world.openEpoch(last: 6, next: 1).hasRegressed == false)
            #expect(try await world.openEpoch(last: 6, next: 2).hasRegressed)
        }
    }

    @Test func `the same batch sent by many at once is counted once`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let batch = world.batch(oneRow(minute("2025-06-15")), sequence: 0)
            let outcomes = try await withThrowingTaskGroup(of: BatchOutcome.self) { group in
                for _ in 0..<40 { group.addTask { try await world.store.commitBatch(batch).outcome } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let counted = outcomes.filter { $0 == .counted }
            let duplicates = outcomes.filter { $0 == .duplicate }
            #expect(counted.count == 1 && duplicates.count == 39)
            try await world.rollUpAll()
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 10)
        }
    }

    @Test func `epochs asked for at once are all different and one is live`() async throws {
        try await World.with { world in
            let epochs = try await withThrowingTaskGroup(of: UInt64.self) { group in
                for _ in 0..<12 { group.addTask { try await world.openEpoch().epoch } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(epochs.sorted() == Array(1...12))
            let live: Int = try await world.store.pool.withConnection {
                try $0.query("SELECT count(*) FROM collector_epoch WHERE is_live").one().decode(0)
            }
            #expect(live == 1)
        }
    }

    @Test func `a connection killed in commit is asked again and counts once`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            // The first commit dies inside COMMIT; what it did is rolled back, and the retry finds nothing.
            try await world.store.pool.withConnection { connection in
                try connection.execute(
                    """
                    CREATE SEQUENCE deaths;
                    CREATE FUNCTION die_once() RETURNS trigger LANGUAGE plpgsql AS
                        'BEGIN IF nextval(''deaths'') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid());
                         PERFORM pg_sleep(5); END IF; RETURN NULL; END';
                    CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON ledger_digest DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION die_once();
                    """)
            }
            let outcome = try await world.store.commitBatch(world.batch(oneRow(0), sequence: 0))
            #expect(outcome.isAcknowledged(.counted, next: 1))
            #expect(world.store.pool.usage.leased == 0)
            let batches: Int = try await world.store.pool.withConnection {
                try $0.query("SELECT count(*) FROM ledger").one().decode(0)
            }
            #expect(batches == 1)
        }
    }

    @Test func `a batch without rows is counted`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            #expect(try await world.store.commitBatch(world.batch(UsageRows(), sequence: 0)).outcome == .counted)
            try await world.rollUpAll()
            #expect(try await world.store.session { try $0.position() } == 1)
        }
    }
}
