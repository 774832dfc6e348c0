import Postgres
import Reporting
import TestSupport
import Testing
import UsageModel

@testable import Store

@Suite struct CoverageTests {
    /// 2025-06-15 in Shanghai, in minutes: the 14th at 16:00Z.
    private static let from = minute("2025-06-14", hour: 16)
    private static let to = from + 1_440

    private static func query(
        from: Int64 = CoverageTests.from, to: Int64 = CoverageTests.to, provider: String? = nil, silence: Int64 = 60,
        visibility: Visibility = .everything
    ) -> CoverageQuery {
        CoverageQuery(from: from, to: to, provider: provider, silenceMinutes: silence, visibility: visibility)
    }

    private static func rows(_ minutes: [Int64]) -> UsageRows {
        usageRows(
            minutes.map {
                (minute: $0, tenant: "t1", model: "m1", counts: TokenCounts(requests: 1, input: 5, output: 1))
            })
    }

    /// Two collectors of acme and one of other. Within the day: acme reports at 00:00–00:10, 02:00 and 02:50, other not
    /// at all.
    private static func fill(_ world: World) async throws {
        let second = CollectorKey(provider: "acme", collector: "edge-2")
        try await world.load([
            rows([from - 3, from - 2]), rows([from, from + 4, from + 10]), rows([from + 120]), rows([from + 170]),
        ])
        try await world.load([rows([from + 5, from + 6]), rows([to, to + 1])], key: second)
        try await world.load([rows([to + 7])], key: CollectorKey(provider: "other", collector: "edge-1"))
    }

    @Test(arguments: [false, true])
    func `every collector and provider says what it reported`(isMerged: Bool) async throws {
        try await World.with { world in
            try await Self.fill(world)
            if isMerged { try await world.mergeAll() }
            let answer = try await world.store.snapshot { try $0.coverage(Self.query()) }
            #expect(answer.position == 7 && answer.source == .minute)
            #expect(
                answer.collectors.map { "\($0.provider)/\($0.collector)" } == [
                    "acme/edge-1", "acme/edge-2", "other/edge-1",
                ])
            #expect(answer.collectors.map(\.batches) == [3, 1, 0])
            // One event for each row, and two records refused in each batch.
            #expect(answer.collectors.map(\.events) == [5, 2, 0])
            #expect(answer.collectors.map { $0.rejections["syntax"] } == [6, 2, nil])
            #expect(answer.collectors[0].firstBatchAt == World.june && answer.collectors[2].firstBatchAt == nil)
            #expect(answer.collectors.allSatisfy { $0.lastSeen == World.june && $0.pendingBatches == 0 })
            let from = Self.from
            #expect(answer.collectors[0].reported == [from..<(from + 11), (from + 120)..<(from + 171)])
            #expect(answer.collectors[1].reported == [(from + 5)..<(from + 7)])
            #expect(answer.providers.map(\.provider) == ["acme", "other"])
            #expect(answer.providers.map(\.minutes) == [7, 0] && answer.providers.map(\.hours) == [2, 0])
            #expect(answer.providers.map(\.days) == [1, 0])
            #expect(answer.providers[0].reported == [from..<(from + 11), (from + 120)..<(from + 171)])
            let close = try await world.store.snapshot { try $0.coverage(Self.query(silence: 5)) }
            #expect(
                close.providers[0].reported == [
                    from..<(from + 11), (from + 120)..<(from + 121), (from + 170)..<(from + 171),
                ])
            let near = try await world.store.snapshot { try $0.coverage(Self.query(silence: 2)) }
            #expect(near.providers[0].reported.first == from..<(from + 1), "\(near.providers[0].reported)")
        }
    }

    @Test func `what waits and what was quarantined is counted`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            let waiting = world.batch(Self.rows([Self.from + 500]), sequence: 4)
            guard try await world.store.commitBatch(waiting).outcome == .counted else {
                Issue.record("the batch was not counted")
                return
            }
            let fork = world.batch(Self.rows([Self.from + 1]), sequence: 2)
            _ = try await world.store.commitBatch(fork)
            let empty = world.batch(usageRows([]), sequence: 5)
            _ = try await world.store.commitBatch(empty)
            let answer = try await world.store.snapshot { try $0.coverage(Self.query()) }
            // The empty batch was received on the day, so it is one of it.
            #expect(answer.collectors[0].batches == 5 && answer.collectors[0].pendingBatches == 2)
            #expect(answer.collectors[0].quarantined == ["fork": 1])
            let day = try await world.store.snapshot { try $0.coverage(Self.query(from: Self.to, to: Self.to + 1_440)) }
            #expect(day.collectors.map(\.batches) == [0, 1, 1] && day.collectors[0].quarantined.isEmpty)
        }
    }

    @Test func `a bound caller sees one provider`() async throws {
        try await World.with { world in
            try await Self.fill(world)
            for query in [Self.query(visibility: .provider("other")), Self.query(provider: "other")] {
                let answer = try await world.store.snapshot { try $0.coverage(query) }
                #expect(answer.collectors.map(\.provider) == ["other"] && answer.providers.map(\.provider) == ["other"])
            }
            let nobody = try await world.store.snapshot { try $0.coverage(Self.query(visibility: .provider("nobody"))) }
            #expect(nobody.collectors.isEmpty && nobody.providers.isEmpty)
        }
    }

    @Test(arguments: [false, true], [false, true])
    func `coarser sums say what finer ones no longer can`(isMerged: Bool, hasCubes: Bool) async throws {
        try await World.with { world in
            try await Self.fill(world)
            if isMerged { try await world.mergeAll() }
            if !hasCubes { try await world.execute("UPDATE rollup_state SET cube_position = 0") }
            func keep(_ table: String) async throws {
                try await world.store.session { session in
                    _ = try session.connection.query(
                        "INSERT INTO sums_floor (table_name, kept_from) VALUES ($1, $2)",
                        [.text(table), .timestamp(Timestamp(seconds: Self.to * 60))])
                }
            }
            let from = Self.from
            try await keep("segment_minute")
            let hours = try await world.store.snapshot { try $0.coverage(Self.query(silence: 30)) }
            #expect(hours.source == .hour && hours.providers.map(\.minutes) == [nil, nil])
            #expect(hours.providers.map(\.hours) == [2, 0])
            #expect(hours.providers[0].reported == [from..<(from + 60), (from + 120)..<(from + 180)])
            try await keep("segment_hour")
            let days = try await world.store.snapshot { try $0.coverage(Self.query()) }
            #expect(days.source == .day && days.providers.map(\.hours) == [nil, nil])
            #expect(days.providers.map(\.days) == [1, 0])
            #expect(days.providers[0].reported == [from..<Self.to])
        }
    }
}
