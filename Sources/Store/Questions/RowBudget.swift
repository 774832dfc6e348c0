internal import Postgres

/// Counts the rows that questions hold in memory until they are answered, and refuses what is too much.
package protocol RowBudget: Sendable {
    /// Takes so many more rows, until the question is answered.
    func hold(rows: Int) throws
}

extension StoreSession {
    /// Rows are counted in so many at a time.
    private static let countedRows = 1_000

    /// Reads rows that are kept until the question is answered, within the budget of its caller. The server's result is
    /// not kept beside them.
    ///
    /// - Throws: what the budget refuses with, as soon as a row is too many.
    func keptRows<Value>(
        _ sql: String, _ parameters: [Parameter], as value: (Row) throws -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        try connection.forEachRow(sql, parameters) { row in
            if values.count.isMultiple(of: Self.countedRows) { try rowBudget?.hold(rows: Self.countedRows) }
            values.append(try value(row))
        }
        return values
    }
}
