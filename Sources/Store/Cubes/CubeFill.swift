internal import Postgres
internal import Reporting
package import UsageModel

/// How far cubes are made of what was rolled up before there were any, or before a calendar of scopes came.
package struct CubeProgress: Sendable, Equatable {
    /// The day that is made next; `nil` once cubes are complete.
    package var next: CalendarDate?
    /// The last day that has usage.
    package var last: CalendarDate?

    package var isComplete: Bool { next == nil }
}

extension Store {
    /// Makes the cells of one more day of the reporting calendar, in a transaction that rollups wait for. Call it again
    /// until cubes are complete; whoever does, and however often it is interrupted. Questions are answered without
    /// cubes until then.
    package func fillCubes() async throws -> CubeProgress {
        let zones = try scopeZones()
        let memory = cubeMemory
        return try await pool.withConnection { connection in
            let session = self.session(on: connection)
            try session.claimCubes(zones: zones)
            return try CubeFill(session: session, memory: memory, source: TenantDetail(session: session)).step()
        }
    }
}

/// Makes cells from tenants' usage, a day of the reporting calendar at a time.
struct CubeFill {
    let session: StoreSession
    let memory: CubeMemory
    let source: any TenantUsageSource

    private var connection: Connection { session.connection }
    private var calendar: ZoneRules { session.calendar }

    func step() throws -> CubeProgress {
        // A look without a lock, since there is mostly nothing to do.
        if try isComplete() { return CubeProgress() }
        return try connection.transaction { _ in
            try session.lockCubes(.alone)
            if try isBehind() { try startAgain() }
            let state = try session.cubeState()
            let open = state.calendars.compactMap(\.filledTo)
            guard let filledTo = open.min() else { return CubeProgress() }
            guard let days = try source.days(from: day(filledTo)) else {
                try connection.query("UPDATE cube_calendar SET filled_to = NULL")
                return CubeProgress()
            }
            try fill(days.lowerBound, state)
            let next = CalendarDate(days: days.lowerBound.days + 1)
            return CubeProgress(next: next, last: CalendarDate(days: days.upperBound.days - 1))
        }
    }

    private func day(_ filledTo: Timestamp) -> CalendarDate? {
        filledTo == CubeState.beginning ? nil : calendar.date(atSecond: filledTo.seconds)
    }

    private func isComplete() throws -> Bool {
        try connection.query(
            """
            SELECT position = cube_position AND NOT EXISTS (SELECT FROM cube_calendar WHERE filled_to IS NOT NULL)
              FROM rollup_state
            """
        ).one().decode(0)
    }

    /// Whether usage was rolled up without cubes. No rollup is between: each holds the row to its end.
    private func isBehind() throws -> Bool {
        try connection.query("SELECT position <> cube_position FROM rollup_state FOR UPDATE").one().decode(0)
    }

    /// Throws all cells away. From now on rollups add what is filled already.
    private func startAgain() throws {
        for table in CubeTable.allCases { try connection.query("DELETE FROM \(table.rawValue)") }
        let from = try source.hoursFrom().map { $0 == .max ? nil : Timestamp(seconds: $0) } ?? nil
        try connection.query(
            """
            UPDATE cube_calendar SET answers_from = CASE WHEN zone = $1 THEN NULL ELSE $2::timestamptz END,
                   filled_to = CASE WHEN zone = $1 THEN $3 ELSE coalesce($2, $3) END
            """, [.text(calendar.identifier), .timestamp(from), .timestamp(CubeState.beginning)])
        try connection.query("UPDATE rollup_state SET cube_position = position")
    }

    /// Makes the cells of a day: pieces anew, since a calendar that came later cuts them finer, and the months of those
    /// calendars that aren't complete.
    private func fill(_ day: CalendarDate, _ state: CubeState) throws {
        let seconds = calendar.startOfDay(day)..<calendar.startOfDay(CalendarDate(days: day.days + 1))
        let basis = try memory.basis(of: state, session)
        let pieces = basis.layout.pieces(in: seconds)
        var builder = CubeBuilder(basis)
        // Tenants that counted alike on the day are one group.
        var groups: [Int64: Int32] = [:]
        var postings: [[CubePosting]] = []
        var numbers: [Int32: Int32] = [:]
        let unknown = basis.kinds.postings(of: 0, in: pieces[0])
        for tenant in basis.kinds.tenants {
            let history = basis.kinds.history(of: tenant)
            if numbers[history] == nil {
                postings.append(basis.kinds.postings(of: history, in: pieces[0]))
                numbers[history] = Int32(postings.count)
            }
            groups[tenant] = numbers[history]
        }
        for usage in try source.sums(on: day, groups: groups, pieceStarts: pieces.map(\.seconds.lowerBound)) {
            builder.add(usage, postings: usage.group == 0 ? unknown : postings[Int(usage.group) - 1])
        }
        for table in CubeTable.allCases {
            try connection.query(
                """
                DELETE FROM \(table.rawValue) WHERE calendar_id = ANY($3) AND start_at >= $1 AND start_at < $2
                """,
                [seconds.lowerBound, seconds.upperBound].map { .timestamp(Timestamp(seconds: $0)) }
                    + [.int16Array([CubeLayout.pieces, CubeLayout.withoutModels(CubeLayout.pieces)])])
        }
        let filling = Set(state.calendars.filter { !$0.isFilled(at: seconds.lowerBound) }.map(\.id))
        let cells = builder.cells(pieces: { _ in true }, months: { calendar, _ in filling.contains(calendar.id) })
        try CubeWriter(connection: connection).write(cells)
        try connection.query(
            "UPDATE cube_calendar SET filled_to = $1 WHERE filled_to < $1",
            [.timestamp(Timestamp(seconds: seconds.upperBound))])
    }
}
