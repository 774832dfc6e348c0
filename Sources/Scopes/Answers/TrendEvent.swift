package import UsageModel

/// Something that happened in the market on a day, to be read beside a trend.
package struct TrendEvent: Sendable, Hashable {
    /// The day, in the calendar of where it happened.
    package var date: CalendarDate
    package var title: LocalizedText
    /// Where it is known from.
    package var citation: String

    package init(date: CalendarDate, title: LocalizedText, citation: String) {
        self.date = date
        self.title = title
        self.citation = citation
    }
}

/// The events of an installation, by date.
package struct TrendEvents: Sendable, Hashable {
    package let events: [TrendEvent]

    package init(_ events: [TrendEvent]) {
        self.events = events.enumerated().sorted { ($0.element.date, $0.offset) < ($1.element.date, $1.offset) }
            .map(\.element)
    }

    /// The events of a period, by date.
    package func during(_ period: Period) -> [TrendEvent] { events.filter { period.contains($0.date) } }
}
