import Postgres
import Reporting
import Scopes
import Store
import TestSupport
import Testing
import UsageModel

/// What holds a connection, and what doesn't.
@Suite struct ConnectionUseTests {
    /// The pool has one connection, and somebody else has it while the question is evaluated.
    @Test func `a question is evaluated without a connection`() async throws {
        try await World.with(connections: 1) { world in
            try await world.load([oneRow(minute("2025-06-15"), input: 10, output: 5)])
            let catalogue = try ScopeCatalogue.builtIn()
            let questions = try ["all-traffic", "tenders"].map {
                ScopeQuestion(scope: try catalogue.scope($0), period: try Period("2025-06"))
            }
            let reading = try await world.store.snapshot {
                try ScopeReading(questions, knownAt: nil, visibility: .everything, from: $0)
            }
            #expect(world.store.pool.usage.leased == 0)
            let found = try await world.store.session { _ in try reading.results() }
            #expect(try found.table(0).denominator == 15 && found.position == 1)
            #expect(throws: MissingFacts.self) { _ = try found.table(1) }
        }
    }
}
