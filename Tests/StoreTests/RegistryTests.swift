import Postgres
import Reporting
import Scopes
internal import ScopesTestSupport
import Store
import TestSupport
import Testing
import UsageModel

func entry(
    _ tenant: String, _ kind: TenantKind, _ from: String, _ to: String? = nil, provider: String = "acme",
    reason: String = "contract"
) -> RegistryEntry {
    RegistryEntry(
        provider: provider, tenant: tenant, kind: kind, legalEntity: "", effectiveFrom: date(from),
        effectiveTo: to.map(date), reason: reason)
}

@Suite struct RegistryTests {
    private let now = World.june

    @Test func aTenantMovedFromADateOnMovesExactlyItsTokensFromThatDateOn() async throws {
        try await World.with { world in
            // Days of Shanghai: 16:00Z starts the next.
            try await world.load([
                oneRow(minute("2025-06-14", hour: 15, minute: 59), input: 1, output: 0),
                oneRow(minute("2025-06-14", hour: 16), input: 2, output: 0),
                oneRow(minute("2025-06-20"), input: 4, output: 0),
                oneRow(minute("2025-06-20"), "t2", input: 8, output: 0),
            ])
            let june = date("2025-06-01")..<date("2025-07-01")
            func byKind(_ known: Timestamp? = nil) async throws -> [TenantKind: UInt128] {
                try await world.store.scopeSums(june, knownAt: known, visibility: .everything).rows
                    .reduce(into: [:]) { $0[$1.tenantKind, default: 0] += $1.counts.input }
            }
            #expect(try await byKind() == [.unclassified: 15])
            let first = try await world.store.importRegistry(
                [entry("t1", .externalCustomer, "2025-01-01")], by: "ann", now: now)
            #expect(first.asserted == 1 && first.newTenants == 0)
            #expect(try await byKind() == [.externalCustomer: 7, .unclassified: 8])
            let second = try await world.store.importRegistry(
                [entry("t1", .ownBusiness, "2025-06-15")], by: "bob", now: now)
            #expect(second.superseded == 1 && second.remainders == 1 && second.recordedAt > first.recordedAt)
            #expect(try await byKind() == [.externalCustomer: 1, .ownBusiness: 6, .unclassified: 8])
            // What was held true before is still known.
            #expect(try await byKind(first.recordedAt) == [.externalCustomer: 7, .unclassified: 8])
            #expect(try await byKind(Timestamp(microseconds: first.recordedAt.microseconds - 1)) == [.unclassified: 15])
            let usage = try await world.store.snapshot {
                try $0.usage(
                    UsageQuery(
                        from: minute("2025-06-01") * 60, to: minute("2025-07-01") * 60, zone: .utc, groupBy: [.kind],
                        filters: UsageFilters(tenants: ["t1"]), visibility: .everything))
            }
            #expect(usage.rows.map(\.keys) == [["external-customer"], ["own-business"]])
            #expect(usage.rows.map(\.counts.input) == [1, 6])
            let history = try await world.store.registryHistory(tenant: "t1", visibility: .everything)
            #expect(history.map(\.recordedBy) == ["ann", "bob", "bob"])
            #expect(history.map { $0.supersededAt == nil } == [false, true, true])
            // As it was known between the two, nothing had been superseded.
            let then = try await world.store.registryHistory(
                tenant: "t1", provider: "acme", knownAt: first.recordedAt, visibility: .everything)
            #expect(then.map(\.recordedBy) == ["ann"] && then.first?.supersededAt == nil)
            #expect(
                try await world.store.registryHistory(tenant: "t1", provider: "other", visibility: .everything).isEmpty)
        }
    }

    @Test func theSameFileTwiceChangesNothingAndABadFileNothingAtAll() async throws {
        try await World.with { world in
            let file = [
                entry("a", .trial, "2025-01-01", "2025-02-01"), entry("a", .test, "2025-02-01"),
                entry("b", .affiliate, "2025-01-01"),
            ]
            #expect(try await world.store.importRegistry(file, by: "x", now: now).asserted == 3)
            let again = try await world.store.importRegistry(file, by: "x", now: now)
            #expect(again.unchanged == 3 && again.asserted == 0 && again.superseded == 0)
            let before = try await world.store.exportRegistry(visibility: .everything)
            #expect(before.map(\.entry) == file)
            let bad = file + [entry("b", .trial, "2025-06-01")]
            let error = await #expect(throws: StoreError.self) {
                _ = try await world.store.importRegistry(bad, by: "x", now: self.now)
            }
            #expect(error?.code == .registryConflict)
            #expect(try await world.store.exportRegistry(visibility: .everything) == before)
        }
    }

    /// Random imports against the simplest model there is: for each import, an array of kinds by day.
    @Test func everyMomentsKnowledgeOfEveryDayIsTheModels() async throws {
        try await World.with { world in
            var generator = SeededGenerator(seed: UInt64.random(in: 0...UInt64.max))
            print("seed \(generator.seed)")
            let start = date("2025-01-01").days
            var days = [TenantKind](repeating: .unclassified, count: 60)
            var moments: [(known: Timestamp, days: [TenantKind])] = []
            for round in 0..<25 {
                let from = Int.random(in: 0..<59, using: &generator)
                let to = Bool.random(using: &generator) ? nil : Int.random(in: from + 1...60, using: &generator)
                let kind = TenantKind.allCases.randomElement(using: &generator) ?? .trial
                for day in from..<(to ?? 60) { days[day] = kind }
                let statement = RegistryEntry(
                    provider: "acme", tenant: "t", kind: kind, legalEntity: "",
                    effectiveFrom: CalendarDate(days: start + Int64(from)),
                    effectiveTo: to.map { CalendarDate(days: start + Int64($0)) }, reason: "round \(round)")
                let change = try await world.store.importRegistry([statement], by: "x", now: now)
                moments.append((known: change.recordedAt, days: days))
            }
            for (known, expected) in moments {
                let records = try await world.store.exportRegistry(knownAt: known, visibility: .everything)
                let found = (0..<60).map { day -> TenantKind in
                    let date = CalendarDate(days: start + Int64(day))
                    let held = records.filter {
                        $0.entry.effectiveFrom <= date && ($0.entry.effectiveTo.map { date < $0 } ?? true)
                    }
                    #expect(held.count <= 1)
                    return held.first?.entry.kind ?? .unclassified
                }
                #expect(found == expected)
            }
        }
    }

    @Test func importsAtOnceNeverLeaveTwoStatementsAboutOneDay() async throws {
        try await World.with { world in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<12 {
                    let statement = entry("t", .trial, "2025-01-\(10 + index)", reason: "\(index)")
                    group.addTask { _ = try await world.store.importRegistry([statement], by: "x", now: World.june) }
                }
                try await group.waitForAll()
            }
            let held = try await world.store.exportRegistry(visibility: .everything).map(\.entry)
            for (one, next) in zip(held, held.dropFirst()) { #expect(!one.overlaps(next)) }
            #expect(held.first?.effectiveFrom == date("2025-01-10") || held.count == 1)
        }
    }
}
