import CollectorCore
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing
import UsageModel

@testable import Collector

@Suite struct EventsHandlerTests {
    private struct Answer: Decodable {
        struct Rejected: Decodable {
            var line: UInt64
            var reason: String
            var field: String
            var detail: String
        }

        var accepted: UInt64?
        var rejected: [Rejected]?
        var rejectedCount: UInt64?
        var namesOverLimit: [String]?
        var type: String?
        var code: String?
        var status: Int?
        var title: String?
        var detail: String?

        enum CodingKeys: String, CodingKey {
            case accepted, rejected, type, code, status, title, detail
            case rejectedCount = "rejected_count"
            case namesOverLimit = "names_over_limit"
        }
    }

    private struct Server {
        var rig: Rig
        var client: any TestClientProtocol

        func post(
            _ body: [UInt8], type: String = "application/x-ndjson", encoding: String? = nil, path: String = "/v1/events"
        ) async throws -> (status: Int, answer: Answer, headers: HTTPFields) {
            var headers: HTTPFields = [.contentType: type]
            if let encoding { headers[.contentEncoding] = encoding }
            return try await client.execute(
                uri: path, method: .post, headers: headers, body: ByteBuffer(bytes: body)
            ) { response in
                let answer = try JSONDecoder().decode(Answer.self, from: Data(response.body.readableBytesView))
                return (response.status.code, answer, response.headers)
            }
        }

        func post(_ text: String, type: String = "application/x-ndjson", path: String = "/v1/events") async throws
            -> (status: Int, answer: Answer, headers: HTTPFields)
        {
            try await post(Array(text.utf8), type: type, path: path)
        }
    }

    private func withServer(_ yaml: String = "", _ body: @Sendable (Server) async throws -> Void) async throws {
        try await ScratchDirectory.with("http") { directory in
            let rig = try await Rig.open(directory, "listen: 127.0.0.1:0\n" + yaml)
            let server = rig.server
            try await server.makeApplication { _ in }.test(.live) { client in
                try await body(Server(rig: rig, client: client))
            }
        }
    }

