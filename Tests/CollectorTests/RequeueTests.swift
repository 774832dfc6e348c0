import CollectorCore
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Identity
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// Quarantined records that are read again after the configuration was repaired.
@Suite struct RequeueTests {
    /// A gateway whose tenants stand where the configuration doesn't look.
    private static let wrong = "sources: {gw: {type: http, format: openai, openai: {id: [id]}}, other: {type: http}}"
    private static let right =
        "sources: {gw: {type: http, format: openai, openai: {id: [id], tenant: [team]}}, other: {type: http}}"

    private static func record(_ id: String, input: Int, prompt: String = "p") -> String {
        #"{"ts":"2025-12-31T23:59:00Z","id":"\#(id)","team":"t","model":"m","messages":"\#(prompt)","usage":"#
            + #"{"prompt_tokens":\#(input),"completion_tokens":1}}"# + "\n"
    }

    private func post(_ body: String, to source: String, of server: CollectorServer) async throws -> Int {
        try await server.makeApplication { _ in }.test(.live) { client in
            try await client.execute(
                uri: "/v1/events/\(source)", method: .post, headers: [.contentType: "application/x-ndjson"],
                body: ByteBuffer(string: body)
            ) { $0.status.code }
        }
    }

    private func requeue(_ rig: Rig, _ yaml: String, _ request: RequeueRequest) async throws -> RequeueOutcome {
        let settings = try Rig.settings(rig.directory, yaml)
        return try await Requeuer(writer: rig.writer, parts: rig.parts, readAgain: { settings }).run(request)
    }

    private func outcome(counted: UInt64 = 0, duplicates: UInt64 = 0, refused: UInt64 = 0) -> RequeueOutcome {
        var outcome = RequeueOutcome()
        (outcome.counted, outcome.duplicates, outcome.refused) = (counted, duplicates, refused)
        return outcome
    }

    @Test func `what counts under the repaired configuration leaves, once`() async throws {
        try await ScratchDirectory.with("requeue") { directory in
            let rig = try await Rig.open(directory, "listen: 127.0.0.1:0\n" + Self.wrong)
            let body = Self.record("1", input: 5) + Self.record("2", input: 7) + "no json\n"
            #expect(try await post(body, to: "gw", of: rig.server) == 400)
            #expect(try await post("nonsense\n", to: "other", of: rig.server) == 400)
            #expect(try await requeue(rig, Self.wrong, RequeueRequest(source: "gw")) == outcome(refused: 3))
            #expect(try LogFile.quarantined(directory).count == 4)
            let request = RequeueRequest(source: "gw")
            #expect(try await requeue(rig, Self.right, request) == outcome(counted: 2, refused: 1))
            #expect(try await requeue(rig, Self.right, request) == outcome(refused: 1))
            let left = try LogFile.quarantined(directory)
            #expect(left.map { $0["source"] as? String } == ["gw", "other"])
            await rig.seal()
            let totals = try await rig.sealedTotals()
            #expect(totals.events == 2)
            #expect(totals.counts.input == 12)
            // Refused once, whatever came of it later.
            #expect(totals.rejections == [.missingField: 2, .syntax: 2])
        }
    }

    @Test func `records that came again under their ids don't count twice`() async throws {
        try await ScratchDirectory.with("requeue") { directory in
            let rig = try await Rig.open(directory, "listen: 127.0.0.1:0\n" + Self.wrong)
            let body = Self.record("1", input: 5) + Self.record("2", input: 7)
            for _ in 0..<2 { #expect(try await post(body, to: "gw", of: rig.server) == 400) }
            let repaired = try await requeue(rig, Self.right, RequeueRequest(source: "gw"))
            #expect(repaired == outcome(counted: 2, duplicates: 2))
            #expect(try LogFile.quarantined(directory).isEmpty)
            await rig.seal()
            #expect(try await rig.sealedTotals().counts.input == 12)
        }
    }

    @Test func `only what is asked for is read again`() async throws {
        try await ScratchDirectory.with("requeue") { directory in
            let rig = try await Rig.open(directory, "listen: 127.0.0.1:0\n" + Self.wrong)
            _ = try await post(Self.record("1", input: 5), to: "gw", of: rig.server)
            rig.clock.advance(by: .seconds(60))
            let since = rig.clock.nowMilliseconds()
            _ = try await post(Self.record("2", input: 7), to: "gw", of: rig.server)
            func ask(_ since: Int64?, _ reason: RejectionReason?) async throws -> RequeueOutcome {
                try await requeue(
                    rig, Self.right, RequeueRequest(source: "gw", sinceMilliseconds: since, reason: reason))
            }
            #expect(try await ask(nil, .badTime) == outcome())
            #expect(try await ask(since + 1, nil) == outcome())
            #expect(try await ask(since, .missingField) == outcome(counted: 1))
            #expect(try await ask(nil, nil) == outcome(counted: 1))
        }
    }

    @Test func `long records are read again by the fields that were kept`() async throws {
        try await ScratchDirectory.with("requeue") { directory in
            let rig = try await Rig.open(
                directory, "listen: 127.0.0.1:0\nwindow: {back: 1m}\nquarantine: {record-bytes: 1KiB}\n" + Self.right)
            let prompt = String(repeating: "secret ", count: 1_000)
            let record = Self.record("1", input: 5, prompt: prompt).replacing("23:59", with: "23:50")
            #expect(try await post(record, to: "gw", of: rig.server) == 400)
            let kept = try #require(try LogFile.quarantined(directory).first)
            #expect(kept["kept"] as? String == "fields")
            let bytes = try #require((kept["bytes"] as? String).flatMap { Data(base64Encoded: $0) })
            #expect(!String(decoding: bytes, as: UTF8.self).contains("secret"))
            rig.parts.timeWindow.set(try Rig.settings(directory, Self.right).window)
            #expect(
                try await requeue(rig, Self.right, RequeueRequest(source: "gw")) == outcome(counted: 1))
        }
    }

