internal import Postgres
internal import Store
internal import Synchronization

/// Between ingest, the rollup's lanes and health: that there is work, and how the last rollup ended.
package final class RollupSignals: Sendable {
    let light = WakeSignal()
    let heavy = WakeSignal()
    private let failures = Mutex<[RollupLane: RollupFailure]>([:])

    package init() {}

    /// A batch was committed.
    package func committed() {
        light()
        heavy()
    }

    func failed(_ failure: RollupFailure, in lane: RollupLane) { failures.withLock { $0[lane] = failure } }
    func succeeded(in lane: RollupLane) { failures.withLock { $0[lane] = nil } }

    /// Why the last rollup of a lane of this process failed; `nil` where none did.
    var lastFailure: RollupFailure? {
        failures.withLock { $0[.heavy] ?? $0[.light] ?? $0[.every] }
    }
}

/// Why a rollup failed, in words that may be told to anybody: never the database's own.
package struct RollupFailure: Sendable, Equatable, CustomStringConvertible {
    /// The error's SQLSTATE; `nil` for an error of another kind.
    package var sqlState: String?

    package init(_ error: any Error) {
        sqlState = (error as? PostgresError)?.code.rawValue
    }

    package var description: String {
        guard let sqlState else { return "the last rollup failed; the log says why" }
        let kind =
            switch sqlState.prefix(2) {
            case "08": "the database's connection was lost"
            case "40", "55": "the database's rows were locked"
            case "53": "the database is out of disk, memory or connections"
            case "57": "the database ended the statement or is shutting down"
            case "58", "XX": "the database has a fault of its own or of its disk"
            case "25": "the database is read-only"
            default: "the database refused the rollup"
            }
        return "\(kind) (SQLSTATE \(sqlState)); the log says more"
    }
}
