import Foundation
import Scopes
import Store
import TestSupport
import Testing
internal import TextFormats

@testable import Aggregator

@Suite struct ScopeRoutesTests {
    @Test func `the definitions come with digest, needs and explanation`() async throws {
        try await World.with { world in
            let token = try await world.token(.finance)
            try await world.asCaller { client in
                let reply = try await client.get("/v1/scopes", token: token)
                let scopes = try reply.json()["scopes"] as? [[String: Any]] ?? []
                #expect(scopes.compactMap { $0["id"] as? String } == ScopeCatalogue.builtInNames.sorted())
                let one = try await client.get("/v1/scopes/omdia-ai-cloud", token: token)
                let omdia = try one.json()
                let expected = try ScopeCatalogue.builtIn().scope("omdia-ai-cloud")
                #expect(omdia["sha256"] as? String == expected.digest)
                #expect(omdia["currency"] as? String == "CNY" && omdia["built_in"] as? Bool == true)
                #expect(omdia["needs"] as? [String] == ["revenue-records"])
                #expect(omdia["imports"] as? [String] == ["revenue", "prices", "rates"])
                #expect((omdia["explanation"] as? [String: Any])?["zh"] as? String == expected.explanation.zh)
                #expect((omdia["filters"] as? [String: Any])?["layers"] as? [String] == ["iaas", "maas", "paas"])
                let none = try await client.get("/v1/scopes/nobody", token: token)
                #expect((none.status, none.code) == (404, "unknown-scope"))
                let csv = try await client.get("/v1/scopes", token: token, accept: "text/csv")
                let records = try CSVReader.records(in: csv.body).map(\.fields)
                #expect(records.count == ScopeCatalogue.builtInNames.count + 1)
                #expect(records[0].prefix(3) == ["id", "version", "sha256"])
                #expect(records.contains { $0[0] == "omdia-ai-cloud" && $0[2] == expected.digest })
            }
        }
    }

    /// Never a wrong number, never a crash: the answer names what is missing.
    @Test func `a scope without its facts is refused by name everywhere`() async throws {
        try await World.with { world in
            try await FiguresTests.fill(world)
            let token = try await world.token(.finance)
            try await world.asCaller { client in
                var refused = 0
                for scope in try ScopeCatalogue.builtIn().scopes where !scope.requiredFacts.isEmpty {
                    for path in ["/v1/shares?period=2025-06", "/v1/exports/monthly-share?month=2025-06"] {
                        let reply = try await client.get("\(path)&scope=\(scope.id)", token: token)
                        #expect((reply.status, reply.code) == (422, "missing-facts"), "\(scope.id): \(reply.text)")
                        #expect(try reply.json()["missing"] as? [String] == scope.requiredFacts.map(\.rawValue))
                        let imports = try reply.json()["imports"] as? [String] ?? []
                        #expect(!imports.isEmpty && imports.allSatisfy { FactKind(rawValue: $0) != nil })
                        refused += 1
                    }
                }
                #expect(refused == 16)
            }
        }
    }

    @Test func `OpenRouter is divided among models in days of UTC`() async throws {
        try await World.with { world in
            let midnight = Batches.june - Batches.june % 1_440
            // 2025-06-14T23:59Z is the 15th in Shanghai, the installation's calendar, but not in UTC.
            let rows: [(model: String, tokens: UInt64, minute: Int64)] = [
                ("glm-4.5", 6_000, midnight), ("kimi-k2", 3_000, midnight + 1_439), ("qwen3", 1_000, Batches.june),
                ("qwen3", 50_000, midnight - 1), ("qwen3", 70_000, midnight + 1_440),
            ]
            try await world.asCollector(world.identity("openrouter")) { client in
                let epoch = try await client.openEpoch()
                for (sequence, row) in rows.enumerated() {
                    let sealed = try Batches(provider: "openrouter").seal(
                        UInt64(sequence + 1), tokens: row.tokens, minute: row.minute, model: row.model)
                    let reply = try await client.sendBatch(sealed, epoch: epoch, sequence: sequence)
                    #expect(reply.status == 200, "\(reply.text)")
                }
            }
            let token = try await world.token(.finance)
            try await world.asCaller { client in
                let path = "/v1/shares?scope=openrouter&period=2025-06-15/2025-06-16&wait-for=latest"
                let reply = try await client.get(path, token: token)
                #expect(reply.status == 200, "\(reply.text)")
                let json = try reply.json()
                let rows = json["rows"] as? [[String: Any]] ?? []
                #expect(json["by"] as? String == "model")
                #expect((json["period"] as? [String: Any])?["zone"] as? String == "UTC")
                #expect(rows.map { $0["model"] as? String } == ["glm-4.5", "kimi-k2", "qwen3"])
                #expect(rows.map { $0["share_percent"] as? String } == ["60.0", "30.0", "10.0"])
                #expect(json["denominator"] as? String == "11000")
                let csv = try await client.get(path, token: token, accept: "text/csv")
                let records = try CSVReader.records(in: csv.body).map(\.fields)
                let column = try #require(records[0].firstIndex(of: "model"))
                #expect(records.dropFirst().map { $0[column] } == ["glm-4.5", "kimi-k2", "qwen3"])
                let digest = try #require(records[0].firstIndex(of: "scope_sha256"))
                #expect(records[1][digest] == (try ScopeCatalogue.builtIn().scope("openrouter").digest))
                let export = try await client.get(
                    "/v1/exports/monthly-share?month=2025-06&scope=openrouter", token: token,
                    accept: "application/json")
                let lines = try export.json()["rows"] as? [[String: Any]] ?? []
                #expect(lines.map { $0["row"] as? String } == ["model", "model", "model", "total"], "\(export.text)")
                #expect(lines.first?["model"] as? String == "qwen3")
            }
        }
    }

    @Test func `custom scopes are served beside the built-in ones`() async throws {
        try await ScratchDirectory.with("custom-scopes") { directory in
            let custom = """
                id: custom-batch
                version: 3
                title: {en: Batch, zh: 批量}
                citation: our own rule
                measure: requests
                filters: {kinds: all, workloads: [batch]}
                entity: provider
                aggregate: sum
                zone: Asia/Shanghai
                denominator: everything-counted
                precision: 2
                """
            try custom.write(toFile: "\(directory)/batch.yaml", atomically: true, encoding: .utf8)
            try await World.with(overrides: ["scopes.directory=\(directory)"]) { world in
                try await FiguresTests.fill(world)
                let token = try await world.token(.finance)
                try await world.asCaller { client in
                    let scope = try await client.get("/v1/scopes/custom-batch", token: token)
                    #expect(try scope.json()["built_in"] as? Bool == false)
                    let reply = try await client.get(
                        "/v1/shares?scope=custom-batch&period=2025-06&wait-for=latest", token: token)
                    // All of the market's calls are online: nothing counts, and what is left out says so.
                    #expect(try reply.json()["denominator"] as? String == "0", "\(reply.text)")
                    let total = try reply.json()["total"] as? [String: Any]
                    #expect(total?["outside_filters"] as? String == "7")
                }
            }
        }
    }
}
