import HTTPSupport
import Store
import TestSupport
import Testing

@testable import Aggregator

@Suite struct QuestionBudgetTests {
    private static func budget(
        questions: Int = 4, perToken: Int = 2, bytes: Int = 100, bytesPerToken: Int = 60
    ) -> QuestionBudget {
        var limits = QuestionBudget.Limits()
        (limits.questions, limits.questionsPerToken) = (questions, perToken)
        (limits.bytes, limits.bytesPerToken) = (bytes, bytesPerToken)
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

    @Test func `a token with too much under way is told so, and others are answered`() async throws {
        try await World.with(overrides: ["query.questions-per-token=1"]) { world in
            // A question that waits for a rollup is under way until there is one.
            let (waiter, other) = (try await world.token(.auditor), try await world.token(.auditor))
            try await world.asCaller { client in
                async let slow = client.get("/v1/usage?period=2025-06&wait-for=1", token: waiter)
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
            _ = try APIResponse(contentType: "text/csv", body: body).holding(permit)
        }
        #expect(problem?.status == 422 && problem?.code == "answer-too-large")
    }
}