    @Test func `accepted events are durable when the answer came`() async throws {
        try await ScratchDirectory.with("http") { directory in
            do {
                let rig = try await Rig.open(directory, "listen: 127.0.0.1:0")
                let server = rig.server
                try await server.makeApplication { _ in }.test(.live) { client in
                    let result = try await Server(rig: rig, client: client).post(Lines.events(0..<10))
                    #expect(result.status == 200)
                    #expect(result.answer.accepted == 10)
                    #expect(result.answer.rejectedCount == 0)
                }
            }
            let rig = try await Rig.open(directory)
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == 45)
        }
    }

    @Test func `other methods and paths are told apart`() async throws {
        try await withServer { server in
            for (method, path, status, allowed) in [
                (HTTPRequest.Method.put, "/v1/events", 405, "POST"), (.get, "/v1/events/gateway", 405, "POST"),
                (.post, "/metrics", 405, "GET"), (.post, "/v1/event", 404, nil), (.get, "/", 404, nil),
            ] {
                try await server.client.execute(uri: path, method: method) { response in
                    #expect(response.status.code == status, "\(method) \(path)")
                    #expect(response.headers[.allow] == allowed)
                    #expect(response.headers[.contentType] == "application/problem+json")
                }
            }
        }
    }

    @Test(arguments: [
        ("application/json", "[\(Lines.event(input: 1)),\(Lines.event(input: 2))]", 2 as UInt64),
        ("application/json", Lines.event(input: 3), 1), ("application/json; charset=utf-8", Lines.event(), 1),
        ("application/x-ndjson", Lines.events(0..<3) + "\n\n", 3),
    ])
    func `takes arrays, objects and lines`(type: String, body: String, accepted: UInt64) async throws {
        try await withServer { server in
            let result = try await server.post(body, type: type)
            #expect(result.status == 200)
            #expect(result.answer.accepted == accepted)
        }
    }

    @Test(arguments: [("gzip", ["gzip", "-c"]), ("zstd", ["zstd", "-q", "-c"])])
    func `takes compressed bodies`(encoding: String, tool: [String]) async throws {
        try await withServer { server in
            let path = "\(server.rig.directory)/body"
            try LogFile.compress(Data(Lines.events(0..<5_000).utf8), with: tool, to: path)
            let body = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            let result = try await server.post(body, encoding: encoding)
            #expect(result.status == 200)
            #expect(result.answer.accepted == 5_000)
            let cut = try await server.post(Array(body.dropLast(9)), encoding: encoding)
            #expect(cut.status == 400)
            #expect(cut.answer.code == "bad-encoding")
        }
    }

    @Test func `a push is told while further new names are counted under (over-limit)`() async throws {
        try await withServer { server in
            let before = try await server.post(Lines.event())
            let budgets = server.rig.parts.nameBudgets
            budgets.heard([
                ControlMessages.NameBudget(dimension: "tenant", of: "provider", used: 9, budget: 9, overLimit: 1)
            ])
            let during = try await server.post(Lines.event())
            budgets.heard([])
            let after = try await server.post(Lines.event())
            #expect(during.answer.accepted == 1 && during.answer.namesOverLimit == ["tenant"])
            #expect(before.answer.namesOverLimit == nil && after.answer.namesOverLimit == nil)
        }
    }

    @Test func `rejected lines are named and the others counted`() async throws {
        try await withServer { server in
            let body = Lines.event(input: 1) + "{]\n" + Lines.event(input: 2) + Lines.event(input: -1)
            let result = try await server.post(body)
            #expect(result.status == 200)
            #expect(result.answer.accepted == 2)
            #expect(result.answer.rejected?.map(\.line) == [2, 4])
            #expect(result.answer.rejected?.last?.reason == "negative-count")
            #expect(result.answer.rejected?.last?.field == "input_tokens")
            #expect(try LogFile.quarantined(server.rig.directory).count == 2)
            await server.rig.seal()
            #expect(try await server.rig.sealedTotals().rejections.values.reduce(0, +) == 2)
        }
    }

    @Test func `where nothing can be counted, the answer is 400 with the list`() async throws {
        try await withServer { server in
            let result = try await server.post(Lines.event(time: "2099-01-01T00:00:00Z"))
            #expect(result.status == 400)
            #expect(result.headers[.contentType] == "application/problem+json")
            #expect(result.answer.code == "all-rejected")
            #expect(result.answer.type == "urn:steelyard:problem:all-rejected")
            #expect(result.answer.title == "All events were rejected")
            #expect(result.answer.rejected?.first?.reason == "time-in-future")
            #expect(result.answer.accepted == 0)
        }
    }

    @Test func `long lists of rejections are cut but counted`() async throws {
        try await withServer { server in
            let result = try await server.post(String(repeating: "x\n", count: 500) + Lines.event())
            #expect(result.answer.rejected?.count == CollectorLimits.maxListedRejections)
            #expect(result.answer.rejectedCount == 500)
        }
    }

    @Test func `empty bodies are 400`() async throws {
        try await withServer { server in
            let result = try await server.post("\n\n")
            #expect(result.status == 400)
            #expect(result.answer.code == "no-events")
        }
    }

    @Test(arguments: [("text/plain", nil), ("application/json", "br"), ("text/csv", nil)] as [(String, String?)])
    func `other types and encodings are 415`(type: String, encoding: String?) async throws {
        try await withServer { server in
            let result = try await server.post(Array(Lines.event().utf8), type: type, encoding: encoding)
            #expect(result.status == 415)
            #expect(result.answer.status == 415)
        }
    }

    @Test func `bodies beyond the limit are 413 before and after decompression`() async throws {
        try await withServer("http: {max-body: 10KiB}") { server in
            let atLimit = Lines.event() + String(repeating: "\n", count: 10_240 - Lines.event().utf8.count)
            #expect(try await server.post(atLimit).status == 200)
            #expect(try await server.post(atLimit + "\n").status == 413)
            let path = "\(server.rig.directory)/bomb"
            try LogFile.compress(
                Data(String(repeating: " ", count: 10_241).utf8), with: ["gzip", "-c"], to: path)
            let bomb = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            let result = try await server.post(bomb, encoding: "gzip")
            #expect(result.status == 413)
            #expect(result.answer.code == "body-too-large")
        }
    }

    private static func logged(_ number: Int, prompt: String) -> String {
        #"{"ts":"2025-12-31T23:59:00Z","tenant":"t","model":"m","messages":[{"content":"\#(prompt)"}],"usage":"#
            + #"{"prompt_tokens":\#(number),"completion_tokens":1}}"#
    }

    /// As LiteLLM sends them: 512 records with their prompts, 20 MB.
    @Test(arguments: ["array", "lines", "gzip"])
    func `large bodies pass at the defaults`(form: String) async throws {
        try await ScratchDirectory.with("http") { directory in
            let rig = try await Rig.open(
                directory,
                "listen: 127.0.0.1:0\nhttp: {body-timeout: 10m}\nsources: {gw: {type: http, format: openai}}")
            let prompt = String(repeating: "prompt ", count: 6_000)
            let records = (0..<512).map { Self.logged($0, prompt: prompt) }
            let text = form == "array" ? "[\(records.joined(separator: ","))]" : records.joined(separator: "\n")
            #expect(text.utf8.count > 20 << 20)
            let body = "\(directory)/body"
            if form == "gzip" {
                try LogFile.compress(Data(text.utf8), with: ["gzip", "-c"], to: body)
            } else {
                try Data(text.utf8).write(to: URL(fileURLWithPath: body))
            }
            let fields = ["Content-Type: application/json"] + (form == "gzip" ? ["Content-Encoding: gzip"] : [])
            try await RawServer.serve(rig.server) { port async throws in
                let answer = try Curl.run(
                    fields.flatMap { ["--header", $0] } + [
                        "--max-time", "600", "--data-binary", "@\(body)", "http://127.0.0.1:\(port)/v1/events/gw",
                    ])
                #expect(answer.status == 200)
                #expect(answer.body.contains("\"accepted\":512"), "\(answer.body.prefix(500))")
            }
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == 511 * 256)
        }
    }

    @Test func `a body that is refused half way counts nothing`() async throws {
        try await withServer("http: {max-body: 1MiB}") { server in
            let large = Lines.events(0..<12_000)
            #expect(large.utf8.count > 1 << 20)
            // Without a length, so that it is refused only once it has come so far.
            let path = "\(server.rig.directory)/body"
            try LogFile.compress(Data(large.utf8), with: ["gzip", "-c"], to: path)
            let packed = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            #expect(try await server.post(packed, encoding: "gzip").status == 413)
            #expect(try await server.post(Array(packed.dropLast(100)), encoding: "gzip").status == 413)
            await server.rig.seal()
            #expect(try await server.rig.sealedTotals() == SealedTotals())
        }
    }

    @Test func `a request reserves as it grows, and alone as much as it needs`() {
        let budget = ByteBudget(limit: 1 << 20)
        let other = ByteReservation(budget)
        #expect(other.extend(to: 700_000))
        let growing = ByteReservation(budget)
        #expect(growing.extend(to: 300_000))
        #expect(!growing.extend(to: 400_000))
        #expect(growing.extend(to: 300_000))
        other.release()
        #expect(growing.extend(to: 2 << 20))
        #expect(!other.extend(to: 1))
        growing.release()
        #expect(other.extend(to: 1 << 20))
    }

    @Test(arguments: [
        (Problem.bodyTooLarge(limitBytes: 1), 60 as Int?), (.tooManyBytes, 1), (.bodyTooSlow, 60), (.tooManyKeys, 60),
    ])
    func `senders that repeat only after a server's error get one instead`(problem: Problem, after: Int?) {
        let told = problem.asServerError
        #expect(told.status == 503)
        #expect(told.retryAfterSeconds == after)
        #expect((told.code, told.detail) == (problem.code, problem.detail))
        #expect(Problem.noEvents.asServerError == .noEvents)
        #expect(Problem.notAllowedToPush.asServerError == .notAllowedToPush)
    }

    @Test func `named sources have their own format`() async throws {
        let yaml = """
            sources:
              sheet:
                type: http
                format: mapped
                layout: csv
                tenant: t
                model: m
                fields: {time: when, input-tokens: in}
            """
        try await withServer(yaml) { server in
            let csv = "when,in\n2025-12-31T00:00:00Z,7\n"
            let result = try await server.post(csv, type: "text/csv", path: "/v1/events/sheet")
            #expect(result.status == 200)
            #expect(result.answer.accepted == 1)
            #expect(try await server.post(csv, type: "application/json", path: "/v1/events/sheet").status == 415)
            #expect(try await server.post(csv, type: "text/csv", path: "/v1/events/other").status == 404)
        }
    }

    @Test(arguments: IntakeSwitch.Reason.allCases)
    func `closed intake is 503 with Retry-After`(reason: IntakeSwitch.Reason) async throws {
        try await withServer { server in
            server.rig.parts.intakeSwitch.set(reason, true)
            let result = try await server.post(Lines.event())
            #expect(result.status == 503)
            #expect(result.answer.code == reason.rawValue)
            #expect(result.headers[.retryAfter] == "5")
        }
    }

    /// LiteLLM drops for good what is answered 413 or 429.
    @Test func `LiteLLM is told to come again where others are told to send less`() async throws {
        let yaml = """
            http: {max-body: 1KiB, requests-per-second: 1}
            sources: {litellm: {type: http, format: litellm}, gateway: {type: http}}

            """
        for (source, tooLarge, tooMany) in [("litellm", 503, 503), ("gateway", 413, 429)] {
            try await withServer(yaml) { server in
                let path = "/v1/events/\(source)"
                let large = try await server.post(String(repeating: " ", count: 1_025), path: path)
                #expect(large.status == tooLarge)
                #expect(large.answer.code == "body-too-large")
                #expect((large.headers[.retryAfter] != nil) == (tooLarge == 503))
                // The clock stands still, and the second's request is spent.
                let many = try await server.post("{}", path: path)
                #expect(many.status == tooMany)
                #expect(many.answer.code == "too-many-requests")
                #expect(many.headers[.retryAfter] == "1")
            }
        }
    }

    @Test func `more requests than allowed are 429`() async throws {
        try await withServer("http: {requests-per-second: 3}") { server in
            for _ in 0..<3 { #expect(try await server.post(Lines.event()).status == 200) }
            let result = try await server.post(Lines.event())
            #expect(result.status == 429)
            #expect(result.headers[.retryAfter] == "1")
            server.rig.clock.advance(by: .seconds(1))
            #expect(try await server.post(Lines.event()).status == 200)
        }
    }

    @Test func `a budget of bytes lets one into an idle server and refuses the rest`() {
        let budget = ByteBudget(limit: 100)
        #expect(budget.reserve(150))
        #expect(!budget.reserve(1))
        budget.release(150)
        #expect(budget.reserve(60))
        #expect(budget.reserve(40))
        #expect(!budget.reserve(1))
    }

    @Test func `another provider's events are refused`() async throws {
        try await withServer { server in
            let line = Lines.event().replacing("{\"time\"", with: "{\"provider\":\"aliyun\",\"time\"")
            let result = try await server.post(line)
            #expect(result.answer.rejected?.first?.reason == "wrong-provider")
        }
    }

    @Test func `health and metrics answer`() async throws {
        try await withServer { server in
            _ = try await server.post(Lines.events(0..<4))
            try await server.client.execute(uri: "/livez", method: .get) { #expect($0.status == .ok) }
            try await server.client.execute(uri: "/metrics", method: .get) { response in
                let text = String(buffer: response.body)
                #expect(text.contains("steelyard_collector_events_total{source=\"http\"} 4\n"))
                #expect(text.contains("steelyard_collector_http_requests_total{status=\"200\"} 1\n"))
            }
            try await server.client.execute(uri: "/readyz", method: .get) { response in
                #expect(response.status == .ok)
                let readiness = try JSONDecoder().decode(Readiness.self, from: Data(response.body.readableBytesView))
                #expect(readiness.ready)
                #expect(readiness.provider == "volcengine")
                #expect(CollectorStatus.table(readiness).contains("volcengine/edge-1"))
            }
            server.rig.parts.intakeSwitch.set(.fenced, true)
            try await server.client.execute(uri: "/readyz", method: .get) { response in
                #expect(response.status == .serviceUnavailable)
                let readiness = try JSONDecoder().decode(Readiness.self, from: Data(response.body.readableBytesView))
                #expect(readiness.reasons == ["fenced"])
            }
        }
    }

    @Test func `unknown paths are problems too`() async throws {
        try await withServer { server in
            try await server.client.execute(uri: "/nowhere", method: .get) { response in
                #expect(response.status == .notFound)
                #expect(response.headers[.contentType] == "application/problem+json")
            }
        }
    }
}
