import Postgres
import Reporting
import Scopes
import Store
import TestSupport
import Testing
import UsageModel

@Suite struct StatementTests {
    private static func external(_ tenant: String, provider: String = "acme") -> FactRecord {
        tenantRecord(tenant, .externalCustomer, "2025-01-01", provider: provider)
    }

    /// Two providers, three tenants, all of June.
    private static func fill(_ world: World) async throws -> Sender {
        var sender = try await Sender(world)
        try await sender.send(oneRow(minute("2025-06-10"), "t1", input: 100, output: 0))
        try await sender.send(oneRow(minute("2025-06-11"), "t2", input: 30, output: 0))
        try await sender.complete()
        var other = try await Sender(world, "other")
        try await other.send(oneRow(minute("2025-06-12"), "t9", input: 40, output: 9))
        try await other.complete()
        try await world.rollUpAll()
        _ = try await world.importFacts(
            [external("t1"), external("t9", provider: "other"), external("t1", provider: "other")], by: "x",
            now: World.june)
        return sender
    }

    @Test func `a month is proposed by one and approved by another`() async throws {
        try await World.with { world in
            _ = try await Self.fill(world)
            let proposed = try await world.reports.propose(Closing.proposal())
            #expect(proposed.header.status == .proposed)
            #expect(proposed.content.table.rows.map(\.entity) == ["acme", "other"])
            #expect(proposed.content.table.rows.map(\.numerator) == [101, 50])
            #expect(proposed.content.table.total.unclassified == 30)
            #expect(proposed.content.table.denominator == 151)
            #expect(proposed.content.position == 5)
            #expect(proposed.content.coverage.map(\.collector) == ["edge-1", "edge-1"])
            #expect(proposed.content.coverage.map(\.batches) == [3, 2])
            #expect(proposed.content.coverage.map(\.refused) == [6, 4])
            #expect(proposed.content.highWater.map(\.nextSequence) == [3, 2])
            #expect(proposed.content.shortcomings.map(\.code) == [.unclassifiedUsage])
            #expect(!proposed.content.shortcomings[0].isBlocking)
            #expect(proposed.content.contradictions == [])
            #expect(StatementContent.digest(of: proposed.text) == proposed.header.digest)
            for same in [Closing.ann, StatementPerson(holder: "ANN", token: "a2")] {
                let refused = try await world.refusal {
                    _ = try await world.reports.approve(
                        proposed.header.id, by: same, rules: Closing.rules, now: Closing.july)
                }
                #expect(refused?.code == .samePerson)
            }
            let approved = try await world.reports.approve(
                proposed.header.id, by: Closing.bob, rules: Closing.rules, now: Closing.july)
            #expect(approved.header.status == .approved && approved.header.decision?.person == Closing.bob)
            #expect(approved.text == proposed.text && approved.header.digest == proposed.header.digest)
            let again = try await world.refusal {
                _ = try await world.reports.approve(
                    proposed.header.id, by: Closing.bob, rules: Closing.rules, now: Closing.july)
            }
            #expect(again?.code == .decided)
            let twice = try await world.refusal { _ = try await world.reports.propose(Closing.proposal()) }
            #expect(twice?.code == .exists)
            // Another scope's month is another statement.
            _ = try await world.reports.propose(Closing.proposal(Closing.scope("all", kinds: nil)))
            #expect(try await world.store.snapshot { try $0.statements() }.map(\.scopeID) == ["all", "house"])
            #expect(try await world.store.snapshot { try $0.statements(scope: "house") }.map(\.status) == [.approved])
            await #expect(throws: StoreError.self) { _ = try await world.store.snapshot { try $0.statement(99) } }
        }
    }

    @Test func `a proposal is withdrawn and proposed again`() async throws {
        try await World.with { world in
            _ = try await Self.fill(world)
            let first = try await world.reports.propose(Closing.proposal())
            let waiting = try await world.refusal { _ = try await world.reports.propose(Closing.proposal()) }
            #expect(waiting?.code == .exists)
            let withdrawn = try await world.reports.withdraw(
                first.header.id, by: Closing.ann, reason: "wrong month", now: Closing.july)
            #expect(withdrawn.header.status == .withdrawn && withdrawn.header.decision?.reason == "wrong month")
            let second = try await world.close()
            #expect(second.header.id != first.header.id)
            #expect(try await world.store.snapshot { try $0.statements() }.map(\.status) == [.withdrawn, .approved])
        }
    }

    @Test func `figures that changed since the proposal are not approved`() async throws {
        try await World.with { world in
            var sender = try await Self.fill(world)
            let first = try await world.reports.propose(Closing.proposal())
            try await sender.send(oneRow(minute("2025-06-20"), "t1", input: 7, output: 0))
            let pending = try await world.refusal {
                _ = try await world.reports.approve(
                    first.header.id, by: Closing.bob, rules: Closing.rules, now: Closing.july)
            }
            #expect(pending?.code == .coverageShort)
            #expect(pending?.shortcomings.map(\.code) == [.pendingBatches])
            try await world.rollUpAll()
            _ = try await world.importFacts([Self.external("t2")], by: "x", now: World.june)
            let changed = try await world.refusal {
                _ = try await world.reports.approve(
                    first.header.id, by: Closing.bob, rules: Closing.rules, now: Closing.july)
            }
            #expect(changed?.code == .figuresChanged)
            let acme = changed?.changes?.rows.first { $0.entity == "acme" }
            #expect(acme?.numerator.lateUsage.description == "7")
            #expect(acme?.numerator.reclassification.description == "30")
            #expect(changed?.changes?.rows.first { $0.entity == "other" }?.isUnchanged == true)
            _ = try await world.reports.withdraw(
                first.header.id, by: Closing.bob, reason: "late", now: Closing.july)
            #expect(try await world.close().content.table.denominator == 188)
        }
    }

