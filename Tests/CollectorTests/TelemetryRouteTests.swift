import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// The paths of OTLP and OpenMeter.
@Suite struct TelemetryRouteTests {
    private struct Reply: Sendable {
        var status: Int
        var body: String
        var type: String?
    }

    private static let sources = """
        sources:
          spans: {type: http, format: otlp}
          totals: {type: http, format: otlp, signal: metrics}
          meter: {type: http, format: cloudevents}

        """

    /// Posts JSON to a collector over the directory. Afterwards that collector is gone, as if it had been killed.
    private func post(
        _ bodies: [(path: String, body: String)], headers: HTTPFields = [.contentType: "application/json"],
        in directory: String, settings yaml: String = sources, clock: HandClock = HandClock(), sealing: Bool = false
    ) async throws -> [Reply] {
        let rig = try await Rig.open(directory, "listen: 127.0.0.1:0\n" + yaml, clock: clock)
        let server = rig.server
        let replies = try await server.makeApplication { _ in }.test(.live) { client in
            var replies: [Reply] = []
            for (path, body) in bodies {
                replies.append(
                    try await client.execute(
                        uri: path, method: .post, headers: headers, body: ByteBuffer(string: body)
                    ) { response in
                        Reply(
                            status: response.status.code, body: String(buffer: response.body),
                            type: response.headers[.contentType])
                    })
            }
            return replies
        }
        if sealing { await rig.seal() }
        return replies
    }

    private func counted(_ directory: String) async throws -> SealedTotals {
        let rig = try await Rig.open(directory)
        await rig.seal()
        return try await rig.sealedTotals()
    }

    /// 2025-12-31T23:59:00Z.
    private static let time: UInt64 = 1_767_225_540_000_000_000

    private static func span(_ number: Int, input: Int = 12) -> String {
        let id = String(repeating: "0\(number)", count: 8)
        return """
            {"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"\(id)\(id)","spanId":"\(id)","endTimeUnixNano":"\(time)",\
            "attributes":[{"key":"tenant.id","value":{"stringValue":"t"}},{"key":"gen_ai.operation.name","value":\
            {"stringValue":"chat"}},{"key":"gen_ai.request.model","value":{"stringValue":"m"}},{"key":\
            "gen_ai.usage.input_tokens","value":{"intValue":"\(input)"}}]}]}]}]}
            """
    }

    private static func metric(
        _ value: Int, calls: Int, temporality: Int = 2, start: UInt64 = 60, time more: UInt64 = 0
    )
        -> String
    {
        """
        {"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"gen_ai.client.token.usage","histogram":{\
        "aggregationTemporality":\(temporality),"dataPoints":[{"startTimeUnixNano":"\(time - start * 1_000_000_000)",\
        "timeUnixNano":"\(time + more)","count":"\(calls)","sum":\(value),"attributes":[{"key":"tenant.id","value":\
        {"stringValue":"t"}},{"key":"gen_ai.request.model","value":{"stringValue":"m"}},{"key":"gen_ai.token.type",\
        "value":{"stringValue":"input"}}]}]}}]}]}]}
        """
    }

    @Test func `spans are counted once, and refused ones told of`() async throws {
        try await ScratchDirectory.with("otlp") { directory in
            let path = "/otlp/spans/v1/traces"
            let replies = try await post(
                [
                    (path, Self.span(1)), (path, Self.span(1)), (path, Self.span(2)), (path, Self.span(3, input: -1)),
                    (path, "{\"resourceSpans\":["), (path, "{}"), ("/otlp/spans/v1/logs", "{\"resourceLogs\":[]}"),
                    ("/otlp/nobody/v1/traces", "{}"), ("/otlp/meter/v1/traces", "{}"), ("/v1/traces", "{}"),
                ], in: directory)
            #expect(replies.map(\.status) == [200, 200, 200, 200, 400, 200, 200, 404, 404, 404])
            #expect(replies[0].body == "{}")
            #expect(replies[3].body.contains("\"rejectedSpans\":\"1\""))
            #expect(replies[3].body.contains("negative-count"))
            // gRPC's INVALID_ARGUMENT, in the encoding of the request.
            #expect(replies[4].body.contains("\"code\":3"))
            let totals = try await counted(directory)
            #expect(totals.counts.input == 24)
            #expect(totals.rejections[.negativeCount] == 1)
        }
    }

    @Test func `a path without a name is that of the only source`() async throws {
        try await ScratchDirectory.with("otlp") { directory in
            let replies = try await post(
                [("/v1/traces", Self.span(1)), ("/v1/metrics", Self.metric(5, calls: 1))], in: directory,
                settings: "sources: {spans: {type: http, format: otlp}}\n")
            #expect(replies.map(\.status) == [200, 200])
            #expect(try await counted(directory).counts.input == 12)
        }
    }

