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
        database.content.withLock { $0.delivery = June.delivered([June.delivery(pending: 1)]) }
        let reports = Reports(database)
        let short = try await June.refusal { _ = try await reports.propose(June.proposal()) }
        #expect(short?.code == .coverageShort && short?.shortcomings.map(\.code) == [.pendingBatches])
        let proposed = try await reports.propose(June.proposal(override: "the provider left"))
        #expect(proposed.header.overrideReason == "the provider left")
        #expect(proposed.content.shortcomings.map(\.code) == [.pendingBatches])
        // What was overridden doesn't stop the approval; what is new does.
        database.content.withLock { $0.delivery = June.delivered([June.delivery(pending: 5, quarantined: 1)]) }
        let new = try await June.refusal {
            _ = try await reports.approve(proposed.header.id, by: June.bob, rules: June.rules, now: June.july)
        }
        #expect(new?.code == .coverageShort && new?.shortcomings.map(\.code) == [.quarantinedBatches])
        database.content.withLock { $0.delivery = June.delivered([June.delivery(pending: 5)]) }
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
        #expect(closed.table.denominator == 100 && closed.previous?.table.denominator == 40)
    }
}

/// Growth compares with what was closed.
@Suite struct ComparedPeriodTests {
    private static let july = Period.month(year: 2025, month: 7)

    /// June closed with 100, and 140 as it is evaluated now.
    private static func closed(_ scope: Scope = June.scope()) async throws -> Reports<MemoryDatabase> {
        let database = June.complete()
        let reports = Reports(database)
        let proposed = try await reports.propose(June.proposal(scope))
        _ = try await reports.approve(proposed.header.id, by: June.bob, rules: June.rules, now: June.july)
        database.content.withLock { $0.rows = [June.row(140)] }
        return reports
    }

    @Test func `an open month compares with the closed statement, and the restated figure stands beside`() async throws
    {
        let reports = try await Self.closed()
        let open = try await reports.openMonth(
            Self.july, under: June.scope(), source: .statements, visibility: .everything)
        #expect(open.previous?["acme"]?.numerator == 100 && open.previous?.restated?["acme"]?.numerator == 140)
        #expect(open.previous?.statement?.id == 1 && open.table["acme"]?.numerator == 140)
        let comparison = try await reports.compare(
            June.month, with: Self.july, under: June.scope(), source: .statements, visibility: .everything)
        #expect(comparison.growth(of: "acme").growth == Growth(previous: 100, current: 140))
        #expect(comparison.totalGrowth.percent(decimals: 1) == "+40.0")
        #expect(comparison.from.restated?.total.numerator == 140 && comparison.to.statement == nil)
    }

    @Test func `evaluation that is asked for takes no statement`() async throws {
        let reports = try await Self.closed()
        let comparison = try await reports.compare(
            June.month, with: Self.july, under: June.scope(), source: .evaluation(knownAt: nil),
            visibility: .everything)
        #expect(comparison.totalGrowth.growth == Growth(previous: 140, current: 140))
        #expect(comparison.from.statement == nil && comparison.from.restated == nil)
    }

    @Test func `a scope that publishes something else isn't compared with the statement`() async throws {
        let reports = try await Self.closed()
        var daily = June.scope()
        daily.aggregate = .dailyAverage
        let open = try await reports.openMonth(
            Self.july, under: daily, source: .statements, visibility: .everything)
        #expect(open.previous?.statement == nil && open.previous?["acme"]?.numerator == 140)
    }

    @Test func `an entity that a statement only gathers is compared as evaluated`() async throws {
        let database = June.complete([June.row(100), June.row(30, provider: "b"), June.row(20, provider: "c")])
        database.content.withLock { $0.delivery = June.delivered([June.delivery()]) }
        let reports = Reports(database)
        var scope = June.scope()
        scope.top = 1
        let proposed = try await reports.propose(June.proposal(scope))
        _ = try await reports.approve(proposed.header.id, by: June.bob, rules: June.rules, now: June.july)
        scope.top = nil
        let comparison = try await reports.compare(
            June.month, with: Self.july, under: scope, source: .statements, visibility: .everything)
        #expect(comparison.from.entities == ["acme", "b", "c"])
        #expect(comparison.growth(of: "b").growth == Growth(previous: 30, current: 30))
        #expect(comparison.from.table.rows.map(\.entity) == ["acme", "other"])
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
