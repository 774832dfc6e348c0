internal import Foundation
package import TextFormats
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

extension TrendEvents {
    /// The most events of one file.
    package static let maxEvents = 1_000

    /// Reads a file of events: a map with the list `events`, each with `date`, `title` in English and Chinese,
    /// `citation`.
    ///
    /// - Throws: every mistake in the file, by line and key.
    package static func parse(_ yaml: String, file: String) throws(FileProblems) -> TrendEvents {
        var reader = YAMLReader(try YAMLValue.parse(yaml, file: file))
        let list = reader.required("events")
        let events = list.flatMap { reader.list($0, of: "events") { event($1, &$0) } }
        reader.finish()
        if let events, events.count > maxEvents {
            reader.report("events", "are \(events.count); a file may hold \(maxEvents)")
        }
        guard let events, reader.problems.isEmpty else { throw FileProblems(file: file, problems: reader.problems) }
        return TrendEvents(events)
    }

    /// The events that come with Steelyard, and those of an installation's own file.
    ///
    /// - Throws: ``FileProblems`` with every mistake of that file, or where the installation is damaged.
    package static func catalogue(custom: TextFile?) throws(FileProblems) -> TrendEvents {
        let file = "market.yaml"
        guard
            let url = Bundle.module.url(forResource: "market", withExtension: "yaml", subdirectory: "BuiltIn/Events"),
            let text = try? String(contentsOf: url, encoding: .utf8)
        else {
            throw FileProblems(
                file: file, problems: [FileProblem(line: 1, message: "missing from the installation")])
        }
        let builtIn = try parse(text, file: file)
        guard let custom else { return builtIn }
        return TrendEvents(builtIn.events + (try parse(custom.text, file: custom.name)).events)
    }

    private static func event(_ value: YAMLValue, _ reader: inout YAMLReader) -> TrendEvent? {
        var entry = YAMLReader(value, path: "events")
        let date = date(&entry)
        let title = Scope.localizedText("title", &entry)
        let citation = entry.text("citation")
        entry.finish()
        reader.absorb(entry)
        guard let date, let title, let citation else { return nil }
        return TrendEvent(date: date, title: title, citation: citation)
    }

    private static func date(_ reader: inout YAMLReader) -> CalendarDate? {
        guard let text = reader.text("date") else { return nil }
        guard let date = CalendarDate(text) else {
            reader.report("date", "'\(text.excerpt)' is no day: write dates as YYYY-MM-DD")
            return nil
        }
        return date
    }
}
