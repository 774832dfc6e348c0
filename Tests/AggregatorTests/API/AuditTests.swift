import Crypto
import Foundation
import HTTPSupport
import Postgres
import Store
import TestSupport
import Testing
import TextFormats
import UsageModel

@testable import Aggregator

@Suite struct AuditTests {
    struct Line: Sendable, Equatable {
        var actor: String
        var action: String
        var subject: String
        var detail: String
    }

    private static func lines(_ world: World) async throws -> [Line] {
        try await world.store.session { session in
            try session.connection.query("SELECT actor, action, subject, detail::text FROM audit_log ORDER BY audit_id")
                .map {
                    Line(
                        actor: try $0.decode(0), action: try $0.decode(1), subject: try $0.decode(2),
                        detail: try $0.decode(3))
                }
        }
    }

    @Test func `a flood of refusals is one row with a count for each minute`() async throws {
        try await World.with { world in
            let trail = AuditTrail(store: world.store, clock: world.clock, logger: World.logger)
            let refusal = AuditTrail.Refusal(
                kind: .refused, peer: PeerName.unknown, code: "unauthorized", place: "/v1/usage")
            for _ in 0..<10_000 { trail.note(refusal) }
            await trail.write(isEnd: false)
            #expect(try await Self.lines(world).isEmpty)
            world.clock.advance(seconds: 60)
            trail.note(refusal)
            await trail.write(isEnd: false)
            await trail.write(isEnd: true)
            let lines = try await Self.lines(world)
            #expect(lines.map(\.action) == ["request-refused", "request-refused"])
            #expect(lines.map { $0.detail.contains("\"count\": 10000") } == [true, false])
            #expect(lines.allSatisfy { $0.subject == "/v1/usage" && $0.detail.contains("\"peer\": \"unknown\"") })
        }
    }

    @Test func `a minute has so many rows, whoever floods`() async throws {
        try await World.with { world in
            let trail = AuditTrail(store: world.store, clock: world.clock, logger: World.logger)
            for index in 0..<1_000 {
                trail.note(.init(kind: .denied, peer: PeerName.unknown, code: "c\(index)", place: "p"))
            }
            await trail.write(isEnd: true)
            let lines = try await Self.lines(world)
            #expect(lines.count == AuditTrail.maxRowsPerMinute + 1)
            let rest = 1_000 - AuditTrail.maxRowsPerMinute
            #expect(lines.contains { $0.detail.contains("\"others\"") && $0.detail.contains("\"count\": \(rest)") })
        }
    }

    @Test func `a stranger's flood doesn't hide what a known caller was denied`() async throws {
        try await World.with { world in
            let trail = AuditTrail(store: world.store, clock: world.clock, logger: World.logger)
            for index in 0..<1_000 {
                trail.note(.init(kind: .refused, peer: PeerName.unknown, code: "c\(index)", place: "p"))
            }
            trail.note(
                .init(
                    kind: .denied, peer: PeerName.unknown, actor: "token known", code: "forbidden", place: "/v1/usage"))
            await trail.write(isEnd: true)
            let denied = try await Self.lines(world).filter { $0.action == "request-denied" }
            #expect(denied.map(\.actor) == ["token known"] && denied.map(\.subject) == ["/v1/usage"])
        }
    }

