import APIModel
import Foundation
import HTTPSupport
import Store
import TestSupport
import Testing
import TextFormats
import UsageModel

@testable import Aggregator

@Suite struct TokenRoutesTests {
    private static func record(_ id: String, _ client: TestClient, _ admin: String) async throws -> [String: Any]? {
        let list = try await client.get("/v1/tokens", token: admin).json()["tokens"] as? [[String: Any]] ?? []
        return list.first { $0["id"] as? String == id }
    }

    private static func id(_ token: String) -> String { String(token.split(separator: "_")[1]) }

    @Test func `a token ends after 90 days unless something else is said, and then says so`() async throws {
        try await World.with { world in
            let forever = try await TokenService(store: world.store, clock: world.clock)
                .create(role: .admin, provider: nil, by: "test", lifetime: .never).text
            try await world.asCaller { client in
                let made = try await client.postJSON("/v1/tokens", #"{"role":"auditor"}"#, token: forever)
                #expect(try made.json()["expires_at"] as? String == "2025-09-30T00:00:00.000Z")
                let short = try await client.postJSON(
                    "/v1/tokens", #"{"role":"auditor","expires":"12h"}"#, token: forever)
                #expect(try short.json()["expires_at"] as? String == "2025-07-02T12:00:00.000Z")
                let never = try await client.postJSON(
                    "/v1/tokens", #"{"role":"auditor","expires":"never"}"#, token: forever)
                #expect(try never.json()["expires_at"] is NSNull)
                for text in ["", "0s", "30", "d", "-1d", "4000d", "1w", "Never", "1.5d", "99999999999d"] {
                    let reply = try await client.postJSON(
                        "/v1/tokens", "{\"role\":\"auditor\",\"expires\":\"\(text)\"}", token: forever)
                    #expect(reply.status == 400, "\(text)")
                }
                let token = try made.json()["token"] as? String ?? ""
                world.clock.advance(seconds: 90 * 86_400 - 1)
                #expect(try await client.get("/v1/scopes", token: token).status == 200)
                world.clock.advance(seconds: 1)
                let ended = try await client.get("/v1/scopes", token: token)
                #expect((ended.status, ended.code) == (401, "token-expired"))
                let wrong = try await client.get("/v1/scopes", token: String(token.dropLast(4)) + "0000")
                #expect((wrong.status, wrong.code) == (401, "unauthorized"))
            }
        }
    }

    @Test func `a rotated token works through the overlap, its successor has its rights`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin, holder: "Mia")
            let old = try await world.token(.finance, holder: "Ann")
            try await world.asCaller { client in
                let reply = try await client.postJSON(
                    "/v1/tokens/\(Self.id(old))/rotation", #"{"overlap":"1h","expires":"30d"}"#, token: admin)
                #expect(reply.status == 201, "\(reply.text)")
                let json = try reply.json()
                #expect(json["role"] as? String == "finance" && json["holder"] as? String == "Ann")
                #expect(json["replaces"] as? String == Self.id(old))
                #expect(json["expires_at"] as? String == "2025-08-01T00:00:00.000Z")
                let new = json["token"] as? String ?? ""
                for token in [old, new] { #expect(try await client.get("/v1/scopes", token: token).status == 200) }
                world.clock.advance(seconds: 3_600)
                #expect(try await client.get("/v1/scopes", token: old).code == "token-expired")
                #expect(try await client.get("/v1/scopes", token: new).status == 200)
                let again = try await client.postJSON(
                    "/v1/tokens/\(Self.id(old))/rotation", "{}", token: admin)
                #expect(again.status == 404)
                let long = try await client.postJSON(
                    "/v1/tokens/\(Self.id(new))/rotation", #"{"overlap":"31d"}"#, token: admin)
                #expect(long.status == 400)
                let own = try await client.postJSON("/v1/tokens/\(Self.id(new))/rotation", "{}", token: new)
                #expect((own.status, own.code) == (403, "wrong-role"))
            }
        }
    }

    @Test func `the last use is shown to a minute`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            let token = try await world.token(.auditor)
            try await world.asCaller { client in
                #expect(try await Self.record(Self.id(token), client, admin)?["last_used_at"] is NSNull)
                for (seconds, shown) in [
                    (0, "2025-07-02T00:00:00.000Z"), (59, "2025-07-02T00:00:00.000Z"),
                    (1, "2025-07-02T00:01:00.000Z"),
                ] as [(Int64, String)] {
                    world.clock.advance(seconds: seconds)
                    _ = try await client.get("/v1/scopes", token: token)
                    #expect(try await Self.record(Self.id(token), client, admin)?["last_used_at"] as? String == shown)
                }
            }
        }
    }

    @Test(arguments: [
        ("O;Brien", "“;” (U+003B) as its character 2"), ("Ann\u{200B}", "U+200B as its character 4"),
    ])
    func `a holder's character that names may not hold is named`(holder: String, said: String) async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            try await world.asCaller { client in
                let reply = try await client.postJSON(
                    "/v1/tokens", "{\"role\":\"finance\",\"holder\":\"\(holder)\"}", token: admin)
                let detail = try reply.json()["detail"] as? String ?? ""
                #expect(reply.status == 400 && detail.contains(said), "\(detail)")
            }
        }
    }

    @Test func `a caller bound to a provider isn't told how far the whole market has come`() async throws {
        try await World.with { world in
            try await FiguresTests.fill(world)
            try await world.store.waitForLatest(timeout: .seconds(120))
            let bound = try await world.token(.auditor, provider: "aliyun")
            let free = try await world.token(.auditor)
            try await world.asCaller { client in
                for path in ["/v1/usage?period=2025-06", "/v1/peak?period=2025-06", "/v1/coverage?period=2025-06"] {
                    let told = try await client.get("\(path)&wait-for=1", token: free)
                    #expect(try told.json()["position"] as? Int == 8, "\(told.text)")
                    #expect(told.headers["steelyard-position"] == "8")
                    let own = try await client.get("\(path)&wait-for=latest", token: bound)
                    #expect(own.status == 200)
                    #expect(try own.json()["position"] is NSNull && own.headers["steelyard-position"] == nil)
                    let csv = try await client.get(path, token: bound, accept: "text/csv")
                    #expect(csv.status == 200 && csv.headers["steelyard-position"] == nil)
                    let known = path.contains("usage") ? 2 : 1
                    for (body, position) in [
                        (csv.body, ""), (try await client.get(path, token: free, accept: "text/csv").body, "8"),
                    ] {
                        let records = try CSVReader.records(in: body).map(\.fields)
                        let place = try #require(records[0].firstIndex(of: "position"))
                        #expect(place == records[0].count - known, "\(records[0])")
                        #expect(records.count > 1 && records.dropFirst().allSatisfy { $0[place] == position })
                    }
                    let probe = try await client.get("\(path)&wait-for=1", token: bound)
                    #expect((probe.status, probe.code) == (400, "bad-parameter"))
                }
                let ready = try await client.get("/readyz")
                #expect(!ready.text.contains("position") && !ready.text.contains("pending"))
            }
        }
    }
}

