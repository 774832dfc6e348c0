internal import APIModel
internal import ArgumentParser
internal import TextFormats

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

    /// The same of an answer that may hold nothing.
    ///
    /// - Throws: ``CommandError`` with `.nothing`, after the answer was written, where it has no row.
    func write<Answer: APITable>(
        _ response: ReceivedResponse, as type: Answer.Type, table: (Answer) -> String
    ) throws {
        try write(response) { table(try $0.decoded(type)) }
        try response.requireRows(type, in: format)
    }
}

extension ReceivedResponse {
    /// Checks that an answer has rows: that its CSV has a line below the header.
    ///
    /// - Throws: ``CommandError`` with `.nothing`.
    func requireRows<Answer: APITable>(_ type: Answer.Type, in format: OutputFormat) throws(CommandError) {
        try Self.requireRows(format == .csv ? hasLines : try decoded(type).csv.hasRecords)
    }

    /// The same of an answer whose rows the caller has looked at.
    static func requireRows(_ hasRows: Bool) throws(CommandError) {
        guard hasRows else {
            throw CommandError(.nothing, "the answer holds nothing: there is no row of what was asked for")
        }
    }

    /// Whether the body, a CSV, has a line below its header, which holds no line break.
    var hasLines: Bool { body.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 < body.count } ?? false }
}
