internal import Intake

enum CSVTarget {
    private static let delimiters = Array(",;\t|".utf8)

    /// The first byte chooses the layout, the second the size of chunks; the rest is the input.
    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let (kind, chunk) = (choices.byte(), choices.byte())
        let hasHeader = kind & 4 == 0
        let layout = Mapping.CSVLayout(
            delimiter: delimiters[Int(kind & 3)], hasHeader: hasHeader, skippedLines: Int(kind >> 3 & 3))
        func place(_ name: String, _ number: Int) -> Mapping.Place { hasHeader ? .column(name) : .columnNumber(number) }
        let mapping = Mapping(
            layout: .csv(layout), tenant: place("who", 2), model: .constant("m"), time: place("at", 1),
            timeFormat: kind & 32 == 0 ? .automatic : .epoch(.milliseconds), input: place("in", 3),
            cachedInput: place("cached", 4), output: place("out", 5), id: place("id", 6))
        guard
            let parser = try? IntakeParser(
                format: .mapped(mapping), defaults: EventDefaults(provider: "volcengine"), framing: .lines)
        else { preconditionFailure("a mapping of this table can't be parsed") }
        ParserRun.checkChunking(Array(choices.rest), with: parser, choice: chunk)
    }
}
