import Store
import TestSupport
import Testing

@testable import Aggregator

@Suite struct RegistryRoutesTests {
    static let header = "provider,tenant,kind,legal_entity,effective_from,effective_to,reason\n"

    private func send(_ client: TestClient, _ text: String, token: String) async throws -> Reply {
        try await client.send(
            "POST", "/v1/tenants", headers: [("Content-Type", "text/csv"), ("Authorization", "Bearer \(token)")],
            body: Array(text.utf8))
    }

    @Test func `refuses a file whole with the line of every mistake`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            try await world.asCaller { client in
                let reply = try await send(
                    client,
                    Self.header + "volcengine,acme,external-customer,,2025-01-01,,contract\n"
                        + "volcengine,other,friend,,2025-01-01,,contract\n"
                        + "volcengine,acme,own-business,,2025-02-01,,merged\n"
                        + "volcengine,third,test,,2025-02-31,,typo\n",
                    token: admin)
                #expect((reply.status, reply.code) == (422, "invalid-facts"))
                let errors = try reply.json()["errors"] as? [[String: Any]] ?? []
                #expect(Set(errors.compactMap { $0["line"] as? Int }) == [3, 4, 5])
                let kept = try await client.get("/v1/tenants", token: admin)
                #expect((try kept.json()["records"] as? [Any])?.isEmpty == true)
            }
        }
    }

    @Test func `exports what was imported in a form that imports again`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            try await world.asCaller { client in
                let text = Self.header + "volcengine,acme,external-customer,Acme Ltd,2025-01-01,2025-07-01,=SUM(A1)\n"
                #expect(try await send(client, text, token: admin).status == 200)
                let export = try await client.get("/v1/tenants", token: admin, accept: "text/csv")
                #expect(export.text.contains("'=SUM(A1)"))
                #expect(export.text.contains("token "))
                let again = try await send(client, export.text, token: admin)
                #expect(again.status == 200, "\(again.text)")
                #expect(try again.json()["unchanged"] as? Int == 1)
            }
        }
    }

    @Test func `history keeps what was superseded`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            try await world.asCaller { client in
                for kind in ["external-customer", "own-business"] {
                    let text = Self.header + "volcengine,acme,\(kind),,2025-01-01,,because\n"
                    #expect(try await send(client, text, token: admin).status == 200)
                }
                let path = "/v1/tenants/history?provider=volcengine&tenant=acme"
                let reply = try await client.get(path, token: admin)
                let tenants = try reply.json()["records"] as? [[String: Any]] ?? []
                #expect(tenants.map { $0["kind"] as? String } == ["own-business", "external-customer"])
                #expect(tenants.map { $0["superseded_at"] is String } == [false, true])
            }
        }
    }

    @Test func `wants CSV`() async throws {
        try await World.with { world in
            let admin = try await world.token(.admin)
            try await world.asCaller { client in
                let reply = try await client.postJSON("/v1/tenants", "[]", token: admin)
                #expect((reply.status, reply.code) == (415, "unsupported-media-type"))
            }
        }
    }
}
