internal import CLibPQ

extension Connection {
    /// Runs one statement and returns its rows.
    ///
    /// The statement is prepared on first use and kept; pass `isOneOff` for text that won't come again.
    @discardableResult
    package func query(_ sql: String, _ parameters: [Parameter] = [], isOneOff: Bool = false) throws -> Rows {
        try requireUsable()
        let name = isOneOff ? "" : try preparedName(for: sql, types: parameters.map(\.type))
        if isOneOff { try prepare(name: "", sql: sql, types: parameters.map(\.type)) }
        let packed = PackedParameters(parameters)
        let result = unsafe packed.withPointers { count, values, lengths, formats in
            unsafe PQexecPrepared(handle, name, count, values, lengths, formats, 1)
        }
        return try unsafe rows(result, sql: sql)
    }

    /// Runs one or more statements without parameters, as text; rows are thrown away. A connection that takes one
    /// statement per message takes one here too.
    package func execute(_ sql: String) throws {
        guard !isBroken else {
            throw PostgresError(.connectionFailure, "The connection was lost earlier and may not be used again.")
        }
        _ = try run(sql)
    }

    /// Sends text without parameters, by the simple protocol only where several statements are allowed.
    func run(_ sql: String) throws -> Rows {
        if takesOneStatementPerMessage {
            return try unsafe rows(PQexecParams(handle, sql, 0, nil, nil, nil, nil, 1), sql: sql)
        }
        return try unsafe rows(PQexec(handle, sql), sql: sql)
    }

    func preparedName(for sql: String, types: [UInt32]) throws -> String {
        let key = StatementKey(sql: sql, types: types)
        if let name = prepared[key] { return name }
        if prepared.count >= Self.maxPreparedStatements {
            prepared.removeAll()
            try execute("DEALLOCATE ALL")
        }
        let name = "s\(prepared.count)"
        try prepare(name: name, sql: sql, types: types)
        prepared[key] = name
        return name
    }

    private func prepare(name: String, sql: String, types: [UInt32]) throws {
        _ = try unsafe rows(PQprepare(handle, name, sql, Int32(types.count), types), sql: sql)
    }

    /// Takes over a result: rows, or the error it holds.
    func rows(_ result: OpaquePointer?, sql: String) throws -> Rows {
        guard let result = unsafe result else {
            throw noted(PostgresError(.connectionFailure, lastMessage(doing: sql)))
        }
        let box = unsafe ResultBox(result)
        switch unsafe PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY: return Rows(box: box)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: return Rows(box: box)
        default: throw noted(box.error(doing: sql, isLost: isLost, message: lastMessage(doing: sql)))
        }
    }

    private func noted(_ error: PostgresError) -> PostgresError {
        if isLost || error.breaksConnection { isBroken = true }
        return error
    }

    private func lastMessage(doing sql: String) -> String {
        let text = unsafe String(cString: PQerrorMessage(handle)).trimmedLines
        return "\(text.isEmpty ? "The connection was lost" : text), in: \(sql.statementSummary)"
    }
}

extension String {
    /// Enough of a statement to know it by: its first 120 characters on one line. Values are parameters and not in it.
    var statementSummary: String {
        let line = split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 120 ? "\(line.prefix(120))…" : line
    }
}

/// Owns a libpq result and frees it.
@safe final class ResultBox {
    let result: OpaquePointer

    init(_ result: OpaquePointer) {
        unsafe self.result = unsafe result
    }

    deinit {
        unsafe PQclear(result)
    }

    func errorField(_ code: Character) -> String? {
        guard let ascii = code.asciiValue else { return nil }
        return unsafe PQresultErrorField(result, Int32(ascii)).map { unsafe String(cString: $0) }
    }

    func error(doing sql: String, isLost: Bool, message: String) -> PostgresError {
        guard let state = errorField("C") else { return PostgresError(.connectionFailure, message) }
        let primary = errorField("M") ?? "unknown error"
        return PostgresError(
            PostgresError.Code(state), "\(primary), in: \(sql.statementSummary)", detail: errorField("D"),
            hint: errorField("H"), constraint: errorField("n"))
    }
}
