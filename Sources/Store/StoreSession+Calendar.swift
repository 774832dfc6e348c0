internal import Postgres

extension StoreSession {
    /// Makes `zone` the database's reporting calendar if it has none, and refuses any other than the one it has.
    func claimCalendar(_ zone: String) throws {
        try connection.query(
            "INSERT INTO reporting_calendar (zone) VALUES ($1) ON CONFLICT (is_only_row) DO NOTHING", [.text(zone)])
        try checkCalendar(zone)
    }

    func checkCalendar(_ zone: String) throws {
        let rows = try connection.query("SELECT zone FROM reporting_calendar")
        guard let stored: String = try rows.first?.decode(0) else {
            throw StoreError(
                .calendarDiffers, "The database has no reporting calendar yet. Run steelyard-aggregator migrate.")
        }
        guard stored == zone else { throw StoreError.calendarDiffers(stored: stored, configured: zone) }
    }
}
