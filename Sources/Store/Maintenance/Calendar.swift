internal import Postgres
internal import UsageModel

extension StoreSession {
    /// Makes the session's calendar the database's if it has none, and refuses any other than the one it has.
    func claimCalendar() throws {
        try connection.query(
            "INSERT INTO reporting_calendar (zone) VALUES ($1) ON CONFLICT (is_only_row) DO NOTHING",
            [.text(calendar.identifier)])
        try checkCalendar()
    }

    func checkCalendar() throws {
        let rows = try connection.query("SELECT zone FROM reporting_calendar")
        guard let stored: String = try rows.first?.decode(0) else {
            throw StoreError(
                .calendarDiffers, "The database has no reporting calendar yet. Run steelyard-aggregator migrate.")
        }
        guard stored == calendar.identifier else {
            throw StoreError.calendarDiffers(stored: stored, configured: calendar.identifier)
        }
    }
}
