internal import ArgumentParser

/// Who reads the answer.
enum OutputFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// People: an aligned table.
    case table
    /// Executables: the server's JSON, unchanged; counts are strings of digits.
    case json
    /// Executables and spreadsheets: the server's CSV, unchanged.
    case csv

    /// The media type that the server is asked for.
    var accept: String { self == .csv ? "text/csv" : "application/json" }
}

/// How an answer is written.
struct OutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("table for people, json or csv for programs.", valueName: "FORMAT"))
    var format = OutputFormat.table

    @Flag(help: "Chinese headings, and counts in 万亿 and 亿 (tables only).")
    var zh = false

    var figures: Figures { zh ? .chinese : .separated }

    /// Writes a response: as it came for programs, through `table` for people.
    func write(_ response: ReceivedResponse, table: (ReceivedResponse) throws -> String) throws {
        switch format {
        case .table: Terminal.out(try table(response))
        case .json, .csv:
            Terminal.out(bytes: response.body)
            if let last = response.body.last, last != UInt8(ascii: "\n") { Terminal.out("\n") }
        }
    }
}
