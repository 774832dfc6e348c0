internal import Postgres

/// Who may change sums at a moment, by advisory locks of the session.
///
/// Whoever changes sums in another way than a rollup (a rebuild, retention) holds ``allSums`` alone. Rollups share it,
/// each with a lock on its lane and one on each provider that it takes batches of: so no two of them, in whatever
/// instance, touch the same row of sums.
struct RollupLocks {
    let connection: Connection

    private enum Lock {
        case allSums(isShared: Bool)
        case lane(Int)
    }

    private static let allSums: Int64 = 0x7374_6565_6C66_6F6C
    /// The first of the two numbers of a lane's and a provider's lock.
    private static let laneClass: Int64 = 0x6C61_6E65
    /// The second number for who merges segments; lanes of rollups have 1 and 2.
    private static let segmentLane = 3
    private static let providerClass: Int64 = 0x7072_6F76

    /// Runs `body` while nothing is rolled up, in this instance or another; `nil` where something is.
    func exclusively<Value>(_ body: () throws -> Value) throws -> Value? {
        try holding([.allSums(isShared: false)], body)
    }

    /// Runs `body` while nobody else rolls up in the lane; `nil` where somebody does, or sums are changed otherwise.
    func inLane<Value>(_ lane: RollupLane, _ body: () throws -> Value) throws -> Value? {
        let lanes =
            switch lane {
            case .light: [1]
            case .heavy: [2]
            case .every: [1, 2]
            }
        return try holding([.allSums(isShared: true)] + lanes.map { .lane($0) }, body)
    }

    /// - Returns: the providers whose lock was free and is held now.
    func acquire(providers: [Int16]) throws -> [Int16] {
        try connection.query(
            "SELECT p FROM unnest($2::int2[]) AS p WHERE pg_try_advisory_lock($1::int8::int4, p::int4)",
            [.int(Self.providerClass), .int16Array(providers)]
        ).map { try $0.decode(0) }
    }

    func release(providers: [Int16]) {
        releasing {
            try connection.query(
                "SELECT pg_advisory_unlock($1::int8::int4, p::int4) FROM unnest($2::int2[]) AS p",
                [.int(Self.providerClass), .int16Array(providers)])
        }
    }

    /// Runs `body` while nobody else merges segments; `nil` where somebody does, or sums are changed otherwise. Rollups
    /// go on meanwhile.
    func forSegments<Value>(_ body: () throws -> Value) throws -> Value? {
        try holding([.allSums(isShared: true), .lane(Self.segmentLane)], body)
    }

    /// Keeps segments, and what waits for them, from being merged until the transaction ends: for readers of several
    /// statements that have no snapshot. Waits for a merge that is under way.
    func keepSegments() throws {
        try connection.query(
            "SELECT pg_advisory_xact_lock($1::int8::int4, $2::int8::int4)", Self.parameters(Self.segmentLane))
    }

    private func holding<Value>(_ locks: [Lock], _ body: () throws -> Value) throws -> Value? {
        guard let lock = locks.first else { return try body() }
        guard try acquire(lock) else { return nil }
        defer { release(lock) }
        return try holding(Array(locks.dropFirst()), body)
    }

    private func acquire(_ lock: Lock) throws -> Bool {
        switch lock {
        case .allSums(let isShared):
            let function = isShared ? "pg_try_advisory_lock_shared" : "pg_try_advisory_lock"
            return try connection.query("SELECT \(function)($1)", [.int(Self.allSums)]).one().decode(0)
        case .lane(let lane):
            return try connection.query(
                "SELECT pg_try_advisory_lock($1::int8::int4, $2::int8::int4)", Self.parameters(lane)
            ).one().decode(0)
        }
    }

    private func release(_ lock: Lock) {
        releasing {
            switch lock {
            case .allSums(let isShared):
                let function = isShared ? "pg_advisory_unlock_shared" : "pg_advisory_unlock"
                try connection.query("SELECT \(function)($1)", [.int(Self.allSums)])
            case .lane(let lane):
                try connection.query(
                    "SELECT pg_advisory_unlock($1::int8::int4, $2::int8::int4)", Self.parameters(lane))
            }
        }
    }

    private static func parameters(_ lane: Int) -> [Parameter] { [.int(laneClass), .int(Int64(lane))] }

    private func releasing(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            // The lock goes with the session.
            connection.discardAfterUse()
        }
    }
}
