internal import TextFormats
internal import UsageModel

/// Where the columns of a file stand, and the cells of its records.
struct CSVColumns {
    private let positions: [String: Int]
    private let count: Int

    /// Takes the header.
    ///
    /// - Parameters:
    ///   - needed: the columns that must be there.
    ///   - ignored: further columns that may be there.
    /// - Returns: `nil`, with what is wrong among the problems, where the records can't be read.
    static func read(
        _ header: CSVRecord, needed: [String], ignored: [String], problems: inout [FileProblem]
    ) -> CSVColumns? {
        var positions: [String: Int] = [:]
        var isReadable = true
        func report(_ field: String?, _ message: String, _ problems: inout [FileProblem]) {
            problems.append(FileProblem(line: header.line, field: field, message: message))
            isReadable = false
        }
        for (index, name) in header.fields.enumerated() {
            if !needed.contains(name), !ignored.contains(name) {
                report(
                    nil, "unknown column '\(name.excerpt)': the columns are \(needed.joined(separator: ", "))",
                    &problems)
            } else if positions.updateValue(index, forKey: name) != nil {
                report(name, "the column is there twice", &problems)
            }
        }
        for name in needed where positions[name] == nil { report(name, "the column is missing", &problems) }
        return isReadable ? CSVColumns(positions: positions, count: header.fields.count) : nil
    }

    /// Whether the record has as many fields as the header; reported where it hasn't.
    func fits(_ record: CSVRecord, problems: inout [FileProblem]) -> Bool {
        guard record.fields.count == count else {
            problems.append(
                FileProblem(line: record.line, message: "\(record.fields.count) fields where the header has \(count)"))
            return false
        }
        return true
    }

    /// The cell as it was meant, its guard against formulas taken off; empty for a column that isn't there.
    func value(_ column: String, _ record: CSVRecord) -> String {
        positions[column].map { FormulaGuard.unguarded(record.fields[$0]) } ?? ""
    }
}

/// Dates and free text in cells.
enum CellText {
    /// - Returns: the date, or what is wrong.
    static func date(_ text: String) -> Result<CalendarDate, CellProblem> {
        if let date = CalendarDate(text) { return .success(date) }
        return .failure(
            CellProblem(
                text.isEmpty
                    ? "the date is missing: write YYYY-MM-DD" : "'\(text.excerpt)' is no date: write YYYY-MM-DD"))
    }

    /// What is wrong with a text that people read, or `nil`.
    static func problem(inText text: String, maxBytes: Int) -> CellProblem? {
        if text.utf8.count > maxBytes { return CellProblem("is longer than \(maxBytes) bytes") }
        if text.unicodeScalars.contains(where: \.isUnprintable) {
            return CellProblem("holds a control or text-direction character")
        }
        return nil
    }
}

/// What is wrong with a cell.
struct CellProblem: Error, Equatable {
    var message: String

    init(_ message: String) {
        self.message = message
    }
}
