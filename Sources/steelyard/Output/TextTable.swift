/// A table for people: columns aligned by display width, a rule under the header and above the totals.
struct TextTable {
    enum Alignment {
        case left
        case right
    }

    struct Column {
        var title: String
        var alignment: Alignment

        static func text(_ title: String) -> Column { Column(title: title, alignment: .left) }
        static func number(_ title: String) -> Column { Column(title: title, alignment: .right) }
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []
    private(set) var totals: [String]?

    private static let gap = "  "

    init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row, which must have as many cells as there are columns.
    mutating func append(_ cells: [String]) {
        precondition(cells.count == columns.count, "\(cells.count) cells under \(columns.count) columns")
        rows.append(cells.map(\.printable))
    }

    /// Sets the row below the rule.
    mutating func setTotals(_ cells: [String]) {
        precondition(cells.count == columns.count, "\(cells.count) cells under \(columns.count) columns")
        totals = cells.map(\.printable)
    }

    /// The table as lines, each ended by a line feed, none with trailing spaces.
    func rendered() -> String {
        let titles = columns.map(\.title)
        let everything = [titles] + rows + (totals.map { [$0] } ?? [])
        let widths = columns.indices.map { column in everything.map { DisplayWidth.of($0[column]) }.max() ?? 0 }
        let rule = widths.map { String(repeating: "─", count: $0) }
        var lines = [line(titles, widths), line(rule, widths)]
        lines += rows.map { line($0, widths) }
        if let totals { lines += [line(rule, widths), line(totals, widths)] }
        return lines.map { $0 + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = columns.indices.map { cells[$0].padded(to: widths[$0], columns[$0].alignment) }
            .joined(separator: Self.gap)
        while text.last == " " { text.removeLast() }
        return text
    }
}
