import Crypto
import Postgres
import Reporting
import Store
import TestSupport
import Testing
import UsageModel

/// A rebuild counts what the ledger says, and nothing else.
@Suite struct RebuildTests {
    private static let days = date("2025-06-01")..<date("2025-07-01")
    private static let replacement = Replacement(by: World.someone, now: World.june)

    /// Three batches of June.
    private static func with(_ body: (World) async throws -> Void) async throws {
        try await World.with { world in
            try await world.load((0..<3).map { oneRow(minute("2025-06-15") + $0, input: 10 + UInt64($0), output: 5) })
            try await body(world)
        }
    }

    private static func change(_ world: World, _ sql: String) async throws {
        try await world.store.pool.withConnection { try $0.execute(sql) }
    }

    /// What a rebuild that would replace is refused with; nothing may have changed then.
    private static func refusal(_ world: World) async throws -> StoreError? {
        // Where a batch that waits is damaged nothing is answered.
        let before = try? await world.store.total("2025-06-01", "2025-07-01")
        var refusal: StoreError?
        do {
            _ = try await world.store.rebuild(days, replacement: replacement, decode: world.payloads.decode)
        } catch let error as StoreError {
            refusal = error
        }
        let after = try? await world.store.total("2025-06-01", "2025-07-01")
        #expect(after == before)
        return refusal
    }

    /// The lines of the audit log about rebuilds.
    private static func audited(_ world: World) async throws -> [String] {
        try await world.store.session { session in
            try session.connection.query(
                """
                SELECT actor || ' ' || subject || ' ' || detail FROM audit_log WHERE action = 'sums-rebuilt'
                 ORDER BY audit_id
                """
            ).map { try $0.decode(0) }
        }
    }

    @Test func `a flipped byte is refused by name and told as what it is`() async throws {
        try await Self.with { world in
            try await Self.change(
                world,
                "UPDATE ledger_payload SET payload = set_byte(payload, 0, get_byte(payload, 0) # 1) WHERE sequence = 1")
            let refusal = try await Self.refusal(world)
            #expect(refusal?.code == .ledgerDiffers)
            let text = refusal?.message ?? ""
            #expect(text.contains("ledger position 2 (acme/edge-1, epoch 1, sequence 1): its payload has the SHA-256"))
            #expect(text.hasPrefix("1 batch isn't") && !text.contains("sequence 0"))
            let compared = await #expect(throws: StoreError.self) {
                _ = try await world.store.rebuild(Self.days, decode: world.payloads.decode)
            }
            #expect(compared?.code == .ledgerDiffers)
            let lines = try await Self.audited(world)
            #expect(lines.count == 1 && lines[0].contains(#""refused": "ledger-differs""#), "\(lines)")
        }
    }

    @Test func `a payload that holds more than was counted is never counted`() async throws {
        try await Self.with { world in
            // The payload and its digest fit, and the decoder finds ten trillion tokens more.
            let payload: [UInt8] = try await world.store.session { session in
                try session.connection.query("SELECT payload FROM ledger_payload WHERE sequence = 2").one().decode(0)
            }
            world.payloads.remember(payload, as: oneRow(minute("2025-06-15") + 2, input: 10_000_000_000_012))
            let refusal = try await Self.refusal(world)
            #expect(refusal?.code == .ledgerDiffers)
            #expect(
                refusal?.message.contains(
                    "sequence 2): input tokens: 10000000000012 in its payload, 12 in the ledger") == true,
                "\(refusal?.message ?? "")")
        }
    }

    @Test func `a payload that can't be decoded and one that was deleted are named, one that retention dropped isn't`()
        async throws
    {
        try await Self.with { world in
            let payload: [UInt8] = try await world.store.session { session in
                try session.connection.query("SELECT payload FROM ledger_payload WHERE sequence = 0").one().decode(0)
            }
            world.payloads.forget(payload)
            #expect(
                try await Self.refusal(world)?.message.contains("sequence 0): its payload can't be decoded") == true)
            try await Self.change(world, "DELETE FROM ledger_payload WHERE sequence = 1")
            let deleted = try await Self.refusal(world)
            #expect(deleted?.code == .ledgerDiffers)
            #expect(deleted?.message.contains("sequence 1): its payload was deleted") == true)
            try await Self.change(world, "DROP TABLE ledger_payload_2025_06")
            #expect(try await Self.refusal(world)?.code == .payloadDropped)
        }
    }

    @Test func `what is replaced stands in the audit log with who, from where to where, and the result`() async throws {
        try await Self.with { world in
            try await Self.change(world, "UPDATE cube SET input_tokens = input_tokens + 7 WHERE calendar_id = 0")
            let report = try await world.store.rebuild(
                Self.days, replacement: Self.replacement, decode: world.payloads.decode)
            #expect(report.hasReplaced && report.holes == [])
            _ = try await world.store.rebuild(
                Self.days, replacement: Self.replacement, decode: world.payloads.decode)
            let lines = try await Self.audited(world)
            let start = "steelyard-aggregator test 2025-06-01/2025-07-01 "
            #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix(start) })
            for part in [
                #""os_user": "ops""#, #""login": ""#, #""first_position": 1"#, #""last_position": 3"#,
                #""cube_differing": 1"#, #""replaced": true"#,
            ] {
                #expect(lines.first?.contains(part) == true, "\(part) in \(lines)")
            }
            #expect(lines.last?.contains(#""replaced": false"#) == true)
        }
    }

    @Test func `comparing alone writes nothing into the audit log`() async throws {
        try await Self.with { world in
            _ = try await world.store.rebuild(Self.days, decode: world.payloads.decode)
            #expect(try await Self.audited(world) == [])
        }
    }
}
