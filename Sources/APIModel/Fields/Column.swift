package import Scopes
package import TextFormats

/// What CSV and tables show of a ``Field``: one cell of a line.
package struct Column<Root: Sendable>: Sendable {
    /// `nil` where CSV leaves it out.
    package var csvName: String?
    /// `nil` where tables leave it out.
    package var heading: LocalizedText?
    package var isNumber: Bool
    /// Whether tables leave a cell without a value empty, in place of a dash.
    package var isBlank: Bool
    /// Whether a row has anything to show; tables leave the column out where none has. `nil` where they always show it.
    package internal(set) var isPresent: (@Sendable (Root) -> Bool)?
    let path: @Sendable () -> AnyKeyPath?
    package let cell: @Sendable (Root) -> CSVCell
    package private(set) var displayValue: @Sendable (Root) -> DisplayValue
    /// Members with names of their own: as many cells as there are names.
    var names: (@Sendable (Root) -> [NamedText])?
    /// What CSV has in place of such a member.
    var namedCell: (@Sendable (Root) -> CSVCell)?

    init(
        csvName: String?, heading: LocalizedText?, isNumber: Bool, isBlank: Bool,
        isPresent: (@Sendable (Root) -> Bool)?, path: @escaping @Sendable () -> AnyKeyPath?,
        cell: @escaping @Sendable (Root) -> CSVCell,
        displayValue: @escaping @Sendable (Root) -> DisplayValue
    ) {
        self.csvName = csvName
        self.heading = heading
        self.isNumber = isNumber
        self.isBlank = isBlank
        self.isPresent = isPresent
        self.path = path
        self.cell = cell
        self.displayValue = displayValue
    }

    /// A cell of CSV that is no field by itself.
    package init(_ csvName: String, cell: @escaping @Sendable (Root) -> CSVCell) {
        self.init(
            csvName: csvName, heading: nil, isNumber: false, isBlank: false, isPresent: nil,
            path: { nil }, cell: cell,
            displayValue: { _ in .missing })
    }

    init(namedBy path: ReadableProperty<Root, [NamedText]>, cell: (@Sendable (Root) -> CSVCell)?) {
        self.init(
            csvName: "", heading: nil, isNumber: false, isBlank: true, isPresent: nil, path: { path },
            cell: { _ in .empty },
            displayValue: { _ in .missing })
        names = { $0[keyPath: path] }
        namedCell = cell
    }

    /// The column of a part, as one of the whole.
    package func at<Whole>(_ part: ReadableProperty<Whole, Root>) -> Column<Whole> {
        let (path, cell, displayValue) = (path, cell, displayValue)
        let (names, namedCell) = (names, namedCell)
        var isWholePresent: (@Sendable (Whole) -> Bool)?
        if let isPresent { isWholePresent = { isPresent($0[keyPath: part]) } }
        var column = Column<Whole>(
            csvName: csvName, heading: heading, isNumber: isNumber, isBlank: isBlank,
            isPresent: isWholePresent,
            path: { path().flatMap { (part as AnyKeyPath).appending(path: $0) } },
            cell: { cell($0[keyPath: part]) },
            displayValue: { displayValue($0[keyPath: part]) })
        if let names { column.names = { names($0[keyPath: part]) } }
        if let namedCell { column.namedCell = { namedCell($0[keyPath: part]) } }
        return column
    }

    /// The same of a part that may be missing.
    ///
    /// - Parameter otherwise: the part whose cell CSV has then.
    package func at<Whole>(
        _ part: ReadableProperty<Whole, Root?>, otherwise: Root? = nil
    ) -> Column<Whole> {
        let (cell, displayValue) = (cell, displayValue)
        return Column<Whole>(
            csvName: csvName, heading: heading, isNumber: isNumber, isBlank: isBlank,
            isPresent: nil, path: { nil },
            cell: { ($0[keyPath: part] ?? otherwise).map(cell) ?? .empty },
            displayValue: { $0[keyPath: part].map(displayValue) ?? .missing })
    }

    /// The column with its cells for people in another form.
    package func showing(_ form: @escaping @Sendable (DisplayValue) -> DisplayValue) -> Column {
        var column = self
        let displayValue = displayValue
        column.displayValue = { form(displayValue($0)) }
        return column
    }

    /// The column under another name in CSV.
    package func called(_ name: String) -> Column {
        var column = self
        column.csvName = name
        return column
    }
}

extension Array {
    /// The columns of a part, as those of the whole; their names in CSV begin with the part's.
    package func at<Whole, Root>(
        _ part: ReadableProperty<Whole, Root>, named name: String
    ) -> [Column<Whole>] where Element == Column<Root> {
        map { column in
            var outer = column.at(part)
            outer.csvName = column.csvName.map { $0.isEmpty ? name : "\(name)_\($0)" }
            return outer
        }
    }

    /// The column of a property.
    package subscript<Root, Value>(path: KeyPath<Root, Value>) -> Column<Root>
    where Element == Column<Root> {
        self[index(of: path)]
    }

    /// The columns from that of a property on.
    package func from<Root, Value>(_ path: KeyPath<Root, Value>) -> [Element]
    where Element == Column<Root> {
        Array(self[index(of: path)...])
    }

    /// The columns before that of a property.
    package func upTo<Root, Value>(_ path: KeyPath<Root, Value>) -> [Element]
    where Element == Column<Root> {
        Array(self[..<index(of: path)])
    }

    private func index<Root, Value>(of path: KeyPath<Root, Value>) -> Int
    where Element == Column<Root> {
        guard let index = firstIndex(where: { $0.path() == path }) else {
            preconditionFailure("\(path) is no column of \(Root.self)")
        }
        return index
    }
}
