import Reporting
import Scopes
import TestSupport
import Testing
import UsageModel

@testable import Store

/// Questions on several scopes at once.
@Suite struct PartialAnswersTests {
    private static func questions(_ ids: [String], zone: String? = nil) throws -> [ScopeQuestion] {
        let catalogue = try ScopeCatalogue.builtIn()
        return try ids.map {
            var scope = try catalogue.scope($0)
            if let zone, $0 == ids.last { scope.zone = zone }
            return ScopeQuestion(scope: scope, period: try Period("2025-06"))
        }
    }

    @Test func `a scope that can't be answered does not spoil the others`() async throws {
        try await World.with { world in
            try await world.load([oneRow(minute("2025-06-15"), input: 10, output: 5)])
            let some = try await world.reports.results(
                of: Self.questions(["tenders", "all-traffic", "omdia-ai-cloud", "idc"]), visibility: .everything
            ).partial()
            #expect(some.answers.tables.map(\.scope.id) == ["all-traffic", "idc"])
            #expect(some.answers.tables.map(\.denominator) == [15, 0] && some.answers.position == 1)
            #expect(some.refused.map(\.scope) == ["tenders", "omdia-ai-cloud"])
            #expect(some.refused.map(\.code) == ["missing-facts", "missing-facts"])
            #expect(some.refused.map(\.missing) == [[.tenderRecords], [.revenueRecords]])
            // Days of Kolkata don't begin with the hours that sums are kept by.
            let zones = try await world.reports.results(
                of: Self.questions(["idc", "all-traffic"], zone: "Asia/Kolkata"), visibility: .everything
            ).partial()
            #expect(zones.answers.tables.map(\.scope.id) == ["idc"] && zones.refused.map(\.code) == ["not-kept"])
            let all = try await world.reports.results(
                of: Self.questions(["idc", "all-traffic"]), visibility: .everything
            ).partial()
            #expect(all.answers.tables.count == 2 && all.refused.isEmpty)
            let none = await #expect(throws: MissingFacts.self) {
                _ = try await world.reports.results(
                    of: Self.questions(["tenders", "iceberg"]), visibility: .everything
                ).partial()
            }
            #expect(none?.scope == "tenders")
        }
    }
}
