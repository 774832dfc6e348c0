/// Where the columns of a file stand, and the cells of its records.
package struct CSVColumns {
    private let positions: [String: Int]
    private let count: Int

    /// Takes the header.
    ///
    /// - Parameters:
    ///   - needed: the columns that must be there.
    ///   - ignored: further columns that may be there.
    /// - Returns: `nil`, with what is wrong among the problems, where the records can't be read.
    package static func read(
        _ header: CSVRecord, needed: [String], ignored: [String], problems: inout [FileProblem]
    ) -> CSVColumns? {
        var positions: [String: Int] = [:]
        var isReadable = true
        func report(_ message: String, field: String?, to problems: inout [FileProblem]) {
            problems.append(FileProblem(line: header.line, field: field, message: message))
            isReadable = false
        }
        for (index, name) in header.fields.enumerated() {
            if !needed.contains(name), !ignored.contains(name) {
                report(
                    "unknown column '\(name.excerpt)': the columns are \(needed.joined(separator: ", "))", field: nil,
                    to: &problems)
            } else if positions.updateValue(index, forKey: name) != nil {
                report("the column is there twice", field: name, to: &problems)
            }
        }
        for name in needed where positions[name] == nil { report("the column is missing", field: name, to: &problems) }
        return isReadable ? CSVColumns(positions: positions, count: header.fields.count) : nil
    }

    /// Whether the record has as many fields as the header; reported where it hasn't.
    package func fits(_ record: CSVRecord, problems: inout [FileProblem]) -> Bool {
        guard record.fields.count == count else {
            problems.append(
                FileProblem(line: record.line, message: "\(record.fields.count) fields where the header has \(count)"))
            return false
        }
        return true
    }

    /// The cell as it was meant, its guard against formulas taken off; empty for a column that isn't there.
    package func value(_ column: String, _ record: CSVRecord) -> String {
        positions[column].map { FormulaGuard.unguarded(record.fields[$0]) } ?? ""
    }
}