@Suite struct UnknownTokensTests {
    private static func tokens(_ count: Int) -> [BearerToken] {
        var generator = SeededGenerator(seed: 5)
        return (0..<count).map { _ in BearerToken(using: &generator) }
    }

    @Test func `a peer looks for so many in vain, what is known costs nothing, and good tokens pass by`() throws {
        let guardian = UnknownTokens()
        let (one, other) = (PeerName.unknown, PeerName.others)
        let tokens = Self.tokens(UnknownTokens.budget + 2)
        let good = tokens[0]
        guardian.wasGood(good, now: 0)
        for token in tokens[1...UnknownTokens.budget] {
            #expect(guardian.verdict(on: token, from: one, now: 0) == .look)
            guardian.wasUnknown(token, from: one, now: 0)
            #expect(guardian.verdict(on: token, from: one, now: 0) == .unknown)
            guardian.wasUnknown(token, from: one, now: 0)
        }
        let next = tokens[UnknownTokens.budget + 1]
        #expect(guardian.verdict(on: next, from: one, now: 0) == .tooMany(retryAfterSeconds: 2))
        #expect(guardian.verdict(on: next, from: other, now: 0) == .look)
        #expect(guardian.verdict(on: good, from: one, now: 0) == .look)
        #expect(guardian.verdict(on: next, from: one, now: UnknownTokens.refillMilliseconds) == .look)
        guardian.wasUnknown(good, from: other, now: 0)
        #expect(guardian.verdict(on: good, from: other, now: 0) == .unknown)
    }

    @Test func `a flood of tokens is answered 429 and leaves a good one working`() async throws {
        try await World.with { world in
            let token = try await world.token(.auditor)
            try await world.asCaller { client in
                #expect(try await client.get("/v1/scopes", token: token).status == 200)
                var statuses: [Int: Int] = [:]
                for stranger in Self.tokens(UnknownTokens.budget + 20) {
                    let reply = try await client.get("/v1/scopes", token: stranger.text)
                    statuses[reply.status, default: 0] += 1
                    if reply.status == 429 { #expect(reply.headers["retry-after"] == "2") }
                }
                #expect(statuses == [401: UnknownTokens.budget, 429: 20])
                #expect(try await client.get("/v1/scopes", token: token).status == 200)
            }
        }
    }
}