    @Test func `rows of a CSV file are read again under their header`() async throws {
        try await ScratchDirectory.with("requeue") { directory in
            let csv =
                "type: file, paths: ['*.csv'], format: mapped, layout: csv, model: m, "
                + "fields: {time: when, input-tokens: in}"
            let rig = try await Rig.open(directory, "sources: {sheet: {\(csv)}}")
            try LogFile.append(
                "when,in\n2025-12-31T00:00:00Z,7\n2025-12-31T00:00:00Z,8\n", to: "\(directory)/a.csv")
            await rig.readAll()
            await rig.seal()
            #expect(try LogFile.quarantined(directory).count == 2)
            let repaired = try await requeue(
                rig, "sources: {sheet: {\(csv), tenant: t}}", RequeueRequest(source: "sheet"))
            #expect(repaired == outcome(counted: 2))
            #expect(try LogFile.quarantined(directory).isEmpty)
            await rig.seal()
            #expect(try await rig.sealedTotals().byTenant == ["t": 15])
        }
    }

    @Test func `commands need the token of the data directory`() async throws {
        try await ScratchDirectory.with("requeue") { directory in
            let rig = try await Rig.open(directory, "listen: 127.0.0.1:0\n" + Self.wrong)
            _ = try await post(Self.record("1", input: 5), to: "gw", of: rig.server)
            let settings = try Rig.settings(directory, Self.right)
            let control = ControlHandler(
                tokens: BearerTokens(tokens: ["token-0123456789"]),
                requeuer: Requeuer(writer: rig.writer, parts: rig.parts, readAgain: { settings }),
                logger: rig.parts.logger)
            try await rig.server.makeControlApplication(control) { _ in }.test(.live) { client in
                func ask(_ query: String, token: String?) async throws -> (status: Int, body: String) {
                    var headers: HTTPFields = [:]
                    headers[.authorization] = token.map { "Bearer \($0)" }
                    return try await client.execute(
                        uri: "/v1/requeue?\(query)", method: .post, headers: headers
                    ) { ($0.status.code, String(buffer: $0.body)) }
                }
                #expect(try await ask("source=gw", token: nil).status == 401)
                #expect(try await ask("source=gw", token: "wrong-0123456789").status == 401)
                for (query, status) in [
                    ("", 400), ("source=nosuch", 404), ("source=gw&since=x", 400), ("source=gw&reason=x", 400),
                ] {
                    #expect(try await ask(query, token: "token-0123456789").status == status, "\(query)")
                }
                let answer = try await ask("source=gw&reason=missing-field", token: "token-0123456789")
                #expect(answer.status == 200)
                #expect(answer.body.contains("\"counted\":1"))
                // What was refused is told here, and not where others may ask.
                try await client.execute(uri: "/readyz", method: .get) { response in
                    let readiness = try JSONDecoder().decode(
                        Readiness.self, from: Data(response.body.readableBytesView))
                    let refusal = try #require(readiness.refusals?.first)
                    #expect(refusal.reason == "missing-field")
                    #expect(refusal.place == "pushed, record 1")
                    #expect(refusal.excerpt.hasPrefix(#"{"ts":"…","id":"…","team":"…","model":"m"#) == false)
                    #expect(refusal.excerpt.hasPrefix(#"{"ts":"…","id":"…","team":"…","model":"…","#))
                    #expect(CollectorStatus.table(readiness).contains("missing-field (tenant)"))
                }
            }
            try await rig.server.makeApplication { _ in }.test(.live) { client in
                try await client.execute(uri: "/readyz", method: .get) { response in
                    #expect(!String(buffer: response.body).contains("refusals"))
                }
                try await client.execute(uri: "/v1/requeue?source=gw", method: .post) { #expect($0.status.code == 404) }
            }
        }
    }
}
