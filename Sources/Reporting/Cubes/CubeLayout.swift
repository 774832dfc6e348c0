internal import Scopes
package import UsageModel

/// A calendar that cubes are made for.
package struct CubeCalendar: Sendable, Hashable {
    /// Its number in the database, from 1: that of the reporting calendar.
    package var id: Int16
    package var zone: ZoneRules

    package init(id: Int16, zone: ZoneRules) {
        self.id = id
        self.zone = zone
    }
}

/// A stretch between two day starts, of whichever calendars: the finest time that cubes tell apart. Days and months of
/// each calendar are whole pieces.
package struct CubePiece: Sendable, Hashable {
    /// In seconds since 1970, half-open.
    package var seconds: Range<Int64>
    /// The day of the reporting calendar that it lies in: what a tenant is on that day, it is throughout the piece.
    package var day: CalendarDate
    /// When that day began, in seconds since 1970.
    package var dayStart: Int64
    /// When the month began that it lies in, in seconds since 1970: one for each calendar, in their order.
    package var monthStarts: [Int64]

    /// Whether cells tell what a version of the registry changed about usage in this piece.
    ///
    /// They do for days that had begun when it was recorded. Usage of later days is known by what was recorded before
    /// it came about; otherwise each new day would be told apart by every version that ever named its tenants.
    package func keepsChanges(of version: Timestamp) -> Bool { version > Timestamp(seconds: dayStart) }
}

/// How cubes cut time: at the day starts of all calendars that they are made for.
package struct CubeLayout: Sendable, Hashable {
    /// Stands for pieces where a calendar's number stands for its months.
    package static let pieces: Int16 = 0
    /// Stands for models in cells that sum them all: no model has the number.
    package static let allModels: Int32 = 0

    /// The number of the cells that sum all models, beside those of a calendar's months or of pieces: few of them
    /// answer what is told apart by model nowhere.
    package static func withoutModels(_ calendar: Int16) -> Int16 { ~calendar }

    /// The reporting calendar first.
    package let calendars: [CubeCalendar]

    /// - Parameter calendars: at least the reporting calendar, which comes first.
    package init(_ calendars: [CubeCalendar]) {
        precondition(!calendars.isEmpty, "cubes have no calendar")
        self.calendars = calendars
    }

    package var reporting: ZoneRules { calendars[0].zone }

    /// The piece that a moment lies in.
    ///
    /// - Parameter second: since 1970.
    package func piece(at second: Int64) -> CubePiece {
        let days = calendars.map { $0.zone.day(at: second) }
        let start = days.map(\.seconds.lowerBound).max() ?? second
        let end = days.map(\.seconds.upperBound).min() ?? second
        return CubePiece(
            seconds: start..<end, day: days[0].date, dayStart: days[0].seconds.lowerBound,
            monthStarts: calendars.map { $0.zone.startOfMonth(at: start) })
    }

    /// The pieces that touch a stretch of seconds, in order.
    package func pieces(in seconds: Range<Int64>) -> [CubePiece] {
        var pieces: [CubePiece] = []
        var second = seconds.lowerBound
        while second < seconds.upperBound {
            let piece = piece(at: second)
            pieces.append(piece)
            second = piece.seconds.upperBound
        }
        return pieces
    }

    /// The calendars that cubes can be made for beside a reporting calendar: those whose days start with whole hours,
    /// as the reporting calendar's do. Others have no figures by hour that their days could be summed from.
    package static func zones(_ identifiers: some Sequence<String>, beside reporting: ZoneRules) -> [ZoneRules] {
        guard reporting.hasWholeHours else { return [] }
        return Set(identifiers).subtracting([reporting.identifier]).sorted()
            .compactMap { ZoneRules(identifier: $0) }.filter(\.hasWholeHours)
    }
}

extension ZoneRules {
    /// The day that began last at a moment, and from when to when it lasts, in seconds since 1970.
    fileprivate func day(at second: Int64) -> (date: CalendarDate, seconds: Range<Int64>) {
        var date = date(atSecond: second)
        var start = startOfDay(date)
        var end = startOfDay(date.next)
        // Where clocks are set back over midnight the date of a moment may be that of the day before.
        while end <= second {
            date = date.next
            start = end
            end = startOfDay(date.next)
        }
        return (date, start..<end)
    }
}

extension ZoneRules {
    /// When the month began that a moment lies in, in seconds since 1970.
    package func startOfMonth(at second: Int64) -> Int64 { startOfDay(Period.month(of: day(at: second).date).from) }

    /// When the month after the one begins that a moment lies in, in seconds since 1970.
    package func startOfNextMonth(at second: Int64) -> Int64 { startOfDay(Period.month(of: day(at: second).date).to) }
}

extension CalendarDate {
    fileprivate var next: CalendarDate { CalendarDate(days: days + 1) }
}
