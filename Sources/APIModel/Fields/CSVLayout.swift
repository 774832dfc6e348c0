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
        let header = sources.flatMap { source -> [String] in
            switch source {
            case .answer(let column): [column.csvName ?? ""]
            case .row(let column): column.names == nil ? [column.csvName ?? ""] : names
            }
        }
        var writer = CSVWriter(header: header)
        // What all lines have in common is made once.
        let parts = sources.map { source -> (common: CSVCell, column: Column<Row>?) in
            switch source {
            case .answer(let column): (column.cell(answer), nil)
            case .row(let column): (.empty, column)
            }
        }
        var cells: [CSVCell] = []
        cells.reserveCapacity(header.count)
        for row in rows {
            cells.removeAll(keepingCapacity: true)
            for part in parts {
                guard let column = part.column else {
                    cells.append(part.common)
                    continue
                }
                guard let values = column.names?(row) else {
                    cells.append(column.cell(row))
                    continue
                }
                for name in names {
                    cells.append(column.namedCell?(row) ?? values[name].map { .text($0) } ?? .empty)
                }
            }
            writer.append(cells)
        }
        return writer
    }
}
