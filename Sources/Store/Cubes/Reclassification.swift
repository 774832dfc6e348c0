internal import Postgres
internal import Reporting
internal import UsageModel

/// Moves cells of cubes when an import of the registry says something else of tenants.
///
/// Usage of days whose kind changed is taken from the kind before and added to the kind after, in what is known now and
/// among the changes of the import's version. Runs in the import's transaction, which holds the cubes alone.
struct Reclassification {
    let session: StoreSession
    let source: any TenantUsageSource
    /// When the import was recorded.
    let version: Timestamp

    private var connection: Connection { session.connection }
    private var calendar: ZoneRules { session.calendar }

    /// Tenants whose usage moves alike.
    private struct Move: Hashable {
        var provider: Int16
        var before: TenantKind
        var after: TenantKind
    }

    func run() throws {
        let rows = try connection.query(
            """
            SELECT tenant_id, kind, effective_from, effective_to, recorded_at, superseded_at, provider_id
              FROM tenant_kind
             WHERE tenant_id IN (SELECT tenant_id FROM tenant_kind WHERE recorded_at = $1
                                 UNION SELECT tenant_id FROM tenant_kind WHERE superseded_at = $1)
             ORDER BY tenant_id, entry_id
            """, [.timestamp(version)])
        if rows.isEmpty { return }
        var providers: [Int64: Int16] = [:]
        for row in rows { providers[try row.decode(0)] = try row.decode(6) }
        let state = try session.cubeState()
        // Usage of many tenants over years takes longer than a question may.
        try connection.execute("SET LOCAL statement_timeout = 0")
        try connection.query(
            "INSERT INTO registry_version (recorded_at, provider_id) SELECT $1, unnest($2::int2[])",
            [.timestamp(version), .int16Array(Set(providers.values).sorted())])
        var moves: [Move] = []
        var numbers: [Move: Int32] = [:]
        var stretches: [TenantStretch] = []
        guard let days = try source.days(from: nil) else { return }
        for (tenant, entries) in try StoreSession.entriesByTenant(rows) {
            for change in KindChange.changes(in: entries, by: version) {
                let from = max(change.from, days.lowerBound)
                let to = min(change.to ?? days.upperBound, days.upperBound)
                guard from < to else { continue }
                let move = Move(provider: providers[tenant] ?? 0, before: change.before, after: change.after)
                if numbers[move] == nil {
                    numbers[move] = Int32(moves.count)
                    moves.append(move)
                }
                stretches.append(
                    TenantStretch(
                        tenant: tenant, seconds: calendar.startOfDay(from)..<calendar.startOfDay(to),
                        group: numbers[move] ?? 0))
            }
        }
        let basis = CubeBasis(layout: try CubeLayout(state, reporting: calendar), kinds: KindHistory(), zones: [:])
        try move(stretches, by: moves, in: state, basis)
    }

    private func move(
        _ stretches: [TenantStretch], by moves: [Move], in state: CubeState, _ basis: CubeBasis
    ) throws {
        guard let first = stretches.map(\.seconds.lowerBound).min(),
            let last = stretches.map(\.seconds.upperBound).max()
        else { return }
        let layout = basis.layout
        let starts = layout.pieces(in: first..<last).map(\.seconds.lowerBound)
        var builder = CubeBuilder(basis)
        let hoursFrom = try source.hoursFrom() ?? .min
        var isRough = false
        for usage in try source.sums(of: stretches, pieceStarts: starts) {
            let move = moves[Int(usage.group)]
            let piece = layout.piece(at: usage.piece)
            isRough = isRough || usage.piece < hoursFrom
            builder.add(
                usage,
                postings: Self.postings(move, at: nil)
                    + (piece.keepsChanges(of: version) ? Self.postings(move, at: version) : []))
        }
        try CubeWriter(connection: connection).write(builder.cells(in: state))
        if isRough, hoursFrom != .max { try forgetPieces(before: hoursFrom) }
    }

    private static func postings(_ move: Move, at version: Timestamp?) -> [CubePosting] {
        [
            CubePosting(version: version, kind: move.before, isTaken: true),
            CubePosting(version: version, kind: move.after),
        ]
    }

    /// Where hours are gone nobody can say which piece of its day a tenant's usage moved in: only the reporting
    /// calendar, whose days it is known by, is answered there from now on.
    private func forgetPieces(before second: Int64) throws {
        try connection.query(
            "UPDATE cube_calendar SET answers_from = greatest(answers_from, $2) WHERE zone <> $1",
            [.text(calendar.identifier), .timestamp(Timestamp(seconds: second))])
    }
}
