/// Writes RFC 4180: comma, CRLF, quotes where needed, UTF-8 without a byte order mark, text cells guarded.
package struct CSVWriter: Sendable {
    /// What has been written, as far as nobody took it away.
    package private(set) var text = ""
    private let columnCount: Int
    /// Whether anything stands below the header.
    package private(set) var hasRecords = false

    /// Starts a file with its header.
    package init(header: [String]) {
        precondition(!header.isEmpty, "a CSV file without columns")
        columnCount = header.count
        append(header.map { .text($0) })
        hasRecords = false
    }

    /// Adds a record, which must have as many cells as the header.
    package mutating func append(_ cells: [CSVCell]) {
        precondition(cells.count == columnCount, "\(cells.count) cells under \(columnCount) columns")
        for (index, cell) in cells.enumerated() {
            if index > 0 { text += "," }
            Self.append(cell, isOnlyCell: cells.count == 1, to: &text)
        }
        text += "\r\n"
        hasRecords = true
    }

    /// Takes away what has been written so far, for files that aren't held whole.
    package mutating func take() -> String {
        defer { text = "" }
        return text
    }

    /// The file as bytes of UTF-8.
    package var bytes: [UInt8] { Array(text.utf8) }

    private static func append(_ cell: CSVCell, isOnlyCell: Bool, to text: inout String) {
        switch cell {
        case .empty:
            // A record of one empty cell would be a blank line, which is no record.
            if isOnlyCell { text += "\"\"" }
        case .number(let digits) where FormulaGuard.isPlainNumber(digits):
            text += digits
        case .number(let other), .text(let other):
            appendText(FormulaGuard.guarded(other), isOnlyCell: isOnlyCell, to: &text)
        }
    }

    private static func appendText(_ value: String, isOnlyCell: Bool, to text: inout String) {
        let needsQuotes =
            (value.isEmpty && isOnlyCell) || value.utf8.first == 0x20 || value.utf8.last == 0x20
            || value.utf8.contains { $0 == 0x2C || $0 == 0x3B || $0 == 0x22 || $0 == 0x0D || $0 == 0x0A }
        guard needsQuotes else {
            text += value
            return
        }
        text += "\""
        for scalar in value.unicodeScalars {
            if scalar == "\"" { text += "\"" }
            text.unicodeScalars.append(scalar)
        }
        text += "\""
    }
}
