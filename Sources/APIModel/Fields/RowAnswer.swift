package import TextFormats

/// An answer whose last member is its rows, so that they can be written as they come: what stands around them is known
/// before the first.
package protocol RowAnswer: APIObject {
    associatedtype Row: APIObject
}

extension RowAnswer {
    /// The answer as JSON up to its first row, and from its last row on. It must have no rows itself.
    package var jsonAroundRows: (before: [UInt8], after: [UInt8]) {
        let json = json
        let end = Array("]}".utf8)
        precondition(json.suffix(end.count + 1) == Array("[]}".utf8), "\(Self.self) doesn't end with its rows")
        return (Array(json.dropLast(end.count)), end)
    }
}

/// One that also comes as CSV, a line for each row.
package protocol RowTable: RowAnswer, APITable {
    static var layout: CSVLayout<Self, Row> { get }
    /// Of the members whose names depend on the question.
    var names: [String] { get }
    var rowsOfTable: [Row] { get }
}

extension RowTable {
    package var names: [String] { [] }

    /// Begins the file, whose rows come one by one.
    package var csvLines: CSVLines<Row> { Self.layout.lines(of: self, names: names) }

    package var csv: CSVWriter { Self.layout.csv(of: self, rows: rowsOfTable, names: names) }
}
