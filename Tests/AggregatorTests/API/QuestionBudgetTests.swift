import HTTPSupport
import Postgres
import Reporting
import Scopes
import Store
import TestSupport
import Testing

@testable import Aggregator

@Suite struct QuestionBudgetTests {
    private static func budget(
        questions: Int = 4, perToken: Int = 2, bytes: Int = 100, bytesPerToken: Int = 60
    ) -> QuestionBudget {
        var limits = QuestionBudget.Limits()
        limits.questions = .init(all: questions, perToken: perToken)
        limits.bytes = .init(all: bytes, perToken: bytesPerToken)
        limits.rows = .init(all: 1_000, perToken: 600)
        limits.answers = .init(all: 3, perToken: 2)
        return QuestionBudget(limits)
    }

    @Test func `one token's questions leave room for others'`() throws {
        let budget = Self.budget()
        var held = [try budget.permit(for: "a"), try budget.permit(for: "a")]
        #expect(throws: QuestionBudget.Refusal.tooManyOfToken(limit: 2)) { _ = try budget.permit(for: "a") }
        held += [try budget.permit(for: "b"), try budget.permit(for: "c")]
        #expect(throws: QuestionBudget.Refusal.busy) { _ = try budget.permit(for: "d") }
        #expect(budget.count == 4)
        held.removeAll()
        #expect(budget.count == 0)
        _ = try budget.permit(for: "a")
    }

    @Test func `answers that nobody reads hold their bytes until they are let go of`() throws {
        let budget = Self.budget()
        var (first, second): (QuestionPermit?, QuestionPermit?) = (
            try budget.permit(for: "a"), try budget.permit(for: "a")
        )
        try first?.hold(bytes: 50)
        #expect(throws: QuestionBudget.Refusal.tooMuchUnread) { try second?.hold(bytes: 20) }
        let other = try budget.permit(for: "b")
        try other.hold(bytes: 50)
        #expect(throws: QuestionBudget.Refusal.busy) { try second?.hold(bytes: 1) }
        first = nil
        try second?.hold(bytes: 20)
        second = nil
        #expect(budget.count == 1)
    }

    @Test func `an answer that is being read leaves its question's place to another, up to a number`() throws {
        let budget = Self.budget()
        var read: [QuestionPermit] = []
        for _ in 0..<2 {
            let permit = try budget.permit(for: "a")
            try permit.hold(rows: 600)
            try permit.answered()
            read.append(permit)
        }
        #expect((budget.count, budget.unreadCount) == (0, 2))
        let third = try budget.permit(for: "a")
        #expect(throws: QuestionBudget.Refusal.tooMuchUnread) { try third.answered() }
        let other = try budget.permit(for: "b")
        try other.answered()
        let last = try budget.permit(for: "c")
        #expect(throws: QuestionBudget.Refusal.busy) { try last.answered() }
        read.removeAll()
        try third.answered()
        #expect((budget.count, budget.unreadCount) == (1, 2))
    }

    @Test func `rows that questions keep are counted by token and in all`() throws {
        let budget = Self.budget()
        let (first, second) = (try budget.permit(for: "a"), try budget.permit(for: "a"))
        try first.hold(rows: 400)
        #expect(throws: QuestionBudget.Refusal.tooManyKept) { try second.hold(rows: 300) }
        #expect(throws: QuestionBudget.Refusal.tooManyRows(limit: 600)) { try first.hold(rows: 300) }
        let other = try budget.permit(for: "b")
        try other.hold(rows: 600)
        #expect(throws: QuestionBudget.Refusal.busy) { try second.hold(rows: 100) }
        try other.answered()
        try second.hold(rows: 100)
    }

    @Test func `one token's imports leave the connections that tokens are looked up on to others`() throws {
        let budget = Self.budget(questions: 10)
        let first = try budget.permit(for: "a", isChange: true)
        #expect(throws: QuestionBudget.Refusal.tooManyChanges(limit: 1)) {
            _ = try budget.permit(for: "a", isChange: true)
        }
        // The one that was refused holds nothing.
        let question = try budget.permit(for: "a")
        let other = try budget.permit(for: "b", isChange: true)
        #expect(throws: QuestionBudget.Refusal.busy) { _ = try budget.permit(for: "d", isChange: true) }
        #expect(budget.count == 3)
        withExtendedLifetime((first, question, other)) {}
        #expect(APILimits.maxChanges < AggregatorDaemon.administrationConnections)
    }

    @Test func `a question that needs more rows than a token may keep is refused with what to ask instead`()
        async throws
    {
        try await World.with { world in
            try await FiguresTests.fill(world)
            let store = world.store.pool
            let readers = ConnectionPool(
                .questions(connectionString: world.database.readerConnectionString),
                pool: PoolOptions(maxConnections: 2), logger: World.logger)
            let asked = Store(
                pool: store, questions: .reader(readers), calendar: world.store.calendar, logger: World.logger)
            var limits = QuestionBudget.Limits()
            limits.rows = .init(all: 5_000, perToken: 500)
            let permit = try QuestionBudget(limits).permit(for: "a")
            let scope = try ScopeCatalogue.builtIn().scope("idc")
            let question = ScopeQuestion(scope: scope, period: try Period("2025-06"))
            let error = await #expect(throws: QuestionBudget.Refusal.self) {
                _ = try await Reports(asked.questions(as: .everything, rowBudget: permit)).answer(
                    to: question, visibility: .everything)
            }
            #expect(error == .tooManyRows(limit: 500))
            let problem = error.flatMap { Problem(cause: $0) }
            #expect(problem?.status == 422 && problem?.code == "too-many-rows")
            let answer = try await Reports(asked.questions(as: .everything)).answer(
                to: question, visibility: .everything)
            #expect(!answer.table.rows.isEmpty)
            await readers.close()
        }
    }

    @Test func `a token with too much under way is told so, and others are answered`() async throws {
        try await World.with(overrides: ["query.questions-per-token=1"]) { world in
            // A question that waits for a rollup is under way until there is one.
            let (waiter, other) = (try await world.token(.auditor), try await world.token(.auditor))
            try await world.asCaller { client in
                // Asked again where one of those below is under way when it comes.
                async let slow = {
                    while true {
                        let reply = try await client.get("/v1/usage?period=2025-06&wait-for=1", token: waiter)
                        if reply.status != 429 { return reply }
                    }
                }()
                try await waitUntil("the second question is refused") {
                    let second = try await client.get("/v1/usage?period=2025-06", token: waiter)
                    guard second.status == 429 else { return false }
                    #expect(second.headers["retry-after"] != nil && second.text.contains("1 questions"))
                    return true
                }
                #expect(try await client.get("/v1/usage?period=2025-06", token: other).status == 200)
                #expect(try await client.get("/livez").status == 200)
                try await FiguresTests.fill(world)
                #expect(try await slow.status == 200)
                #expect(try await client.get("/v1/usage?period=2025-06", token: waiter).status == 200)
            }
        }
    }

    @Test func `an answer that is larger than any may be is refused with what to ask instead`() throws {
        let body = [UInt8](repeating: 0x20, count: APILimits.maxAnswerBytes + 1)
        let permit = try QuestionBudget().permit(for: "a")
        let problem = #expect(throws: Problem.self) {
            _ = try APIResponse(contentType: "text/csv", body: body).held(by: permit, in: AnswerFiles())
        }
        #expect(problem?.status == 422 && problem?.code == "answer-too-large")
    }
}
