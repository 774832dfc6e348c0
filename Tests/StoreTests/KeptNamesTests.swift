import Postgres
import Reporting
import Scopes
import Store
import Testing
import UsageModel

/// What the database makes of names in other spellings than the kept one.
@Suite(.serialized) struct KeptNamesTests {
    @Test func `a registry's names and usage's names are one, however each is composed`() async throws {
        try await World.with { world in
            let day = minute("2025-06-15")
            let record = FactRecord(
                provider: "acme", tenant: NameRule.kept("cafe\u{301}"), is: .externalCustomer,
                effectiveFrom: date("2025-06-01"), reason: "contract")
            _ = try await world.importFacts([record], by: "test", now: World.june)
            try await world.load([oneRow(day, "cafe\u{301}", input: 2)])
            let answer = try await world.store.snapshot {
                try $0.usage(
                    UsageQuery(
                        from: day * 60, to: day * 60 + 86_400, zone: .utc, groupBy: [.tenant, .kind],
                        visibility: .everything))
            }
            #expect(answer.rows.map(\.keys) == [["caf\u{E9}", "external-customer"]])
        }
    }

    @Test func `names that differ by their look alone are found, of one provider`() async throws {
        try await World.with { world in
            let day = minute("2025-06-15")
            let names = ["Ann Li", "Ann  Li", "\u{410}nn Li", "bob", "Ａnn Li", "carol", "CAROL", "dave"]
            try await world.load(names.map { oneRow(day, $0) })
            try await world.load([oneRow(day, "b\u{3BF}b")], key: CollectorKey(provider: "other", collector: "c"))
            let found = try await world.store.snapshot { try $0.tenantsByLook(of: "acme") }
            var byLook = try #require(found?.names)
            #expect(found?.isComplete == true && byLook.count == names.count)
            let (groups, isComplete) = byLook.groups()
            #expect(isComplete)
            #expect(
                Set(groups.map { Set($0.map(NameBytes.init)) }) == [
                    Set(["Ann Li", "Ann  Li", "\u{410}nn Li", "Ａnn Li"].map(NameBytes.init)),
                    Set(["carol", "CAROL"].map(NameBytes.init)),
                ])
            #expect(try await world.store.snapshot { try $0.tenantsByLook(of: "nobody") } == nil)
        }
    }
}
