import CollectorCore
import Foundation
import HTTPSupport
import Identity
import NIOCore
import ServiceLifecycle
import Telemetry
import TestSupport
import Testing
import UsageModel

@testable import Collector

/// OTLP/gRPC over a real socket, with curl.
@Suite struct GRPCListenerTests {
    private struct Scene: Sendable {
        var call: GRPCCall
        var rig: Rig
        var server: CollectorServer

        func counted() async throws -> SealedTotals {
            await rig.seal()
            return try await rig.sealedTotals()
        }
    }

    private static let sources = "sources: {spans: {type: http, format: otlp}}\n"

    /// Runs `body` with the listener of a collector.
    private func serve(
        _ yaml: String = sources, in directory: String, tls: Bool = false,
        _ body: @Sendable (Scene) async throws -> Void
    ) async throws {
        let rig = try await Rig.open(directory, yaml)
        var server = rig.server
        server.limits.headerDeadline = .seconds(3_600)
        if tls { server.tls = try ReloadableTLS(files: try #require(rig.settings.http.tls)) }
        let ready = server
        let ports = AsyncStream<Int>.makeStream()
        let listener = try #require(
            server.makeGRPCListener { address in
                if let port = address.split(separator: ":").last.flatMap({ Int($0) }) { ports.continuation.yield(port) }
            })
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: listener)], logger: rig.parts.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { ports.continuation.finish() }
                try await group.run()
            }
            var iterator = ports.stream.makeAsyncIterator()
            let port = try #require(await iterator.next(), "the listener has a port")
            try await body(Scene(call: GRPCCall(port: port, directory: directory), rig: rig, server: ready))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private static func compressed(_ message: [UInt8], with tool: [String], in directory: String) throws -> [UInt8] {
        let path = "\(directory)/message.\(tool[0])"
        try LogFile.compress(Data(message), with: tool, to: path)
        return GRPCCall.framed(Array(try Data(contentsOf: URL(fileURLWithPath: path))), isCompressed: true)
    }

    @Test func `spans are counted once, whether compressed or not, and are durable when they are answered`()
        async throws
    {
        try await ScratchDirectory.with("grpc") { directory in
            let yaml = "grpc: {listen: 127.0.0.1:0}\n" + Self.sources
            try await serve(yaml, in: directory) { scene async throws in
                let one = GRPCCall.framed(Protobuf.span(1))
                let gzip = try Self.compressed(Protobuf.span(2), with: ["gzip", "-c"], in: directory)
                let zstd = try Self.compressed(Protobuf.span(3), with: ["zstd", "-c"], in: directory)
                let answers = [
                    try scene.call.send(one), try scene.call.send(one),
                    try scene.call.send(gzip, ["grpc-encoding: gzip"]),
                    try scene.call.send(zstd, ["grpc-encoding: zstd"]),
                    // What isn't compressed may say how it would have been.
                    try scene.call.send(one, ["grpc-encoding: gzip"]),
                    try scene.call.send(GRPCCall.framed([])),
                ]
                #expect(answers.map(\.code) == Array(repeating: 0, count: answers.count), "\(answers)")
                #expect(answers.allSatisfy { $0.body == GRPCCall.framed([]) })
            }
            // As if the collector had been killed after its answers.
            let again = try await Rig.open(directory)
            await again.seal()
            #expect(try await again.sealedTotals().counts.input == 3 * 12)
        }
    }

    @Test func `what can't be counted is told of as a partial success`() async throws {
        try await ScratchDirectory.with("grpc") { directory in
            try await serve("grpc: {listen: 127.0.0.1:0}\n" + Self.sources, in: directory) { scene async throws in
                let body = Protobuf.span(1) + Protobuf.span(2, input: -1)
                let answer = try scene.call.send(GRPCCall.framed(body))
                #expect(answer.code == 0)
                // partial_success, with rejected_spans 1.
                #expect(answer.body.dropFirst(5).first == UInt8(1 << 3 | 2))
                #expect(Array(answer.body.dropFirst(8).prefix(2)) == [UInt8(1 << 3), 1])
                #expect(String(decoding: answer.body, as: UTF8.self).contains("negative-count"))
                // Another signal than the source's is taken and not counted.
                let logs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
                #expect(try scene.call.send(GRPCCall.framed([]), to: logs).code == 0)
                let totals = try await scene.counted()
                #expect(totals.counts.input == 12)
                #expect(totals.rejections[.negativeCount] == 1)
            }
        }
    }

    /// Codes of gRPC: 3 INVALID_ARGUMENT, 5 NOT_FOUND, 7 PERMISSION_DENIED, 12 UNIMPLEMENTED.
    @Test func `what would be no better sent again is refused for good`() async throws {
        try await ScratchDirectory.with("grpc") { directory in
            let yaml = "grpc: {listen: 127.0.0.1:0}\nhttp: {max-body: 1KiB}\n" + Self.sources
            try await serve(yaml, in: directory) { scene async throws in
                let span = Protobuf.span(1)
                let framed = GRPCCall.framed(span)
                let bomb = try Self.compressed(
                    Array(repeating: 0, count: 1 << 20), with: ["zstd", "-c"], in: directory)
                let refused: [(what: String, code: Int, body: [UInt8], fields: [String])] = [
                    ("no protobuf", 3, GRPCCall.framed([0x7F]), []),
                    ("too large", 3, GRPCCall.framed(span, length: 1_025), []),
                    ("too large decompressed", 3, bomb, ["grpc-encoding: zstd"]),
                    ("cut", 3, Array(framed.dropLast()), []),
                    ("empty", 3, [], []),
                    ("two messages", 3, framed + framed, []),
                    ("compressed somehow", 3, GRPCCall.framed(span, isCompressed: true), []),
                    ("not compressed so", 3, GRPCCall.framed(span, isCompressed: true), ["grpc-encoding: gzip"]),
                    ("compressed otherwise", 12, framed, ["grpc-encoding: snappy"]),
                    ("of no source", 5, framed, ["steelyard-source: nobody"]),
                    ("of two sources", 5, framed, ["steelyard-source: spans", "steelyard-source: spans"]),
                    ("of a page", 7, framed, ["Origin: https://evil.example"]),
                ]
                for (what, code, body, fields) in refused {
                    let answer = try scene.call.send(body, fields)
                    #expect(answer.code == code, "\(what): \(answer)")
                    #expect(!answer.message.isEmpty)
                    #expect(answer.saysWhen == [false, false], "\(what)")
                }
                #expect(try scene.call.send(framed, to: "/a.Service/Export").code == 12)
                #expect(try scene.call.send(framed, to: "/nowhere").code == 12)
                #expect(try scene.call.send(framed, type: "application/json").status == 415)
                #expect(try scene.call.send(framed, more: ["--request", "PUT"]).code == 3)
                // Whoever says the number of a call isn't heard.
                #expect(try scene.call.send(framed, ["steelyard-push: 0"]).code == 0)
                #expect(try await scene.counted().counts.input == 12)
                let metrics = scene.rig.parts.metrics.registry.render()
                #expect(metrics.contains("steelyard_collector_grpc_calls_total{code=\"OK\"} 1\n"))
                #expect(metrics.contains("steelyard_collector_grpc_calls_total{code=\"PERMISSION_DENIED\"} 1\n"))
            }
        }
    }

    @Test func `what has to be sent again is told when`() async throws {
        try await ScratchDirectory.with("grpc") { directory in
            let yaml = "grpc: {listen: 127.0.0.1:0}\nhttp: {requests-per-second: 1}\n" + Self.sources
            try await serve(yaml, in: directory) { scene async throws in
                let framed = GRPCCall.framed(Protobuf.span(1))
                #expect(try scene.call.send(framed).code == 0)
                // RESOURCE_EXHAUSTED: the clock stands still, and the second's request is spent.
                let busy = try scene.call.send(framed)
                #expect(busy.code == 8)
                #expect(busy.saysWhen == [true, true])
                // UNAVAILABLE.
                scene.rig.parts.intakeSwitch.set(.fenced, true)
                let closed = try scene.call.send(framed)
                #expect(closed.code == 14)
                #expect(closed.saysWhen == [true, true])
                scene.rig.parts.intakeSwitch.set(.fenced, false)
                scene.rig.clock.advance(by: .seconds(1))
                #expect(try scene.call.send(framed).code == 0)
                #expect(try await scene.counted().counts.input == 12)
            }
        }
    }

    // MARK: Who may push where

    private static func write(_ text: String, _ path: String) throws {
        try PrivateFile.write(text, to: path, for: .ownerOnly, overwriting: true)
    }

    private static let tokens = (east: "east-0123456789ab", west: "west-0123456789ab", common: "common-0123456789")

    private static func authorization(_ token: String) -> String { "Authorization: Bearer \(token)" }

    @Test func `a token says which source a call is for, and a name where it doesn't`() async throws {
        try await ScratchDirectory.with("grpc") { directory in
            try Self.write(Self.tokens.east, "\(directory)/east.token")
            try Self.write(Self.tokens.west, "\(directory)/west.token")
            try Self.write(Self.tokens.common, "\(directory)/common.token")
            let yaml = """
                grpc: {listen: 127.0.0.1:0}
                sources:
                  east: {type: http, format: otlp, tenant: east, token-files: [east.token, common.token]}
                  west: {type: http, format: otlp, tenant: west, token-files: [west.token, common.token]}
                  events: {type: http}

                """
            try await serve(yaml, in: directory) { scene async throws in
                func send(_ number: UInt8, _ fields: [String]) throws -> Int? {
                    try scene.call.send(GRPCCall.framed(Protobuf.span(number, tenant: nil)), fields).code
                }
                #expect(try send(1, [Self.authorization(Self.tokens.east)]) == 0)
                #expect(try send(2, [Self.authorization(Self.tokens.west)]) == 0)
                #expect(try send(3, [Self.authorization(Self.tokens.common), "steelyard-source: west"]) == 0)
                // NOT_FOUND, since it is allowed in both; UNAUTHENTICATED otherwise.
                #expect(try send(4, [Self.authorization(Self.tokens.common)]) == 5)
                #expect(try send(4, [Self.authorization(Self.tokens.east), "steelyard-source: west"]) == 16)
                #expect(try send(4, [Self.authorization("wrong-0123456789a")]) == 16)
                #expect(try send(4, []) == 16)
                #expect(try send(4, [Self.authorization(Self.tokens.east), "steelyard-source: nobody"]) == 16)
                // A source of another format takes nothing here.
                #expect(try send(4, ["steelyard-source: events"]) == 5)
                #expect(try await scene.counted().byTenant == ["east": 12, "west": 24])
            }
        }
    }

    @Test func `TLS and client certificates are those of the HTTP listener`() async throws {
        try await ScratchDirectory.with("grpc") { directory in
            let authority = try CertificateAuthority.create(trustDomain: "steelyard.local")
            try Self.write(authority.certificatePEM, "\(directory)/ca.pem")
            @Sendable func issue(_ name: String, _ certificate: IssuedCertificate) throws {
                try Self.write(certificate.certificatePEM, "\(directory)/\(name).pem")
                try Self.write(certificate.privateKeyPEM, "\(directory)/\(name)-key.pem")
            }
            try issue("server", try authority.issueServer(names: ["localhost"]))
            for name in ["east", "west", "other"] {
                let request = LeafRequest(commonName: "a", dnsNames: ["\(name).example"], purposes: [.clientAuth])
                try issue(name, try authority.issue(request))
            }
            let yaml = """
                grpc: {listen: 0.0.0.0:0}
                http: {certificate-file: server.pem, key-file: server-key.pem, client-ca-file: ca.pem}
                sources:
                  east: {type: http, format: otlp, tenant: east, client-names: [east.example]}
                  west: {type: http, format: otlp, tenant: west, client-names: [west.example]}

                """
            try await serve(yaml, in: directory, tls: true) { scene async throws in
                var call = scene.call
                call.origin = "https"
                call.arguments = ["--http2", "--cacert", "\(directory)/ca.pem"]
                let tls = call
                func send(_ number: UInt8, as name: String?) throws -> Int? {
                    let shown = name.map {
                        ["--cert", "\(directory)/\($0).pem", "--key", "\(directory)/\($0)-key.pem"]
                    }
                    return try tls.send(
                        GRPCCall.framed(Protobuf.span(number, tenant: nil)), more: shown ?? []
                    ).code
                }
                #expect(try send(1, as: "east") == 0)
                #expect(try send(2, as: "west") == 0)
                #expect(try send(3, as: "other") == 16)
                #expect(try send(3, as: nil) == 16)
                // A certificate that was replaced holds from the next connection on.
                try issue("server", try authority.issueServer(names: ["elsewhere"]))
                try scene.server.tls?.reload()
                #expect(try send(3, as: "east") == nil)
                #expect(try await scene.counted().byTenant == ["east": 12, "west": 12])
            }
        }
    }

    @Test func `one connection more than there may be is closed, and its place is free again afterwards`() async throws
    {
        try await ScratchDirectory.with("grpc") { directory in
            let yaml = "grpc: {listen: 127.0.0.1:0, max-connections: 1}\n" + Self.sources
            try await serve(yaml, in: directory) { scene async throws in
                let held = try await RawServer.open(scene.call.port)
                try await waitUntil("the connection is taken") {
                    scene.rig.parts.metrics.registry.render().contains("steelyard_collector_grpc_connections 1\n")
                }
                #expect(try scene.call.send(GRPCCall.framed(Protobuf.span(1))).code == nil)
                try await held.close()
                try await waitUntil("its place is free") {
                    scene.rig.parts.metrics.registry.render().contains("steelyard_collector_grpc_connections 0\n")
                }
                #expect(try scene.call.send(GRPCCall.framed(Protobuf.span(1))).code == 0)
            }
        }
    }
}
