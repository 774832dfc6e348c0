internal import CLibPQ

extension Connection {
    /// Runs one statement and hands its rows to `body` one by one, as they come: however many there are, one is held in
    /// memory at a time.
    ///
    /// Rows may have been handed over when an error ends the statement: what was made of them must not be used then.
    /// Where `body` throws, the statement is cancelled.
    ///
    /// - Returns: how many rows there were.
    @discardableResult
    package func forEachRow(
        _ sql: String, _ parameters: [Parameter] = [], body: (Row) throws -> Void
    ) throws -> Int {
        try requireUsable()
        let name = try preparedName(for: sql, types: parameters.map(\.type))
        let packed = PackedParameters(parameters)
        let isSent = unsafe packed.withPointers { count, values, lengths, formats in
            unsafe PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1) == 1
        }
        guard isSent, unsafe PQsetSingleRowMode(handle) == 1 else {
            isBroken = true
            throw PostgresError(.connectionFailure, "The connection was lost, in: \(sql.statementSummary)")
        }
        var count = 0
        do {
            // Each row is a result of its own; an empty one follows the last.
            while let result = unsafe PQgetResult(handle) {
                for row in try unsafe rows(result, sql: sql) {
                    count += 1
                    try body(row)
                }
            }
        } catch {
            cancel()
            drain()
            throw error
        }
        if isLost { isBroken = true }
        return count
    }

    /// Asks the server to end the statement that is under way.
    private func cancel() {
        guard let request = unsafe PQgetCancel(handle) else { return isBroken = true }
        defer { unsafe PQfreeCancel(request) }
        var message = [CChar](repeating: 0, count: Self.cancelMessageBytes)
        if unsafe PQcancel(request, &message, Int32(message.count)) != 1 { isBroken = true }
    }

    /// Room for libpq's words about a cancellation that failed, in bytes: what its documentation recommends.
    private static let cancelMessageBytes = 256
}
