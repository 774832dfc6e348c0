import Postgres
import Reporting
import Scopes
import Store
import TestSupport
import Testing
import UsageModel

/// Each thing that a month can lack, alone.
@Suite struct StatementReadinessTests {
    private static func short(
        _ world: World, rules: StatementRules = Closing.rules, now: Timestamp = Closing.july, scope: Scope? = nil
    ) async throws -> [StatementShortcoming] {
        let proposal = Closing.proposal(scope ?? Closing.scope(kinds: nil), rules: rules, now: now)
        do {
            let statement = try await world.reports.propose(proposal)
            _ = try await world.reports.withdraw(
                statement.header.id, by: Closing.ann, reason: "a test", now: Closing.july)
            return []
        } catch let refusal as StatementRefusal {
            #expect(refusal.code == .coverageShort)
            #expect(refusal.shortcomings.allSatisfy { $0.isBlocking })
            return refusal.shortcomings
        }
    }

    @Test func `a complete month lacks nothing and one without usage everything`() async throws {
        try await World.with { world in
            #expect(try await Self.short(world).map(\.code) == [.nothingCounted])
            var sender = try await Sender(world)
            try await sender.complete()
            try await world.rollUpAll()
            #expect(try await Self.short(world) == [])
        }
    }

    @Test func `the month and its grace must be over`() async throws {
        try await World.with { world in
            var sender = try await Sender(world)
            try await sender.complete()
            try await world.rollUpAll()
            // June ends at 16:00Z in Shanghai.
            let end = minute("2025-06-30", hour: 16) * 60
            let rules = StatementRules(graceSeconds: 3_600)
            let early = try await Self.short(world, rules: rules, now: Timestamp(seconds: end + 3_599))
            #expect(early.map(\.code) == [.monthNotOver])
            #expect(early.first?.text.contains("2025-06-30T17:00:00Z") == true)
            #expect(try await Self.short(world, rules: rules, now: Timestamp(seconds: end + 3_600)) == [])
        }
    }

    @Test func `batches of the month must be rolled up and others need not`() async throws {
        try await World.with { world in
            var sender = try await Sender(world)
            try await sender.complete()
            try await world.rollUpAll()
            try await sender.send(oneRow(minute("2025-07-02")))
            try await sender.send(usageRows([]))
            #expect(try await Self.short(world) == [])
            try await sender.send(oneRow(minute("2025-06-02")))
            let short = try await Self.short(world)
            #expect(short.map(\.code) == [.pendingBatches] && short.map(\.subject) == ["acme/edge-1"])
            try await world.rollUpAll()
            #expect(try await Self.short(world) == [])
        }
    }

