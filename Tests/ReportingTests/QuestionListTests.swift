import Reporting
import Scopes
import Synchronization
import Testing
import UsageModel

@Suite struct QuestionListTests {
    private static func questions(_ ids: [String]) throws -> [ScopeQuestion] {
        let catalogue = try ScopeCatalogue.builtIn()
        return try ids.map { ScopeQuestion(scope: try catalogue.scope($0), period: June.month) }
    }

    @Test func `a list with refused questions is read once and each is refused for its reason`() async throws {
        let database = June.complete()
        var questions = try Self.questions(["tenders", "all-traffic", "omdia-ai-cloud"])
        var scope = June.scope(zone: "Asia/Kolkata")
        questions.append(ScopeQuestion(scope: scope, period: June.month))
        scope.zone = "Asia/Shanghai"
        questions.append(ScopeQuestion(scope: scope, period: June.month))
        let found = try await Reports(database).results(of: questions, visibility: .provider("acme"))
        #expect(found.position == 7 && found.knownAt == Timestamp(seconds: 1_751_000_000))
        let codes = found.results.map { result -> String in
            switch result {
            case .success(let table): "\(table.scope.id) \(table.denominator)"
            case .failure(let refusal): "\(refusal.scope) \(refusal.code) \(refusal.missing.map(\.rawValue))"
            }
        }
        #expect(
            codes == [
                "tenders missing-facts [\"tender-records\"]", "all-traffic 100",
                "omdia-ai-cloud missing-facts [\"revenue-records\"]", "house not-kept []", "house 100",
            ])
        let snapshots = database.log.withLock { $0.filter { $0.hasPrefix("gave back") } }
        #expect(snapshots.count == 1)
    }

    @Test func `nothing is evaluated before the connection is given back`() async throws {
        let database = June.complete()
        let question = ScopeQuestion(scope: June.scope(), period: June.month)
        let answer = try await Reports(database).answer(to: question, visibility: .everything)
        #expect(answer.table.denominator == 100)
        // What leaves the snapshot is what was read; the table is made of it afterwards.
        #expect(database.log.withLock { $0 } == ["sums under house of *", "gave back ScopeReading"])
        // A question that turns out to be unanswerable when it is evaluated doesn't end the snapshot with an error.
        await #expect(throws: MissingFacts.self) {
            _ = try await Reports(database).answer(to: Self.questions(["iceberg"])[0], visibility: .everything)
        }
        #expect(database.log.withLock { $0.last } == "gave back ScopeReading")
    }

    @Test func `answers are all or the first refusal and parts are what can be answered`() async throws {
        let reports = Reports(June.complete())
        let mixed = try await reports.results(
            of: Self.questions(["all-traffic", "tenders"]), visibility: .everything)
        #expect(throws: MissingFacts.self) { _ = try mixed.answers() }
        let partial = try mixed.partial()
        #expect(partial.answers.tables.map(\.scope.id) == ["all-traffic"])
        #expect(partial.refused.map(\.scope) == ["tenders"])
        let none = try await reports.results(of: Self.questions(["tenders", "iceberg"]), visibility: .everything)
        let error = #expect(throws: MissingFacts.self) { _ = try none.partial() }
        #expect(error?.scope == "tenders")
    }

    /// Hour sums that retention has dropped refuse the scopes that need them, and no others.
    @Test func `hours that are not kept refuse only scopes of other zones`() async throws {
        let first = Timestamp(seconds: June.month.seconds(in: .utc).lowerBound)
        let database = MemoryDatabase(MemoryDatabase.Content(rows: [June.row(1)], kept: [.hour: first]))
        let found = try await Reports(database).results(
            of: [
                ScopeQuestion(scope: June.scope("own"), period: June.month),
                // Shanghai's June begins eight hours before UTC's.
                ScopeQuestion(scope: June.scope("other", zone: "Asia/Shanghai"), period: June.month),
            ], visibility: .everything)
        #expect(throws: Never.self) { _ = try found.table(0) }
        let error = #expect(throws: QuestionError.self) { _ = try found.table(1) }
        #expect(error?.code == .notKept)
        #expect(error?.message.contains("kept from 2025-06-01 (UTC) on") == true)
    }
}

@Suite struct KeptSumsTests {
    @Test func `the finest sums are those that reach back far enough`() {
        func source(minutes: Int64?, hours: Int64?) -> UsageBucket {
            UsageBucket.finest(
                keptSince: 100, minutesFrom: minutes.map { Timestamp(seconds: $0) },
                hoursFrom: hours.map { Timestamp(seconds: $0) })
        }
        #expect(source(minutes: nil, hours: nil) == .minute)
        #expect(source(minutes: 100, hours: nil) == .minute)
        #expect(source(minutes: 101, hours: 100) == .hour)
        #expect(source(minutes: 101, hours: 101) == .day)
    }
}