    @Test func `who did what is written down, with the file's digest and the person`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin, holder: "Mia")
            let actor = "token \(admin.split(separator: "_")[1])"
            let file = """
                provider,tenant,kind,legal_entity,effective_from,effective_to,reason
                aliyun,acme,external-customer,Acme,2025-01-01,,first

                """
            try await world.asCaller { client in
                let made = try await client.postJSON(
                    "/v1/tokens", #"{"role":"auditor","provider":"aliyun","holder":"Eve"}"#, token: admin)
                let bound = try made.json()["token"] as? String ?? ""
                let imported = try await client.send(
                    "POST", "/v1/tenants",
                    headers: [("Content-Type", "text/csv"), ("Authorization", "Bearer \(admin)")],
                    body: Array(file.utf8))
                #expect(imported.status == 200, "\(imported.text)")
                let export = try await client.get("/v1/tenants", token: admin, accept: "text/csv")
                #expect(export.status == 200)
                #expect(try await client.get("/v1/rank?period=2025-06", token: bound).status == 403)
                #expect(try await client.get("/v1/rank?period=2025-06").status == 401)
                world.clock.advance(seconds: 61)
                try await waitUntil("the refusals are written") {
                    try await Self.lines(world).contains { $0.action == "request-denied" }
                }
                let lines = try await Self.lines(world)
                let minted = lines.first { $0.action == "token-created" && $0.actor == actor }
                for part in ["\"role\": \"auditor\"", "\"provider\": \"aliyun\"", "\"holder\": \"Eve\""] {
                    #expect(minted?.detail.contains(part) == true, "\(minted?.detail ?? "")")
                }
                let sha256 = { (bytes: [UInt8]) in Hexadecimal.text(Array(SHA256.hash(data: bytes))) }
                for (action, bytes) in [("facts-imported", Array(file.utf8)), ("exported", export.body)] {
                    let line = lines.first { $0.action == action }
                    #expect(line?.actor == actor && line?.detail.contains(sha256(bytes)) == true, "\(action)")
                    #expect(line?.detail.contains("\"by_holder\": \"Mia\"") == true)
                }
                let denied = lines.first { $0.action == "request-denied" }
                #expect(denied?.actor == "token \(bound.split(separator: "_")[1])" && denied?.subject == "/v1/rank")
                #expect(denied?.detail.contains("bound-token") == true)
                let refused = lines.first { $0.action == "request-refused" }
                #expect(refused?.detail.contains("127.0.0.1") == true && refused?.subject == "/v1/rank")
            }
        }
    }

    /// What a line of a kind must say of who did it. A kind that is new doesn't compile until it is here, and fails
    /// until the test below does it.
    private static func author(_ action: AuditAction) -> [String] {
        switch action {
        case .tokenCreated, .tokenRotated, .tokenRevoked, .factsImported:
            [#""by_holder": "Mia""#, #""by_role": "admin""#, #""by_provider": null"#]
        case .exported: [#""by_holder": "Ann""#, #""by_role": "finance""#]
        case .statementProposed: [#""holder": "Ann""#, #""override_reason": "a test""#]
        case .statementApproved: [#""holder": "Bob""#, #""scope": "idc""#]
        case .statementWithdrawn: [#""holder": "Ann""#, #""reason": "it moved""#]
        case .requeued, .epochsRetired, .sumsRebuilt: [#""os_user": "ops""#, #""login": ""#]
        case .requestDenied: [#""by_holder": "Eve""#, #""by_role": "auditor""#, #""by_provider": "aliyun""#]
        case .requestRefused, .handshakeFailed: [#""peer": "127.0.0.1"#]
        }
    }

    @Test func `every kind of action leaves a line that says who did it`() async throws {
        try await World.with { world in
            try await FiguresTests.fill(world)
            try await world.store.waitForLatest(timeout: .seconds(120))
            let mia = try await world.token(.admin, holder: "Mia")
            try await Self.closeMonths(world)
            try await Self.administer(world, mia)
            try await Self.operate(world)
            await #expect(throws: (any Error).self) {
                try await TestClient.with(world.ingest, tls: try world.tls(nil)) { try await $0.get("/v1/epochs") }
            }
            try await waitUntil("the refusals are written") {
                // A handshake may be noted after its client has seen it fail.
                world.clock.advance(seconds: 61)
                let actions = try await Self.lines(world).map(\.action)
                return actions.contains("request-denied") && actions.contains("handshake-failed")
            }
            let lines = try await Self.lines(world)
            for action in AuditAction.allCases {
                let found = lines.filter { $0.action == action.rawValue }
                let parts = Self.author(action)
                let isTold = found.contains { line in parts.allSatisfy { line.detail.contains($0) } }
                #expect(isTold, "\(action.rawValue): \(found.map(\.detail))")
            }
            let known = Set(AuditAction.allCases.map(\.rawValue))
            #expect(lines.allSatisfy { known.contains($0.action) })
        }
    }

    private static func closeMonths(_ world: World) async throws {
        let ann = try await world.token(.finance, holder: "Ann")
        let bob = try await world.token(.finance, holder: "Bob")
        try await world.asCaller { client in
            for scope in ["idc", "all-traffic"] {
                let proposed = try await client.postJSON(
                    "/v1/statements", #"{"scope":"\#(scope)","month":"2025-06","override_reason":"a test"}"#, token: ann
                )
                let id = try #require(try proposed.json()["id"] as? Int, "\(proposed.text)")
                let reply =
                    scope == "idc"
                    ? try await client.send(
                        "POST", "/v1/statements/\(id)/approval", headers: [("Authorization", "Bearer \(bob)")])
                    : try await client.postJSON(
                        "/v1/statements/\(id)/withdrawal", #"{"reason":"it moved"}"#, token: ann)
                #expect(reply.status == 200, "\(reply.text)")
            }
            let export = try await client.get("/v1/exports/monthly-share?month=2025-06&scope=idc", token: ann)
            #expect(export.status == 200)
        }
    }

    private static func administer(_ world: World, _ admin: String) async throws {
        try await world.asCaller { client in
            let made = try await client.postJSON(
                "/v1/tokens", #"{"role":"auditor","provider":"aliyun","holder":"Eve"}"#, token: admin)
            let eve = try made.json()["token"] as? String ?? ""
            #expect(try await client.get("/v1/rank?period=2025-06", token: eve).status == 403)
            #expect(try await client.get("/v1/rank?period=2025-06").status == 401)
            let id = String(eve.split(separator: "_")[1])
            let rotated = try await client.postJSON("/v1/tokens/\(id)/rotation", "{}", token: admin)
            #expect(rotated.status == 201, "\(rotated.text)")
            let revoked = try await client.send(
                "DELETE", "/v1/tokens/\(id)", headers: [("Authorization", "Bearer \(admin)")])
            #expect(revoked.status == 204)
            let imported = try await client.send(
                "POST", "/v1/tenants", headers: [("Content-Type", "text/csv"), ("Authorization", "Bearer \(admin)")],
                body: Array((RegistryRoutesTests.header + "others,hooli,own-business,,2025-01-01,,found out\n").utf8))
            #expect(imported.status == 200, "\(imported.text)")
        }
    }

    /// What is done on a server's command line.
    private static func operate(_ world: World) async throws {
        let author = ServerOperator(command: "steelyard-aggregator test", osUser: "ops")
        let now = Timestamp(milliseconds: world.clock.nowMilliseconds())
        let key = CollectorKey(provider: "volcengine", collector: "edge-1")
        _ = try await world.asCollector { try await $0.openEpoch(last: 1, lastNext: 3) }
        let retired = try await world.store.transaction {
            _ = try $0.requeueQuarantined(of: nil, by: author, at: now)
            return try $0.retireEpochs(of: key, above: 1, by: author, at: now)
        }
        #expect(retired == [2])
        let june = CalendarDate(days: 20_240)..<CalendarDate(days: 20_270)
        let report = try await world.store.rebuild(
            june, replacement: Replacement(by: author, now: now), decode: RollupWorker.decode)
        #expect(report.isEqual && report.holes.isEmpty, "\(report)")
    }

    @Test func `a handshake without a good certificate is written down`() async throws {
        try await World.with { world in
            await #expect(throws: (any Error).self) {
                try await TestClient.with(world.ingest, tls: try world.tls(nil)) { try await $0.get("/v1/epochs") }
            }
            world.clock.advance(seconds: 61)
            try await waitUntil("the failure is written") {
                try await Self.lines(world).contains { $0.action == "handshake-failed" && $0.subject == "ingest" }
            }
        }
    }
}