    @Test func `collectors must have delivered every day and be seen after the last`() async throws {
        try await World.with { world in
            var silent = try await Sender(world, "acme", "silent")
            try await silent.send(oneRow(minute("2025-06-30", hour: 15, minute: 59) - 1_440))
            var unseen = try await Sender(world, "acme", "unseen")
            try await unseen.send(
                usageRows(
                    ["2025-06-15", "2025-06-30"].map {
                        (
                            minute: minute($0, hour: 12), tenant: "t1", model: "m1",
                            counts: TokenCounts(requests: 1, input: 1)
                        )
                    }), at: Timestamp(seconds: 1_751_300_000))
            // Heard of in June, though it delivered nothing since April.
            var old = try await Sender(world, "acme", "old")
            try await old.send(oneRow(minute("2025-04-20")), at: World.june)
            // New on 10 June, and then with a gap of two days.
            var gap = try await Sender(world, "acme", "gap")
            for (from, to) in [("2025-06-10", "2025-06-14"), ("2025-06-17", "2025-06-30")] {
                try await gap.send(
                    usageRows(
                        [from, to].map {
                            (minute: minute($0), tenant: "t1", model: "m1", counts: TokenCounts(requests: 1, input: 1))
                        }))
            }
            var may = try await Sender(world, "acme", "may")
            try await may.send(oneRow(minute("2025-05-20")), at: World.june)
            try await world.rollUpAll()
            let short = try await Self.short(world)
            #expect(
                short.map { "\($0.subject) \($0.code.rawValue)" } == [
                    "acme silent-provider", "acme/gap silent-collector", "acme/may silent-collector",
                    "acme/may collector-not-seen",
                    "acme/old silent-collector", "acme/old collector-not-seen", "acme/silent silent-collector",
                    "acme/unseen collector-not-seen",
                ])
            #expect(
                short.filter { $0.code == .silentCollector || $0.code == .silentProvider }.map(\.text) == [
                    // Usage on the 10th, 14th, 15th, 17th, 29th and 30th, whatever batches span.
                    "acme has no usage on 24 of 30 days, the first of them 2025-06-01.",
                    "acme/gap delivered nothing on 1 day with usage of its provider, the first of them 2025-06-15.",
                    "acme/may delivered nothing of the month.", "acme/old delivered nothing of the month.",
                    "acme/silent delivered nothing on 1 day with usage of its provider, the first of them 2025-06-30.",
                ])
            // A scope that doesn't look at the provider doesn't wait for its collectors.
            var scope = Closing.scope("others")
            scope.filters.providers = ["other"]
            #expect(try await Self.short(world, scope: scope).map(\.code) == [.nothingCounted])
        }
    }

    @Test func `usage on two days is told as such, and a late event hides no silence before it`() async throws {
        try await World.with { world in
            var sender = try await Sender(world)
            // One batch that reaches over all of May and June.
            try await sender.send(
                usageRows(
                    ["2025-05-20", "2025-06-02", "2025-06-30"].map {
                        (
                            minute: minute($0, hour: 4), tenant: "t1", model: "m1",
                            counts: TokenCounts(requests: 1, input: 1)
                        )
                    }))
            try await world.rollUpAll()
            #expect(
                try await Self.short(world).map(\.text) == [
                    "acme has no usage on 28 of 30 days, the first of them 2025-06-01."
                ])
        }
    }

    @Test func `a provider's first month is named from its first day on`() async throws {
        try await World.with { world in
            var sender = try await Sender(world)
            try await sender.send(oneRow(minute("2025-06-20")))
            try await world.rollUpAll()
            #expect(
                try await Self.short(world).map(\.text) == [
                    "acme has no usage on 10 of 30 days, the first of them 2025-06-21."
                ])
            let proposed = try await world.reports.propose(
                Closing.proposal(Closing.scope(kinds: nil), override: "a test"))
            #expect(proposed.content.shortcomings.map(\.code) == [.newProvider, .silentProvider])
            #expect(proposed.content.shortcomings.map(\.isBlocking) == [false, true])
            #expect(proposed.content.shortcomings.first?.text.contains("none on 19 of 30 days") == true)
        }
    }

    @Test func `quarantined batches are named`() async throws {
        try await World.with { world in
            var sender = try await Sender(world)
            try await sender.complete()
            let bad = world.batch(
                oneRow(minute("2025-06-03")), epoch: 1, sequence: 1, key: sender.key, at: Closing.july)
            world.payloads.forget(bad.payload)
            _ = try await world.store.commitBatch(bad)
            try await world.rollUpAll()
            #expect(try await Self.short(world).map(\.code) == [.quarantinedBatches])
            // A fork of a sequence number that was used, while June was on.
            let june = Timestamp(seconds: minute("2025-06-20") * 60)
            var other = try await Sender(world, "acme", "forked")
            try await other.complete()
            let fork = world.batch(oneRow(minute("2025-06-04")), epoch: 1, sequence: 0, key: other.key, at: june)
            _ = try await world.store.commitBatch(fork)
            try await world.rollUpAll()
            #expect(
                try await Self.short(world).map { "\($0.subject) \($0.code.rawValue)" } == [
                    "acme/edge-1 quarantined-batches", "acme/forked quarantined-batches",
                ])
        }
    }

    @Test func `unclassified usage is a warning unless a limit is set`() async throws {
        try await World.with { world in
            var sender = try await Sender(world)
            try await sender.send(oneRow(minute("2025-06-03"), "t1", input: 89, output: 0))
            try await sender.send(oneRow(minute("2025-06-03"), "t2", input: 10, output: 0))
            try await sender.complete()
            try await world.rollUpAll()
            _ = try await world.importFacts(
                [tenantRecord("t1", .externalCustomer, "2025-01-01")], by: "x", now: World.june)
            let scope = Closing.scope()
            #expect(try await Self.short(world, scope: scope) == [])
            // 10 of 100.
            for (limit, codes) in [(10, []), (9, [StatementShortcoming.Code.unclassifiedUsage])] {
                let rules = StatementRules(maxUnclassifiedPercent: limit)
                #expect(try await Self.short(world, rules: rules, scope: scope).map(\.code) == codes)
            }
        }
    }

    @Test func `a reason overrides and stands on the statement`() async throws {
        try await World.with { world in
            let early = Timestamp(seconds: minute("2025-06-29") * 60)
            let scope = Closing.scope()
            let proposed = try await world.reports.propose(
                Closing.proposal(scope, override: "the provider left the market", now: early))
            #expect(proposed.content.shortcomings.map(\.code) == [.monthNotOver, .nothingCounted])
            #expect(proposed.header.overrideReason == "the provider left the market")
            #expect(proposed.text.contains(#""override_reason":"the provider left the market""#))
            // What was overridden doesn't stop the approval; what is new does.
            var sender = try await Sender(world)
            try await sender.send(oneRow(minute("2025-06-02")), at: early)
            let short = try await world.refusal {
                _ = try await world.reports.approve(
                    proposed.header.id, by: Closing.bob, rules: Closing.rules, now: early)
            }
            #expect(short?.code == .coverageShort)
            #expect(
                short?.shortcomings.map(\.code) == [.silentProvider, .pendingBatches, .collectorNotSeen])
        }
    }
}
