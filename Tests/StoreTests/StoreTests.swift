import Postgres
import Reporting
import Scopes
internal import ScopesTestSupport
import Store
import TestSupport
import Testing
import TextFormats
import UsageModel

@Suite struct StoreTests {
    @Test func `preparing twice and at once is harmless`() async throws {
        try await TestDatabase.withDatabase { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        let world = try World(connectionString: database.connectionString)
                        try await world.store.prepare()
                        try await world.store.prepare()
                        try await world.store.check()
                        await world.store.close()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a database of another calendar is refused`() async throws {
        try await World.with { world in
            let other = try World(connectionString: world.connectionString, calendar: "UTC")
            let error = await #expect(throws: StoreError.self) { try await other.store.prepare() }
            #expect(error?.code == .calendarDiffers)
            #expect(error?.message.contains("Asia/Shanghai") == true)
            await other.store.close()
        }
    }

    @Test func `a calendar of half hours keeps its days`() async throws {
        try await World.with(calendar: "Asia/Kolkata") { world in
            try await world.load([
                oneRow(minute("2025-06-15", hour: 18, minute: 29), input: 1),
                oneRow(minute("2025-06-15", hour: 18, minute: 30), input: 2),
            ])
            let sums = try await world.scopeSums(date("2025-06-16")..<date("2025-06-17"), visibility: .everything)
            #expect(sums.rows.map(\.counts.input) == [2])
            #expect(
                try await world.store.rebuild(date("2025-06-15")..<date("2025-06-17"), decode: world.payloads.decode)
                    .isEqual)
        }
    }

    @Test func `tokens are known by their hash until revoked or expired`() async throws {
        try await World.with { world in
            let store = world.store
            let hash = [UInt8](repeating: 1, count: 32)
            let token = TokenRecord(
                id: "abc", role: .auditor, provider: "acme", note: "n", createdAt: World.june, createdBy: "ann",
                expiresAt: Timestamp(seconds: World.june.seconds + 100))
            try await store.transaction { try $0.createToken(token, secretHash: hash) }
            #expect(try await store.session { try $0.token(id: "abc", secretHash: hash) } == token)
            let wrong = [UInt8](repeating: 2, count: 32)
            #expect(try await store.session { try $0.token(id: "abc", secretHash: wrong) } == nil)
            let end = Timestamp(seconds: World.june.seconds + 100)
            #expect(!token.isExpired(at: Timestamp(microseconds: end.microseconds - 1)) && token.isExpired(at: end))
            #expect(try await store.transaction { try $0.endToken(id: "abc", at: end, by: "bob", now: end) } == nil)
            #expect(try await store.transaction { try $0.revokeToken(id: "abc", by: "bob", now: World.june) })
            #expect(try await store.transaction { try $0.revokeToken(id: "abc", by: "bob", now: World.june) } == false)
            #expect(
                try await store.session { try $0.token(id: "abc", secretHash: hash) }?.revokedAt == World.june)
            #expect(try await store.session { try $0.listTokens() }.map(\.revokedAt) == [World.june])
        }
    }

    @Test func `a use is noted once a minute`() async throws {
        try await World.with { world in
            let token = TokenRecord(
                id: "abc", role: .auditor, provider: nil, createdAt: World.june, createdBy: "ann")
            try await world.store.transaction {
                try $0.createToken(token, secretHash: [UInt8](repeating: 1, count: 32))
            }
            var noted: [Int64?] = []
            for second: Int64 in [0, 59, 60, 61, 500] {
                let now = Timestamp(seconds: World.june.seconds + second)
                try await world.store.session { try $0.noteUse(ofToken: "abc", now: now) }
                noted.append(
                    try await world.store.session { try $0.listTokens() }[0].lastUsedAt.map {
                        $0.seconds - World.june.seconds
                    })
            }
            #expect(noted == [0, 0, 60, 60, 500])
        }
    }

    @Test(arguments: [
        "UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log", "TRUNCATE audit_log",
        "SET session_replication_role = replica; DELETE FROM audit_log",
        "GRANT ALL ON audit_log TO current_user; DELETE FROM audit_log WHERE false",
    ])
    func `nobody changes the audit log`(sql: String) async throws {
        try await World.with { world in
            let entry = AuditEntry(
                at: World.june, actor: "ann", action: .exported, subject: "it", detail: [JSONMember("a\"b", "c\nd")])
            try await world.store.transaction { try $0.audit(entry) }
            await #expect(throws: PostgresError.self) {
                try await world.store.session { try $0.connection.execute(sql) }
            }
            let detail = try await world.store.session { session -> String in
                try session.connection.query("SELECT detail->>'a\"b' FROM audit_log").one().decode(0)
            }
            #expect(detail == "c\nd")
        }
    }

    @Test func `partitions are made ahead by many at once`() async throws {
        try await World.with { world in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        let other = try World(connectionString: world.connectionString)
                        try await other.store.makePartitionsAhead(
                            now: Timestamp(seconds: date("2025-12-31").days * 86_400))
                        await other.store.close()
                    }
                }
                try await group.waitForAll()
            }
            let names: Int = try await world.store.pool.withConnection {
                try $0.query("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '_(2025_12|2026_01)$'")
                    .one().decode(0)
            }
            #expect(names == 10)
        }
    }

    @Test func `retention drops whole months and what is below is neither rolled up nor answered`() async throws {
        try await World.with { world in
            let store = world.store
            try await world.load([oneRow(minute("2025-03-10"), input: 1), oneRow(minute("2025-06-10"), input: 2)])
            let policy = RetentionPolicy(payloadDays: 30, minuteDays: 40, hourDays: 40)
            // Received on 2025-06-15; now it is 2025-08-20.
            let now = Timestamp(seconds: date("2025-08-20").days * 86_400)
            let early = try await store.applyRetention(RetentionPolicy(payloadDays: 400), now: now)
            #expect(early.isEmpty)
            while try await store.mergeSegmentsNext(now: now, decode: world.payloads.decode).didSomething {}
            let dropped = try await store.applyRetention(policy, now: now)
            #expect(
                dropped.sorted() == [
                    "ledger_payload_2025_06", "segment_hour_2025_03", "segment_hour_2025_06", "segment_minute_2025_03",
                    "segment_minute_2025_06",
                ])
            let error = await #expect(throws: QuestionError.self) {
                _ = try await store.total("2025-06-01", "2025-06-15")
            }
            #expect(error?.code == .notKept)
            let sums = try await world.scopeSums(date("2025-03-01")..<date("2025-07-01"), visibility: .everything)
            #expect(sums.rows.map(\.counts.input) == [3])
            let gone = await #expect(throws: StoreError.self) {
                _ = try await store.rebuild(date("2025-03-01")..<date("2025-04-01"), decode: world.payloads.decode)
            }
            #expect(gone?.code == .payloadDropped)
            // A late batch still reaches the days.
            _ = try await store.commitBatch(world.batch(oneRow(minute("2025-03-10"), input: 4), sequence: 2))
            try await world.rollUpAll()
            let later = try await world.scopeSums(date("2025-03-01")..<date("2025-07-01"), visibility: .everything)
            #expect(later.rows.map(\.counts.input) == [7])
        }
    }

    @Test func `a payload that waits for its rollup, or for a segment, is not dropped`() async throws {
        try await World.with { world in
            try await world.openEpoch()
            _ = try await world.store.commitBatch(world.batch(oneRow(0), sequence: 0))
            let now = Timestamp(seconds: date("2026-08-20").days * 86_400)
            #expect(try await world.store.applyRetention(RetentionPolicy(payloadDays: 1), now: now).isEmpty)
            try await world.rollUpAll()
            #expect(try await world.store.applyRetention(RetentionPolicy(payloadDays: 1), now: now).isEmpty)
            while try await world.store.mergeSegmentsNext(now: now, decode: world.payloads.decode).didSomething {}
            #expect(
                try await world.store.applyRetention(RetentionPolicy(payloadDays: 1), now: now) == [
                    "ledger_payload_2025_06"
                ])
        }
    }
}
