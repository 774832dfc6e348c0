internal import Postgres
internal import UsageModel

/// The columns that counts stand in, in every table of sums: requests first, then the kinds of tokens.
enum CountColumns {
    static let names = ["requests", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens"]
    static let list = names.joined(separator: ", ")
}

/// How statements write many rows: as one array for each column.
enum RowPortions {
    /// Rows of one statement. Larger saves little, and a statement's arrays stay within a few megabytes.
    static let maxRows = 20_000

    /// Keys are unique within a statement, so that each row of it is one row of the table.
    static func requireAll(_ written: Int, of rows: Int, _ table: String) {
        precondition(written == rows, "\(written) of \(rows) rows were written to \(table)")
    }
}

extension Parameter {
    /// Signed counts as five array parameters of `numeric`, in the order of ``CountColumns``.
    static func numericColumns(_ counts: [SignedTokenCounts]) -> [Parameter] {
        [
            .numericArray(counts.map(\.requests)), .numericArray(counts.map(\.input)),
            .numericArray(counts.map(\.cachedInput)), .numericArray(counts.map(\.output)),
            .numericArray(counts.map(\.reasoningOutput)),
        ]
    }
}

extension [Int] {
    /// The elements in order, in portions of at most `size`.
    func portions(of size: Int) -> [ArraySlice<Int>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
