internal import SourceFormats

enum CSVTarget {
    private static let delimiters = Array(",;\t|".utf8)

    /// One for each choice of delimiter (2 bits), header (1), lines to skip (2) and times (1): to make one takes longer
    /// than to run it.
    private static let parsers: [any SourceParser] = (0..<64).map { kind in
        let hasHeader = kind & 4 == 0
        let layout = CSVLayout(
            delimiter: delimiters[kind & 3], hasHeader: hasHeader, skippedLines: kind >> 3 & 3)
        func place(_ name: String, _ number: Int) -> MappedFormat.Place {
            hasHeader ? .column(name) : .columnNumber(number)
        }
        let mapping = MappedFormat(
            layout: .csv(layout),
            [
                .tenant: place("who", 2), .model: .constant("m"), .time: place("at", 1), .input: place("in", 3),
                .cachedInput: place("cached", 4), .output: place("out", 5), .id: place("id", 6),
            ], timeFormat: kind & 32 == 0 ? .automatic : .epoch(.milliseconds))
        do throws(SourceFormatError) {
            return try mapping.makeParser(defaults: EventDefaults(provider: "volcengine"), framing: .stream)
        } catch {
            fatalError("a mapping of this table can't be parsed: \(error)")
        }
    }

    /// The first byte chooses the parser, the second the size of chunks; the rest is the input.
    static func run(_ bytes: [UInt8]) {
        var choices = Choices(bytes)
        let (kind, chunk) = (choices.byte(), choices.byte())
        ParserRun.checkChunking(Array(choices.rest), with: parsers[Int(kind & 63)], choice: chunk)
    }
}
