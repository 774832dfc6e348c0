internal import TextFormats

/// What would move between entities: a table as it is against the table as it would be.
package struct ShareMoves: Sendable, Hashable {
    package struct Row: Sendable, Hashable {
        /// Empty for the total.
        package var entity: String
        package var numerator: AmountChange
        /// In percent as published, in units of the last published decimal; 0 where there is no share.
        package var percent: AmountChange
    }

    /// Entities whose figure or share moves, by the size of the move; equal ones by name.
    package let rows: [Row]
    /// What is counted altogether.
    package let total: Row
    private let after: ShareTable

    /// - Parameters:
    ///   - before: `nil` where the scope can't be answered before.
    ///   - after: of the same scope and period.
    package init(from before: ShareTable?, to after: ShareTable) {
        let (old, new) = (before.map(Self.figures) ?? [:], Self.figures(after))
        var rows: [Row] = []
        for entity in Set(old.keys).union(new.keys) {
            let (was, will) = (old[entity], new[entity])
            let row = Row(
                entity: entity, numerator: AmountChange(from: was?.amount ?? 0, to: will?.amount ?? 0),
                percent: AmountChange(from: was?.percent ?? 0, to: will?.percent ?? 0))
            if !row.numerator.isZero || !row.percent.isZero { rows.append(row) }
        }
        self.rows = rows.sorted {
            $0.numerator.magnitude != $1.numerator.magnitude
                ? $0.numerator.magnitude > $1.numerator.magnitude
                : $0.entity.utf8.lexicographicallyPrecedes($1.entity.utf8)
        }
        total = Row(
            entity: "", numerator: AmountChange(from: before?.total.numerator ?? 0, to: after.total.numerator),
            percent: AmountChange(from: 0, to: 0))
        self.after = after
    }

    private static func figures(_ table: ShareTable) -> [String: (amount: Int128, percent: Int128)] {
        var figures: [String: (amount: Int128, percent: Int128)] = [:]
        for (row, percent) in zip(table.rows, table.percentages()) {
            // The published text without its point is the number of units of its last decimal.
            let units = percent.flatMap { Int128($0.filter { $0 != "." }) } ?? 0
            figures[row.entity] = (row.numerator, units)
        }
        return figures
    }

    /// The change in points of share, with its sign: `+0.3`.
    package func points(of row: Row) -> String {
        row.percent.text { DecimalText.render($0, decimals: after.scope.precision) }
    }

    /// A share in percent, as published.
    package func percentText(_ units: Int128) -> String {
        DecimalText.signed(units) { DecimalText.render($0, decimals: after.scope.precision) }
    }

    /// The change of a figure in the unit of the scope, with its sign.
    package func change(of row: Row) -> String { row.numerator.text(after.scope.measure.text(of:)) }
}
