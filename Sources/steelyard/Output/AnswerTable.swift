internal import APIModel
internal import Scopes
internal import TextFormats

/// A table of an answer's rows for people. Headings and cells come from the rows' fields, but for what a table says in
/// its own words.
struct AnswerTable<Row: APIObject> {
    private struct Part {
        var column: TextTable.Column
        /// The field, where the part is one.
        var field: Column<Row>?
        var cell: (Row) -> String
    }

    private let figures: Figures
    private var parts: [Part] = []

    init(_ figures: Figures) { self.figures = figures }

    /// Adds fields; those without a heading stand in no table.
    mutating func add(_ fields: [Column<Row>]) {
        for field in fields {
            if let heading = field.heading { add(field, titled: figures.words(heading)) }
        }
    }

    /// Adds a field under a heading that depends on the question.
    mutating func add(_ field: Column<Row>, titled title: String) {
        let figures = figures
        parts.append(
            Part(
                column: TextTable.Column(title: title, alignment: field.isNumber ? .right : .left), field: field,
                cell: { figures.text(field.displayValue($0), isBlank: field.isBlank) }))
    }

    /// Adds a column of cells that are no field by themselves.
    mutating func add(_ column: TextTable.Column, cell: @escaping (Row) -> String) {
        parts.append(Part(column: column, field: nil, cell: cell))
    }

    /// The table of some rows; columns that have nothing to show in any of them are left out.
    ///
    /// - Parameter total: the row below the rule.
    func rendered(_ rows: [Row], total: Row? = nil) -> String {
        render(rows, total.map { total in parts.map { $0.cell(total) } }, alsoPresent: total.map { [$0] } ?? [])
    }

    /// The same above a total of another type, which has some of the fields.
    ///
    /// - Parameter name: what stands in the total's columns that are no fields.
    func rendered(_ rows: [Row], total: some APIObject, named name: String) -> String {
        let columns = type(of: total).columns
        let cells = parts.map { part -> String in
            guard let field = part.field else { return name }
            guard let column = columns.matching(field) else { return "" }
            return figures.text(column.displayValue(total), isBlank: column.isBlank)
        }
        return render(rows, cells, alsoPresent: []) { field in
            guard let column = columns.matching(field) else { return false }
            return column.isPresent?(total) ?? true
        }
    }

    private func render(
        _ rows: [Row], _ totals: [String]?, alsoPresent others: [Row],
        isPresentInTotal: (Column<Row>) -> Bool = { _ in false }
    ) -> String {
        let kept = parts.indices.filter { index in
            guard let field = parts[index].field, let isPresent = field.isPresent else { return true }
            return rows.contains(where: isPresent) || others.contains(where: isPresent) || isPresentInTotal(field)
        }
        var table = TextTable(kept.map { parts[$0].column })
        for row in rows { table.append(kept.map { parts[$0].cell(row) }) }
        if let totals { table.setTotals(kept.map { totals[$0] }) }
        return table.rendered()
    }
}

extension Array {
    /// The column of the same name in another type.
    fileprivate func matching<Root, Other>(_ other: Column<Other>) -> Column<Root>? where Element == Column<Root> {
        first { $0.csvName != nil && $0.csvName == other.csvName }
    }
}

extension Column {
    /// The same with its thousands separated, where the field is a number that JSON has no text for.
    var grouped: Column {
        showing { if case .text(let digits) = $0 { .count(digits) } else { $0 } }
    }

    /// The same with a plus sign where a change has none, and no sign at 0.
    var signed: Column {
        showing { value in
            guard case .change(let digits) = value, digits != "0", !digits.hasPrefix("-") else { return value }
            return .change("+" + digits)
        }
    }
}

extension Figures {
    /// A value as a table's cell.
    ///
    /// - Parameter isBlank: whether a cell without a value is empty, in place of a dash.
    func text(_ value: DisplayValue, isBlank: Bool = false) -> String {
        switch value {
        case .text(let text): text
        case .count(let digits): count(digits)
        case .change(let digits): AnswerText.change(digits, self)
        case .percent(let digits): percent(digits)
        case .words(let text): words(text)
        case .missing: isBlank ? "" : "–"
        }
    }

    /// The column of a field, for a table that makes its cells itself.
    func column<Row>(_ field: Column<Row>) -> TextTable.Column {
        let title = field.heading.map { words($0) } ?? ""
        return field.isNumber ? .number(title) : .text(title)
    }

    func words(_ text: LocalizedText) -> String { words(text.en, text.zh) }

    func count<Value: TextValue>(_ value: Value?) -> String { count(value?.text) }
    func percent<Value: TextValue>(_ value: Value?) -> String { percent(value?.text) }
}
