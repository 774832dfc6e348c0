import Reporting
import Scopes
import Testing
import UsageModel

@Suite struct CubeLayoutTests {
    static func zone(_ identifier: String) throws -> ZoneRules { try #require(ZoneRules(identifier: identifier)) }

    static func layout(_ zones: String...) throws -> CubeLayout {
        CubeLayout(
            try zones.enumerated().map { CubeCalendar(id: Int16($0.offset + 1), zone: try zone($0.element)) })
    }

    static func second(_ text: String, hour: Int64 = 0) throws -> Int64 {
        try #require(CalendarDate(text)).days * 86_400 + hour * 3_600
    }

    @Test func `pieces lie between the day starts of all calendars`() throws {
        let layout = try Self.layout("Asia/Shanghai", "UTC")
        let midnight = try Self.second("2025-06-15")
        let pieces = layout.pieces(in: midnight..<midnight + 86_400)
        #expect(pieces.map(\.seconds) == [midnight..<midnight + 16 * 3_600, midnight + 16 * 3_600..<midnight + 86_400])
        #expect(pieces.map { "\($0.day)" } == ["2025-06-15", "2025-06-16"])
        #expect(pieces.map(\.dayStart) == [midnight - 8 * 3_600, midnight + 16 * 3_600])
        let month = try [Self.second("2025-05-31", hour: 16), Self.second("2025-06-01")]
        #expect(pieces.map(\.monthStarts) == [month, month])
    }

    @Test(arguments: [["UTC"], ["Asia/Shanghai", "UTC"], ["Asia/Kolkata"], ["UTC", "America/New_York", "Asia/Tokyo"]])
    func `pieces fit together, and each day and month of each calendar is some of them`(zones: [String]) throws {
        let layout = CubeLayout(
            try zones.enumerated().map { CubeCalendar(id: Int16($0.offset + 1), zone: try Self.zone($0.element)) })
        let first = layout.reporting.startOfDay(try #require(CalendarDate("2025-01-01")))
        let last = layout.reporting.startOfDay(try #require(CalendarDate("2026-01-01")))
        let pieces = layout.pieces(in: first..<last)
        for (piece, next) in zip(pieces, pieces.dropFirst()) {
            #expect(piece.seconds.upperBound == next.seconds.lowerBound)
        }
        let starts = Set(pieces.map(\.seconds.lowerBound))
        for calendar in layout.calendars {
            let zone = calendar.zone
            for day in try #require(CalendarDate("2025-01-02")).days..<(try #require(CalendarDate("2025-12-31")).days) {
                #expect(starts.contains(zone.startOfDay(CalendarDate(days: day))), "\(zone.identifier) \(day)")
            }
        }
        for piece in pieces {
            // A moment of the piece gives the piece back, and its months are those of its moments.
            let middle = (piece.seconds.lowerBound + piece.seconds.upperBound) / 2
            #expect(layout.piece(at: middle) == piece && layout.piece(at: piece.seconds.upperBound - 1) == piece)
            #expect(layout.reporting.date(atSecond: middle) == piece.day)
            for (calendar, start) in zip(layout.calendars, piece.monthStarts) {
                #expect(start == calendar.zone.startOfDay(Period.month(of: calendar.zone.date(atSecond: middle)).from))
            }
        }
    }

    @Test func `calendars whose days don't start with hours have no cubes beside others`() throws {
        let zones = ["UTC", "Asia/Kolkata", "Asia/Shanghai", "Europe/Berlin", "No/Where"]
        #expect(
            CubeLayout.zones(zones, beside: try Self.zone("Asia/Shanghai")).map(\.identifier) == [
                "Europe/Berlin", "UTC",
            ])
        #expect(CubeLayout.zones(zones, beside: try Self.zone("Asia/Kolkata")).isEmpty)
    }

    @Test func `changes are kept of days that had begun when they were recorded`() throws {
        let layout = try Self.layout("Asia/Shanghai", "UTC")
        let piece = layout.piece(at: try Self.second("2025-06-15"))
        let began = Timestamp(seconds: piece.dayStart)
        #expect(!piece.keepsChanges(of: began))
        #expect(piece.keepsChanges(of: Timestamp(microseconds: began.microseconds + 1)))
    }
}