    @Test func `protobuf is answered with protobuf`() async throws {
        try await ScratchDirectory.with("otlp") { directory in
            let replies = try await post(
                [("/otlp/spans/v1/traces", ""), ("/otlp/spans/v1/traces", "\u{7F}")],
                headers: [.contentType: "application/x-protobuf"], in: directory)
            #expect(replies.map(\.status) == [200, 400])
            #expect(replies.allSatisfy { $0.type == "application/x-protobuf" })
            #expect(replies[0].body.isEmpty)
        }
    }

    /// Each collector is killed after its requests, with or without having sealed what it took.
    @Test(arguments: [false, true])
    func `a cumulative total goes on where it was counted, over restarts`(sealing: Bool) async throws {
        try await ScratchDirectory.with("otlp") { directory in
            let path = "/otlp/totals/v1/metrics"
            for (value, calls) in [(10, 1), (10, 1), (25, 3)] {
                let replies = try await post(
                    [(path, Self.metric(value, calls: calls)), (path, Self.metric(value, calls: calls))],
                    in: directory, sealing: sealing)
                #expect(replies.map(\.status) == [200, 200])
            }
            let totals = try await counted(directory)
            #expect(totals.counts.input == 25)
            #expect(totals.counts.requests == 3)
        }
    }

    @Test func `a process that starts again counts from zero, and one from before the horizon from there on`()
        async throws
    {
        try await ScratchDirectory.with("otlp") { directory in
            let path = "/otlp/totals/v1/metrics"
            let twoDays: UInt64 = 2 * 86_400
            let replies = try await post(
                [
                    (path, Self.metric(10, calls: 1)), (path, Self.metric(4, calls: 1, start: 30)),
                    (path, Self.metric(1_000, calls: 9, start: twoDays)),
                    (path, Self.metric(1_007, calls: 10, start: twoDays)),
                ], in: directory)
            #expect(replies.map(\.status) == [200, 200, 200, 200])
            #expect(replies[2].body.contains("unknown-total"))
            let totals = try await counted(directory)
            #expect(totals.counts.input == 10 + 4 + 7)
            #expect(totals.rejections[.unknownTotal] == 1)
        }
    }

    @Test func `a delta is counted once however often it comes`() async throws {
        try await ScratchDirectory.with("otlp") { directory in
            let path = "/otlp/totals/v1/metrics"
            for _ in 0..<2 {
                _ = try await post(
                    [
                        (path, Self.metric(10, calls: 1, temporality: 1)),
                        (path, Self.metric(10, calls: 1, temporality: 1)),
                        (path, Self.metric(3, calls: 1, temporality: 1, time: 1)),
                    ], in: directory)
            }
            #expect(try await counted(directory).counts.input == 13)
        }
    }

    private static func event(_ id: String, input: Int = 10) -> String {
        """
        {"specversion":"1.0","type":"litellm_tokens","id":"\(id)","source":"litellm-proxy","subject":"t",\
        "time":"2025-12-31T23:59:00Z","data":{"model":"m","cost":1,"prompt_tokens":\(input),"completion_tokens":1,\
        "total_tokens":\(input + 1)}}
        """
    }

    @Test func `OpenMeter's path takes events and batches, and answers nothing`() async throws {
        try await ScratchDirectory.with("openmeter") { directory in
            let path = "/api/v1/events"
            let replies = try await post(
                [
                    (path, Self.event("a")), (path, Self.event("a")),
                    (path, "[\(Self.event("b")),\(Self.event("c", input: 5))]"), (path, "{\"specversion\":\"1.0\"}"),
                    ("/openmeter/meter/api/v1/events", Self.event("d")),
                ], headers: [.contentType: "application/cloudevents+json"], in: directory)
            #expect(replies.map(\.status) == [204, 204, 204, 400, 204])
            #expect(replies[0].body.isEmpty)
            #expect(try await counted(directory).counts.input == 35)
        }
    }

    @Test func `an event in binary mode is the same event`() async throws {
        try await ScratchDirectory.with("openmeter") { directory in
            var headers: HTTPFields = [.contentType: "application/json"]
            let attributes = [
                ("ce-specversion", "1.0"), ("ce-id", "a"), ("ce-source", "litellm-proxy"), ("ce-subject", "t%20\"1\""),
                ("ce-type", "litellm_tokens"), ("ce-time", "2025-12-31T23:59:00Z"),
            ]
            for (name, value) in attributes { headers[try #require(HTTPField.Name(name))] = value }
            let replies = try await post(
                [
                    ("/v1/events/meter", "{\"model\":\"m\",\"prompt_tokens\":10,\"completion_tokens\":1}"),
                    ("/v1/events/meter", "{\"model\":\"m\",\"prompt_tokens\":10,\"completion_tokens\":1}"),
                    ("/v1/events/meter", "1},{\"id\":\"b\""),
                ], headers: headers, in: directory)
            #expect(replies.map(\.status) == [200, 200, 400])
            let totals = try await counted(directory)
            #expect(totals.byTenant == ["t \"1\"": 10])
        }
    }
}
