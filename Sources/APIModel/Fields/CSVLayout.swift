package import TextFormats

/// An answer that also comes as CSV.
package protocol APITable: APIObject {
    var csv: CSVWriter { get }
}

/// The columns of an answer as CSV: some are the same in every line, the others come from its rows.
package struct CSVLayout<Answer: Sendable, Row: Sendable>: Sendable, ExpressibleByArrayLiteral {
    private enum Source: Sendable {
        case answer(Column<Answer>)
        case row(Column<Row>)
    }

    private let sources: [Source]

    private init(_ sources: [Source]) { self.sources = sources }

    /// Columns that are the same in every line.
    package static func answer(_ columns: [Column<Answer>]) -> CSVLayout {
        CSVLayout(columns.filter { $0.csvName != nil }.map { .answer($0) })
    }

    package static func row(_ columns: [Column<Row>]) -> CSVLayout {
        CSVLayout(columns.filter { $0.csvName != nil }.map { .row($0) })
    }

    /// The columns of several layouts behind each other.
    package init(arrayLiteral parts: CSVLayout...) { self.init(parts.flatMap(\.sources)) }

    /// Writes the file.
    ///
    /// - Parameter names: of the members whose names depend on the question.
    package func csv(of answer: Answer, rows: some Sequence<Row>, names: [String] = []) -> CSVWriter {
        var lines = lines(of: answer, names: names)
        for row in rows { lines.append(row) }
        return lines.writer
    }

    /// Begins the file, whose rows come one by one.
    ///
    /// - Parameters:
    ///   - answer: what all lines have in common comes from it.
    ///   - names: of the members whose names depend on the question.
    package func lines(of answer: Answer, names: [String] = []) -> CSVLines<Row> {
        let header = sources.flatMap { source -> [String] in
            switch source {
            case .answer(let column): [column.csvName ?? ""]
            case .row(let column): column.names == nil ? [column.csvName ?? ""] : names
            }
        }
        let parts = sources.map { source -> CSVLines<Row>.Part in
            switch source {
            case .answer(let column): .common(column.cell(answer))
            case .row(let column): .column(column)
            }
        }
        return CSVLines(header: header, parts: parts, names: names)
    }
}

/// A file of CSV that grows by one row of an answer at a time.
package struct CSVLines<Row: Sendable>: Sendable {
    enum Part: Sendable {
        /// The same in every line, and made once.
        case common(CSVCell)
        case column(Column<Row>)
    }

    package var writer: CSVWriter
    private let parts: [Part]
    private let names: [String]
    private var cells: [CSVCell] = []

    init(header: [String], parts: [Part], names: [String]) {
        writer = CSVWriter(header: header)
        self.parts = parts
        self.names = names
        cells.reserveCapacity(header.count)
    }

    package mutating func append(_ row: Row) {
        cells.removeAll(keepingCapacity: true)
        for part in parts {
            switch part {
            case .common(let cell): cells.append(cell)
            case .column(let column): append(column, of: row)
            }
        }
        writer.append(cells)
    }

    private mutating func append(_ column: Column<Row>, of row: Row) {
        guard let values = column.names?(row) else { return cells.append(column.cell(row)) }
        for name in names {
            cells.append(column.namedCell?(row) ?? values[name].map { .text($0) } ?? .empty)
        }
    }
}
