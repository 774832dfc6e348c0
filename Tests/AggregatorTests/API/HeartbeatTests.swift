import Foundation
import Store
import Testing
import UsageModel

@testable import Aggregator

/// What a collector says of itself every 30 seconds, and what it hears.
@Suite struct HeartbeatTests {
    private func text(
        epoch: Int = 1, next: Int = 0, version: String = "1.0", batches: Int = 3, reasons: String = "[]",
        ready: Bool = true
    ) -> String {
        """
        {"epoch":\(epoch),"next_sequence":\(next),"software_version":"\(version)","backlog_batches":\(batches),\
        "backlog_bytes":4096,"ready":\(ready),"reasons":\(reasons),"certificate_end_seconds":1760000000}
        """
    }

    @Test func `a collector that says how it does is shown with that`() async throws {
        try await World.with { world in
            let reader = try await world.token(.admin)
            @Sendable func row() async throws -> [String: Any] {
                let reply = try await world.asCaller { try await $0.get("/v1/collectors", token: reader) }
                return try #require((try reply.json()["collectors"] as? [[String: Any]])?.first)
            }
            try await world.asCollector { client in
                let epoch = try await client.openEpoch()
                world.clock.advance(seconds: 30)
                #expect(try await row()["ready"] is NSNull)
                let reply = try await client.postJSON("/v1/heartbeats", text(epoch: epoch))
                #expect(reply.status == 200)
                #expect(try reply.json()["next_sequence"] as? Int == 0)
                let told = try await row()
                #expect(told["ready"] as? Bool == true)
                #expect(told["backlog_batches"] as? Int == 3)
                #expect(told["backlog_bytes"] as? Int == 4_096)
                #expect((told["certificate_ends_at"] as? String)?.hasPrefix("2025-10-09T") == true)
                #expect(told["seconds_since_seen"] as? Int == 0)

                let closed = text(epoch: epoch, batches: 9, reasons: "[\"spool-full\",\"draining\"]", ready: false)
                #expect(try await client.postJSON("/v1/heartbeats", closed).status == 200)
                let after = try await row()
                #expect(after["ready"] as? Bool == false)
                #expect(after["reasons"] as? [String] == ["spool-full", "draining"])
                #expect(after["backlog_batches"] as? Int == 9)
            }
        }
    }

    @Test func `a heartbeat says that the database knows less, or another epoch`() async throws {
        try await World.with { world in
            try await world.asCollector { client in
                #expect(try await client.postJSON("/v1/heartbeats", text()).code == "unknown-epoch")
                let epoch = try await client.openEpoch()
                _ = try await client.sendBatch(try Batches().seal(1), epoch: epoch, sequence: 0)
                #expect(try await client.postJSON("/v1/heartbeats", text(epoch: epoch, next: 1)).status == 200)
                #expect(try await client.postJSON("/v1/heartbeats", text(epoch: epoch, next: 0)).status == 200)
                let behind = try await client.postJSON("/v1/heartbeats", text(epoch: epoch, next: 5))
                #expect((behind.status, behind.code) == (409, "gap"))
                #expect(try behind.json()["expected_sequence"] as? Int == 1)
                let unissued = text(epoch: epoch + 1)
                #expect(try await client.postJSON("/v1/heartbeats", unissued).code == "unknown-epoch")
                let newer = try await client.openEpoch(last: epoch, lastNext: 1)
                let fenced = try await client.postJSON("/v1/heartbeats", text(epoch: epoch, next: 1))
                #expect((fenced.status, fenced.code) == (409, "fenced"))
                #expect(try fenced.json()["live_epoch"] as? Int == newer)
            }
        }
    }

    @Test func `a malformed heartbeat is refused and changes nothing`() async throws {
        try await World.with { world in
            try await world.asCollector { client in
                let epoch = try await client.openEpoch()
                for wrong in [
                    text(epoch: 0), text(epoch: epoch, next: -1), text(epoch: epoch, batches: -1),
                    text(epoch: epoch, version: ""), text(epoch: epoch, version: String(repeating: "v", count: 65)),
                    text(epoch: epoch, reasons: "[\"a,b\"]", ready: false),
                    text(epoch: epoch, reasons: "[\"draining\"]", ready: true), text(epoch: epoch, ready: false),
                    text(epoch: epoch, reasons: "[\"a\\nb\"]", ready: false),
                    text(epoch: epoch).replacing("1760000000", with: "999999999999999"),
                    text(epoch: epoch).replacing("1760000000", with: "-1"), "{}", "[]",
                    text(epoch: Int.max, next: Int.max),
                ] {
                    let reply = try await client.postJSON("/v1/heartbeats", wrong)
                    #expect(reply.status == 400, "\(wrong) \(reply.text)")
                }
                #expect(try await client.postJSON("/v1/heartbeats", text(epoch: epoch)).status == 200)
            }
        }
    }

    @Test func `a heartbeat is its own collector's`() async throws {
        try await World.with { world in
            let other = world.identity("aliyun", "edge-1")
            let epoch = try await world.asCollector { try await $0.openEpoch() }
            try await world.asCollector(other) { client in
                let reply = try await client.postJSON("/v1/heartbeats", text(epoch: epoch))
                #expect(reply.code == "unknown-epoch")
            }
        }
    }
}
