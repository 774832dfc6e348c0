internal import Postgres
internal import Reporting
internal import Synchronization
internal import UsageModel

/// What cells are made by: how time is cut, and what tenants are and were.
struct CubeBasis: Sendable {
    var layout: CubeLayout
    var kinds: KindHistory
    /// The zones of ``layout``, by number.
    var zones: [Int16: String]

    /// Whether cells made by it are right in a state: they know each calendar and the newest version of the registry.
    func isCurrent(in state: CubeState) -> Bool {
        kinds.version == state.version
            && zones == Dictionary(uniqueKeysWithValues: state.calendars.map { ($0.id, $0.zone) })
    }
}

/// The basis as a process saw it last, so that a rollup reads only what the registry says since.
final class CubeMemory: Sendable {
    private let held = Mutex<CubeBasis?>(nil)

    /// The basis of a state, which is that of the session's transaction or an earlier one.
    func basis(of state: CubeState, _ session: StoreSession) throws -> CubeBasis {
        let held = held.withLock { $0 }
        if let held, held.isCurrent(in: state) { return held }
        let zones = Dictionary(uniqueKeysWithValues: state.calendars.map { ($0.id, $0.zone) })
        var kinds = held?.kinds ?? KindHistory()
        if kinds.version != state.version { try session.update(&kinds, to: state.version) }
        let layout =
            try held.flatMap { $0.zones == zones ? $0.layout : nil }
            ?? CubeLayout(state, reporting: session.calendar)
        let basis = CubeBasis(layout: layout, kinds: kinds, zones: zones)
        self.held.withLock { $0 = basis }
        return basis
    }
}

extension CubeLayout {
    /// How the calendars of a state cut time.
    ///
    /// - Throws: ``StoreError`` with `.damagedInstallation` where the system doesn't know a zone.
    init(_ state: CubeState, reporting: ZoneRules) throws {
        self.init(
            try state.calendars.map { calendar in
                if calendar.zone == reporting.identifier { return CubeCalendar(id: calendar.id, zone: reporting) }
                guard let zone = ZoneRules(identifier: calendar.zone) else {
                    throw StoreError(
                        .damagedInstallation,
                        "The zone \(calendar.zone), which cubes are made for, is not known to this system.")
                }
                return CubeCalendar(id: calendar.id, zone: zone)
            })
    }
}

extension StoreSession {
    /// Reads what was recorded since the version that a history knows.
    fileprivate func update(_ kinds: inout KindHistory, to version: Timestamp?) throws {
        let since = kinds.version
        let rows = try connection.query(
            """
            SELECT tenant_id, kind, effective_from, effective_to, recorded_at, superseded_at FROM tenant_kind
             WHERE $1::timestamptz IS NULL OR tenant_id IN (
                   SELECT tenant_id FROM tenant_kind WHERE recorded_at > $1
                   UNION SELECT tenant_id FROM tenant_kind WHERE superseded_at > $1)
             ORDER BY tenant_id, entry_id
            """, [.timestamp(since)])
        for (tenant, entries) in try Self.entriesByTenant(rows) { kinds.set(entries, of: tenant) }
        kinds.version = version
    }

    /// Reads the columns tenant, kind, from, to, recorded at and superseded at of rows in the order of tenants.
    static func entriesByTenant(_ rows: Rows) throws -> [(tenant: Int64, entries: [KindHistory.Entry])] {
        var found: [(tenant: Int64, entries: [KindHistory.Entry])] = []
        for row in rows {
            let tenant: Int64 = try row.decode(0)
            guard let kind = TenantKind(rawValue: try row.decode(1)) else {
                throw PostgresError(.decoding, "The registry holds a kind of tenants that is not known.")
            }
            let entry = KindHistory.Entry(
                kind: kind, from: CalendarDate(days: try row.decode(2, as: DateColumn.self).days),
                to: try row.decode(3, as: DateColumn?.self).map { CalendarDate(days: $0.days) },
                recordedAt: try row.decode(4), supersededAt: try row.decode(5))
            if found.last?.tenant == tenant {
                found[found.count - 1].entries.append(entry)
            } else {
                found.append((tenant, [entry]))
            }
        }
        return found
    }
}