    /// What the database itself refuses, to everybody who doesn't switch its triggers off.
    @Test func `nothing changes a statement`() async throws {
        try await World.with { world in
            _ = try await Self.fill(world)
            let closed = try await world.close()
            for sql in [
                "UPDATE statement SET override_reason = 'x'", "DELETE FROM statement_decision",
                "DELETE FROM statement", "TRUNCATE statement CASCADE", "TRUNCATE statement_decision",
                "UPDATE statement_decision SET reason = 'x'",
            ] {
                let error = await #expect(throws: PostgresError.self, "\(sql)") {
                    try await world.store.pool.withConnection { _ = try $0.query(sql) }
                }
                #expect(error?.code == PostgresError.Code("23001"), "\(sql): \(String(describing: error))")
            }
            // Nor can one person decide on their own proposal, or somebody on a month that is closed.
            let forged = """
                INSERT INTO statement_decision (statement_id, scope_id, month, proposed_by, decision, decided_at, decided_by,
                    decided_token)
                SELECT statement_id, scope_id, month, proposed_by, 'approved', now(), 'aNN', 'x' FROM statement
                """
            let other = try await world.reports.propose(Closing.proposal(Closing.scope("other")))
            let error = await #expect(throws: PostgresError.self) {
                try await world.store.pool.withConnection {
                    _ = try $0.query(forged + " WHERE statement_id = $1", [.int(other.header.id)])
                }
            }
            #expect(error?.code == .checkViolation)
            #expect(try await world.store.snapshot { try $0.statement(closed.header.id) } == closed)
        }
    }

    @Test func `what is stored is held against its digest`() async throws {
        try await World.with { world in
            _ = try await Self.fill(world)
            let closed = try await world.close()
            try await world.store.pool.withConnection { connection in
                try connection.execute(
                    """
                    ALTER TABLE statement DISABLE TRIGGER USER;
                    ALTER TABLE statement DROP CONSTRAINT statement_check;
                    UPDATE statement
                       SET content = convert_to(replace(convert_from(content, 'UTF8'), '101', '999'), 'UTF8');
                    """)
            }
            let error = await #expect(throws: StoreError.self) {
                _ = try await world.store.snapshot { try $0.statement(closed.header.id) }
            }
            #expect(error?.code == .damagedStatement)
        }
    }

    @Test func `a closed month keeps its figures and the month before its own`() async throws {
        try await World.with { world in
            var sender = try await Self.fill(world)
            try await sender.send(oneRow(minute("2025-05-10"), "t1", input: 11, output: 0))
            try await world.rollUpAll()
            #expect(try await world.reports.closedMonth(Closing.month, scope: "house") == nil)
            let closed = try await world.close()
            try await sender.send(oneRow(minute("2025-06-10"), "t1", input: 1_000, output: 0))
            try await world.rollUpAll()
            _ = try await world.importFacts(
                [tenantRecord("t1", .ownBusiness, "2025-01-01")], by: "x", now: World.june)
            let month = try #require(try await world.reports.closedMonth(Closing.month, scope: "house"))
            #expect(month.table == closed.content.table && month.statement == closed.header)
            // May isn't closed: evaluated, at the statement's knowledge.
            #expect(month.previous?["acme"]?.numerator == 11)
            let restated = try await world.reports.restated(closed.header.id)
            let acme = try #require(restated.restatement.rows.first { $0.entity == "acme" })
            #expect(acme.numerator.lateUsage.description == "1000")
            #expect(acme.numerator.reclassification.description == "-1101" && acme.numerator.now == 0)
            #expect(restated.statement == closed)
        }
    }

    /// A scope in another zone has another month, in coverage as in figures.
    @Test func `a month is that of the scope's zone`() async throws {
        try await World.with { world in
            var sender = try await Sender(world)
            try await sender.send(oneRow(minute("2025-06-30", hour: 20), "t1", input: 5, output: 0))
            try await world.rollUpAll()
            let utc = try await world.reports.propose(
                Closing.proposal(Closing.scope("utc", kinds: nil, zone: "UTC")))
            #expect(utc.content.table.denominator == 5)
            #expect(utc.content.coverage.map(\.firstMinute) == ["2025-06-30T20:00:00Z"])
            let short = try await world.refusal {
                _ = try await world.reports.propose(Closing.proposal(Closing.scope(kinds: nil)))
            }
            #expect(short?.shortcomings.first?.code == .nothingCounted, "in Shanghai it is July's")
        }
    }
}
