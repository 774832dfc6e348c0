internal import Postgres
internal import Synchronization

/// The ids of names as a process read them last: ids never change, and a batch names mostly what others before it
/// named.
///
/// A database that was restored from a backup may give an id to another name. ``check(on:)`` sees that, before ids are
/// taken from here, by the position and the ids that there were.
final class NameMemory: Sendable {
    /// The most names of all providers and dimensions; with one more all are forgotten. About 100 bytes each.
    static let maxNames = 262_144

    private struct Dictionary: Hashable {
        var dimension: NameDimension
        var provider: Int16?
    }

    private struct State {
        /// By their spelling in batches.
        var ids: [Dictionary: [String: Int64]] = [:]
        var count = 0
        var highestTenant: Int64 = 0
        var position: Int64 = 0
    }

    private let state = Mutex(State())

    /// Forgets everything where the database has gone back since names were remembered.
    func check(on connection: Connection) throws {
        let row = try connection.query(
            "SELECT position, (SELECT coalesce(max(tenant_id), 0) FROM tenant) FROM rollup_state"
        ).one()
        let (position, tenant): (Int64, Int64) = (try row.decode(0), try row.decode(1))
        state.withLock { state in
            if position < state.position || tenant < state.highestTenant { state = State() }
            state.position = max(state.position, position)
        }
    }

    /// The ids of all names of a batch's dictionary; `nil` where one isn't remembered.
    func ids(of names: [String], _ dimension: NameDimension, provider: Int16?) -> [Int64]? {
        state.withLock { state in
            guard let known = state.ids[Dictionary(dimension: dimension, provider: provider)] else { return nil }
            var ids: [Int64] = []
            ids.reserveCapacity(names.count)
            for name in names {
                guard let id = known[name] else { return nil }
                ids.append(id)
            }
            return ids
        }
    }

    /// - Parameter names: as batches spell them, with ids that are committed.
    func remember(_ names: some Sequence<(name: String, id: Int64)>, _ dimension: NameDimension, provider: Int16?) {
        state.withLock { state in
            let place = Dictionary(dimension: dimension, provider: provider)
            for (name, id) in names {
                if state.ids[place, default: [:]].updateValue(id, forKey: name) == nil { state.count += 1 }
                if dimension == .tenant { state.highestTenant = max(state.highestTenant, id) }
            }
            if state.count > Self.maxNames {
                state = State(position: state.position)
            }
        }
    }
}
