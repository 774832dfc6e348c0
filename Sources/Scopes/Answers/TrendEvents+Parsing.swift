internal import Foundation
package import TextFormats
internal import UsageModel

extension TrendEvents {
    /// The most events of one file.
    package static let maxEvents = 1_000

    /// Reads a file of events: a map with the list `events`, each with `date`, `title` in English and Chinese, `citation`.
    ///
    /// - Throws: every mistake in the file, by line and key.
    package static func parse(_ yaml: String, file: String) throws(FileProblems) -> TrendEvents {
        var reader = YAMLReader(try YAMLValue.parse(yaml, file: file))
        let list = reader.required("events")
        let events = list.flatMap { reader.list($0, "events") { event($1, &$0) } }
        reader.finish()
        if let events, events.count > maxEvents {
            reader.report("events", "are \(events.count); a file may hold \(maxEvents)")
        }
        guard let events, reader.problems.isEmpty else { throw FileProblems(file: file, problems: reader.problems) }
        return TrendEvents(events)
    }

    /// The events that come with Steelyard, and those of a file of the house.
    ///
    /// - Throws: ``FileProblems`` with every mistake of the house's file, or where the installation is damaged.
    package static func catalogue(_ house: String?) throws(FileProblems) -> TrendEvents {
        let file = "market.yaml"
        guard
            let url = Bundle.module.url(forResource: "market", withExtension: "yaml", subdirectory: "BuiltIn/Events"),
            let text = try? String(contentsOf: url, encoding: .utf8)
        else {
            throw FileProblems(
                file: file, problems: [FileProblem(line: 1, message: "missing from the installation")])
        }
        let builtIn = try parse(text, file: file)
        guard let house else { return builtIn }
        return TrendEvents(builtIn.events + (try parse(try ScopeDirectory.text(house), file: house)).events)
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
