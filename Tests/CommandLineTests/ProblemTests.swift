import Testing

@testable import steelyard

@Suite struct ProblemTests {
    func answer(_ status: Int, _ body: String = "") -> ReceivedResponse {
        ReceivedResponse(status: status, contentType: "application/problem+json", body: Array(body.utf8))
    }

    @Test(arguments: [
        (400, steelyard.ExitStatus.usage), (401, .denied), (403, .denied), (404, .usage), (413, .refusedInput),
        (415, .refusedInput), (422, .refusedInput), (429, .failure), (500, .failure), (503, .failure),
    ])
    func `every refusal has its exit code`(_ status: Int, _ expected: steelyard.ExitStatus) {
        #expect(Problem.error(for: answer(status), asking: "/v1/usage").status == expected)
        #expect(!Problem.error(for: answer(status, "<html>"), asking: "/v1/usage").message.isEmpty)
    }

    @Test(arguments: [401, 503], ["expired or revoked.", "expired or revoked"])
    func `what another sentence follows ends with one stop`(status: Int, detail: String) {
        let body = #"{"title":"Unauthorized","detail":"The token is \#(detail)"}"#
        let message = Problem.error(for: answer(status, body), asking: "/v1/usage").message
        #expect(message.hasPrefix("Unauthorized: The token is expired or revoked. T"))
    }

    @Test func `only a position that is not reached is waited for again`() {
        #expect(Problem.isStillCounting(answer(503, #"{"code":"position-not-reached"}"#)))
        #expect(!Problem.isStillCounting(answer(503, #"{"code":"database-away"}"#)))
        #expect(!Problem.isStillCounting(answer(503, "<html>")))
        #expect(!Problem.isStillCounting(answer(422, #"{"code":"position-not-reached"}"#)))
    }

    @Test func `lists every mistake of a file with its line`() {
        let body = """
            {"title":"The registry is refused","detail":"2 mistakes","errors":[
             {"line":3,"field":"kind","message":"unknown kind 'extern'"},
             {"line":7,"field":null,"message":"overlaps line 4"}]}
            """
        let error = Problem.error(for: answer(422, body), asking: "/v1/tenants")
        #expect(
            error.message == """
                The registry is refused: 2 mistakes
                  line 3, kind: unknown kind 'extern'
                  line 7: overlaps line 4
                """)
    }
}
