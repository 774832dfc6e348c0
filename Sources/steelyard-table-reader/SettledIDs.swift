internal import Postgres

/// Up to which id every row of a table is there that will ever be.
///
/// An id is drawn from the sequence before its row can be seen: a lower one may appear after a higher one. But whoever
/// draws an id in an INSERT holds a lock on the table from before that until its row is visible or never will be. So:
/// 1. look up the highest id that is visible;
/// 2. note the transactions that hold a lock which lets them write to the table;
/// 3. once each of them is over, no row with an id up to the one of step 1 can appear any more.
/// Whoever began to write after step 2 draws higher ids. No time is waited for, and nothing is assumed about clocks.
struct SettledIDs {
    /// The id of step 1, and those of step 2 that aren't over: their server processes by virtual transaction.
    private struct Candidate {
        var id: Int64
        var writers: [String: Int32]
    }

    /// The most processes that are named.
    private static let maxNamedProcesses = 5

    private var table: UInt32?
    /// No row up to it can appear any more.
    private(set) var bound: Int64?
    /// The highest id, as of the last look.
    private(set) var highest: Int64?
    private var candidate: Candidate?
    /// Nothing is left up to it behind the position: the rows were deleted before they were read.
    private var emptyThrough: Int64?

    /// Who is waited for, for people; `nil` for nobody.
    var waitsFor: String? {
        guard let candidate else { return nil }
        let processes = Set(candidate.writers.values).sorted()
        let named = processes.prefix(Self.maxNamedProcesses).map(String.init).joined(separator: ", ")
        let others = processes.count > Self.maxNamedProcesses ? " and others" : ""
        return """
            transactions of the server's processes \(named)\(others) write to the table and may add rows up to id \
            \(candidate.id): end those that hang (pg_stat_activity, pg_prepared_xacts)
            """
    }

    /// Notes that there are no rows behind the position up to the bound.
    mutating func noteNothingLeft() { emptyThrough = bound }

    /// Moves the bound on, unless rows behind `id` may be read already.
    mutating func advance(_ table: FoundTable, behind id: Int64, on connection: Connection) throws {
        if self.table != table.oid {
            self = SettledIDs()
            self.table = table.oid
        }
        if let bound, bound > max(id, emptyThrough ?? .min) { return }
        highest = try table.highestID(on: connection)
        if candidate == nil {
            guard let highest, highest > max(bound ?? .min, id) else { return }
            candidate = Candidate(id: highest, writers: try table.writers(on: connection))
        } else if var waiting = candidate {
            let writers = try table.writers(on: connection)
            waiting.writers = waiting.writers.filter { writers[$0.key] != nil }
            candidate = waiting
        }
        if let candidate, candidate.writers.isEmpty {
            bound = candidate.id
            self.candidate = nil
        }
    }
}
