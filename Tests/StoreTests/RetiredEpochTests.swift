import Postgres
import Store
import Testing
import UsageModel

/// An identity that somebody made unusable can be given back.
@Suite(.serialized) struct RetiredEpochTests {
    @Test func `a request near the end of the numbers leaves the identity usable`() async throws {
        try await World.with { world in
            let first = try await world.openEpoch()
            #expect(first.position.epoch == 1)
            for claim in [UInt64(Int64.max) - 2, UInt64(Int64.max) - 1] {
                await #expect(throws: EpochOutOfReach.self) { try await world.openEpoch(last: claim) }
            }
            let second = try await world.openEpoch(last: 1)
            #expect(second.position.epoch == 2)
        }
    }

    @Test func `epochs that were driven to the end are retired, and the collector goes on below them`() async throws {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-15"))])
            // As a release before the bound let it happen: the last epoch that there is.
            try await world.store.pool.withConnection {
                try $0.execute(
                    """
                    UPDATE collector_epoch SET is_live = false;
                    INSERT INTO collector_epoch (collector_id, provider_id, epoch, is_live, next_sequence, chain,
                        spool_id, software_version, opened_at, last_seen_at)
                    SELECT collector_id, provider_id, 9223372036854775807, true, 0, chain, spool_id, software_version,
                           opened_at, last_seen_at FROM collector_epoch
                    """)
            }
            await #expect(throws: EpochOutOfReach.self) { try await world.openEpoch() }
            let retired = try await world.store.transaction {
                try $0.retireEpochs(of: World.key, above: nil, by: World.someone, at: World.june)
            }
            #expect(retired == [UInt64(Int64.max)])
            // Also the collector that was given the last epoch goes on.
            #expect(try await world.openEpoch(last: UInt64(Int64.max)).position.epoch == 2)
            let batch = world.batch(oneRow(minute("2025-06-15")), epoch: 2, sequence: 0)
            #expect(try await world.store.commitBatch(batch).outcome == .counted)
            let fenced = world.batch(oneRow(minute("2025-06-15")), epoch: UInt64(Int64.max), sequence: 0)
            #expect(try await world.store.commitBatch(fenced).outcome == .fenced(liveEpoch: 2))
            await #expect(throws: StoreError.self) {
                try await world.store.transaction {
                    try $0.retireEpochs(of: World.key, above: nil, by: World.someone, at: World.june)
                }
            }
        }
    }

    @Test func `a quarantined batch is queued again and counts once what stopped it is mended`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            let batch = world.batch(oneRow(minute("2025-06-15")), sequence: 0)
            world.payloads.forget(batch.payload)
            _ = try await world.store.commitBatch(batch)
            #expect(try await world.rollUpAll().flatMap(\.quarantined).count == 1)
            world.payloads.remember(batch.payload, as: oneRow(minute("2025-06-15")))
            for expected in [1, 0] {
                let queued = try await world.store.transaction {
                    try $0.requeueQuarantined(of: nil, by: World.someone, at: World.june)
                }
                #expect(queued == expected)
            }
            try await world.rollUpAll()
            #expect(try await world.store.total("2025-06-15", "2025-06-16").input == 10)
        }
    }
}
