import Reporting
import Scopes
import Synchronization
import Testing
import UsageModel

@Suite struct ClosingTests {
    @Test func `a month is proposed by one and approved by another`() async throws {
        let reports = Reports(June.complete())
        let proposed = try await reports.propose(June.proposal())
        #expect(proposed.header.status == .proposed && proposed.header.position == 7)
        #expect(proposed.content.table.denominator == 100)
        #expect(proposed.content.contradictions == [])
        for same in [June.ann, StatementPerson(holder: "ANN", token: "a2")] {
            let refused = try await June.refusal {
                _ = try await reports.approve(proposed.header.id, by: same, rules: June.rules, now: June.july)
            }
            #expect(refused?.code == .samePerson)
        }
        let approved = try await reports.approve(proposed.header.id, by: June.bob, rules: June.rules, now: June.july)
        #expect(approved.header.status == .approved && approved.text == proposed.text)
        let again = try await June.refusal {
            _ = try await reports.withdraw(proposed.header.id, by: June.ann, reason: "late", now: June.july)
        }
        #expect(again?.code == .decided)
        let twice = try await June.refusal { _ = try await reports.propose(June.proposal()) }
        #expect(twice?.code == .exists)
    }

    @Test func `a withdrawn proposal makes room for the next`() async throws {
        let reports = Reports(June.complete())
        let first = try await reports.propose(June.proposal())
        let waiting = try await June.refusal { _ = try await reports.propose(June.proposal()) }
        #expect(waiting?.code == .exists && waiting?.message.contains("proposed as statement 1") == true)
        // The proposer may withdraw.
        _ = try await reports.withdraw(first.header.id, by: June.ann, reason: "wrong", now: June.july)
        #expect(try await reports.propose(June.proposal()).header.id == 2)
    }

    @Test func `what is short stops a proposal unless there is a reason`() async throws {
        let database = June.complete()
        database.content.withLock { $0.deliveries = [June.delivery(pending: 1)] }
        let reports = Reports(database)
        let short = try await June.refusal { _ = try await reports.propose(June.proposal()) }
        #expect(short?.code == .coverageShort && short?.shortcomings.map(\.code) == [.pendingBatches])
        let proposed = try await reports.propose(June.proposal(override: "the provider left"))
        #expect(proposed.header.overrideReason == "the provider left")
        #expect(proposed.content.shortcomings.map(\.code) == [.pendingBatches])
        // What was overridden doesn't stop the approval; what is new does.
        database.content.withLock { $0.deliveries = [June.delivery(pending: 5, quarantined: 1)] }
        let new = try await June.refusal {
            _ = try await reports.approve(proposed.header.id, by: June.bob, rules: June.rules, now: June.july)
        }
        #expect(new?.code == .coverageShort && new?.shortcomings.map(\.code) == [.quarantinedBatches])
        database.content.withLock { $0.deliveries = [June.delivery(pending: 5)] }
        let approved = try await reports.approve(proposed.header.id, by: June.bob, rules: June.rules, now: June.july)
        #expect(approved.header.status == .approved)
    }

    @Test func `a reason that nothing needs is not kept`() async throws {
        let proposed = try await Reports(June.complete()).propose(June.proposal(override: "just in case"))
        #expect(proposed.header.overrideReason == nil)
    }

    @Test func `figures that changed are not approved`() async throws {
        let database = June.complete()
        let reports = Reports(database)
        let proposed = try await reports.propose(June.proposal())
        database.content.withLock { $0.rows.append(June.row(7)) }
        let refused = try await June.refusal {
            _ = try await reports.approve(proposed.header.id, by: June.bob, rules: June.rules, now: June.july)
        }
        #expect(refused?.code == .figuresChanged)
        #expect(refused?.changes?.total.numerator.lateUsage.description == "7")
        let restated = try await reports.restated(proposed.header.id)
        #expect(restated.restatement.total.numerator.now == 107 && restated.statement == proposed)
        #expect(database.log.withLock { $0.last?.hasPrefix("gave back RestatementReading") } == true)
    }

    @Test func `a closed month is compared with the month before`() async throws {
        let database = June.complete()
        let reports = Reports(database)
        #expect(try await reports.closedMonth(June.month, scope: "house") == nil)
        let proposed = try await reports.propose(June.proposal())
        #expect(try await reports.closedMonth(June.month, scope: "house") == nil)
        _ = try await reports.approve(proposed.header.id, by: June.bob, rules: June.rules, now: June.july)
        database.content.withLock { $0.rows = [June.row(40)] }
        let closed = try #require(try await reports.closedMonth(June.month, scope: "house"))
        // June as it was closed, May as it is evaluated.
        #expect(closed.table.denominator == 100 && closed.previous?.denominator == 40)
    }
}

@Suite struct ImportEffectTests {
    @Test func `a question that only the import makes answerable has no figures before`() async throws {
        let database = June.complete()
        func reading(_ scope: Scope) async throws -> ScopeReading {
            try await database.snapshot {
                try ScopeReading(
                    [ScopeQuestion(scope: scope, period: June.month)], knownAt: nil, visibility: .everything, from: $0)
            }
        }
        var markets = June.scope()
        markets.filters.markets = [.cnMainland]
        let (without, with) = (try await reading(markets), try await reading(June.scope()))
        let effect = try ImportEffect(before: without, after: with)
        #expect(effect.before == nil && effect.after.denominator == 100 && effect.position == 7)
        #expect(throws: MissingFacts.self) { _ = try ImportEffect(before: with, after: without) }
    }
}
