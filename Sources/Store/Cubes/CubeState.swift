internal import Postgres
internal import Reporting
internal import UsageModel

/// How far cubes are made, and after which version of the registry: everything that writers of cells have to agree on.
struct CubeState: Sendable, Equatable {
    /// A row of `cube_calendar`.
    struct Calendar: Sendable, Equatable {
        var id: Int16
        var zone: String
        /// From when on pieces tell the calendar's days apart; `nil` for ever.
        var answersFrom: Timestamp?
        /// Usage from here on isn't in its cells yet; `nil` once they are complete.
        var filledTo: Timestamp?

        /// Whether usage at a moment has to be added to its cells.
        func isFilled(at second: Int64) -> Bool { filledTo.map { Timestamp(seconds: second) < $0 } ?? true }
    }

    /// By number, the reporting calendar first.
    var calendars: [Calendar]
    /// The newest version of the registry; `nil` where nothing was recorded.
    var version: Timestamp?

    /// Whether pieces that begin at a moment have to be kept up to date.
    func hasPieces(at second: Int64) -> Bool { calendars.first?.isFilled(at: second) ?? false }

    /// Before all usage: where filling begins.
    static let beginning = Timestamp(seconds: -62_135_596_800)  // 0001-01-01T00:00Z
}

/// How a writer holds the cubes until its transaction ends.
enum CubeLock: String {
    /// For rollups, which may meet: no two of them write cells of one provider.
    case rollup = "ROW SHARE"
    /// For whoever moves cells by what is stored already: no rollup writes cells meanwhile.
    case alone = "EXCLUSIVE"
}

extension StoreSession {
    /// Waits for a lock on the cubes. A lock of the table, not an advisory one: in REPEATABLE READ it waits before the
    /// snapshot is taken.
    func lockCubes(_ lock: CubeLock) throws {
        try connection.execute("LOCK TABLE cube_calendar IN \(lock.rawValue) MODE")
    }

    /// How cubes stand. Writers hold a lock on them before they ask.
    func cubeState() throws -> CubeState {
        let rows = try connection.query(
            """
            SELECT calendar_id, zone, answers_from, filled_to, (SELECT max(recorded_at) FROM registry_version)
              FROM cube_calendar ORDER BY calendar_id
            """)
        var state = CubeState(calendars: [], version: nil)
        for row in rows {
            state.calendars.append(
                CubeState.Calendar(
                    id: try row.decode(0), zone: try row.decode(1), answersFrom: try row.decode(2),
                    filledTo: try row.decode(3)))
            state.version = try row.decode(4)
        }
        guard state.calendars.first?.zone == calendar.identifier else {
            throw StoreError(
                .calendarDiffers,
                "The database has no cubes in the reporting calendar. Run steelyard-aggregator migrate."
            )
        }
        return state
    }

    /// Makes cubes for the reporting calendar and for the zones of scopes that have none. Where nothing was rolled up
    /// yet they are complete at once; otherwise ``CubeFill`` makes them.
    ///
    /// - Parameter zones: IANA names. Those whose days don't start with hours have no cubes.
    func claimCubes(zones: some Sequence<String>) throws {
        let wanted = [calendar.identifier] + CubeLayout.zones(zones, beside: calendar).map(\.identifier)
        // A look without a lock, since there is mostly nothing to do.
        let known = Set(
            try connection.query("SELECT zone FROM cube_calendar").map { try $0.decode(0, as: String.self) })
        guard !known.isSuperset(of: wanted) else { return }
        try connection.transaction { connection in
            try lockCubes(.alone)
            let isEmpty: Bool = try connection.query("SELECT position = 0 AND cube_position = 0 FROM rollup_state")
                .one()
                .decode(0)
            let from = try TenantDetail(session: self).hoursFrom()
            for zone in wanted {
                let isReporting = zone == calendar.identifier
                try connection.query(
                    """
                    INSERT INTO cube_calendar (calendar_id, zone, answers_from, filled_to)
                    SELECT coalesce(max(calendar_id), 0) + 1, $1, $2, $3 FROM cube_calendar
                    ON CONFLICT (zone) DO NOTHING
                    """,
                    [
                        .text(zone), .timestamp(isReporting ? nil : from.map { Timestamp(seconds: $0) }),
                        .timestamp(
                            isEmpty
                                ? nil
                                : isReporting
                                    ? .some(CubeState.beginning)
                                    : from.map { Timestamp(seconds: $0) }
                                        ?? CubeState.beginning),
                    ])
            }
        }
    }
}
