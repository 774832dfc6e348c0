import Postgres
import Store
import Synchronization
import TestHarness
import Testing
import UsageModel

@testable import Aggregator

/// That what one collector asks for at once keeps no connection from the others.
@Suite struct CollectorPermitTests {
    /// How many of the owner's sessions wait for a lock.
    private static func waiting(_ world: World) async throws -> Int {
        try await world.store.pool.withConnection {
            try $0.query(
                """
                SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'
                """
            ).one().decode(0)
        }
    }

    @Test(arguments: ["/v1/epochs", "/v1/batches/lookup"])
    func `requests of one collector beyond its permits are refused while others are served`(path: String) async throws {
        try await World.with { world in
            try await world.asCollector { client in
                let epoch = try await client.openEpoch()
                let bodies = [
                    "/v1/epochs": "{\"spool_id\":\"\(TestClient.spool)\",\"software_version\":\"1.0\"}",
                    "/v1/batches/lookup":
                        "{\"epoch\":\(epoch),\"digests\":[\"\(String(repeating: "0", count: 64))\"]}",
                ]
                let body = try #require(bodies[path])
                let permits = APILimits.maxBatchesInFlightPerCollector
                let rows = HeldRows()
                try await withThrowingTaskGroup(of: Int?.self) { group in
                    group.addTask {
                        try await world.store.pool.withConnection { try rows.hold(on: $0) }
                        return nil
                    }
                    try await eventually("the rows are locked") { rows.areHeld }
                    for _ in 0..<permits {
                        group.addTask { try await client.postJSON(path, body).status }
                    }
                    try await eventually("all permits wait for the row") { try await Self.waiting(world) == permits }
                    let refused = try await client.postJSON(path, body)
                    #expect((refused.status, refused.code) == (429, "too-many-requests"))
                    try await world.asCollector(world.identity("other", "edge-1")) { other in
                        let opened = try await other.openEpoch()
                        #expect(opened == 1)
                    }
                    rows.letGo()
                    let statuses = try await group.reduce(into: [Int]()) { if let status = $1 { $0.append(status) } }
                    // Of several requests for an epoch the later ones fence the earlier ones.
                    #expect(statuses == [Int](repeating: 200, count: permits))
                }
            }
        }
    }
}

/// The rows that requests of collectors lock, held by somebody else until they are let go of.
private final class HeldRows: Sendable {
    private let state = Mutex((isHeld: false, isLetGo: false))

    var areHeld: Bool { state.withLock { $0.isHeld } }
    private var isLetGo: Bool { state.withLock { $0.isLetGo } }

    func letGo() { state.withLock { $0.isLetGo = true } }

    func hold(on connection: Connection) throws {
        try connection.transaction { connection in
            try connection.query("SELECT 1 FROM collector_epoch FOR UPDATE")
            try connection.query("SELECT 1 FROM collector FOR UPDATE")
            state.withLock { $0.isHeld = true }
            while !isLetGo { try connection.query("SELECT pg_sleep(0.02)") }
        }
    }
}
