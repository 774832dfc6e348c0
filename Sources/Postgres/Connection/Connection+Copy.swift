internal import CLibPQ

extension Connection {
    /// Bytes gathered before they are handed to libpq.
    static let copyChunkBytes = 1 << 18

    /// Streams rows in binary format. `sql` is `COPY table (columns) FROM STDIN (FORMAT binary)`.
    ///
    /// - Returns: the number of rows that were copied.
    @discardableResult
    package func copyIn(_ sql: String, _ body: (inout CopyWriter) throws -> Void) throws -> Int {
        _ = try run(sql)
        var writer = CopyWriter()
        do {
            try body(&writer)
            writer.end()
            try send(&writer, sql: sql)
        } catch {
            _ = unsafe PQputCopyEnd(handle, "the program gave up")
            drain()
            throw error
        }
        guard unsafe PQputCopyEnd(handle, nil) == 1 else {
            isBroken = true
            throw PostgresError(.connectionFailure, "The connection was lost, in: \(sql.statementSummary)")
        }
        let result = unsafe PQgetResult(handle)
        defer { drain() }
        return try unsafe rows(result, sql: sql).affectedRows
    }

    private func send(_ writer: inout CopyWriter, sql: String) throws {
        var start = 0
        while start < writer.bytes.count {
            let count = min(Self.copyChunkBytes, writer.bytes.count - start)
            let sent = unsafe writer.bytes.withUnsafeBytes { buffer in
                let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                return unsafe PQputCopyData(handle, base.map { unsafe $0 + start }, Int32(count))
            }
            guard sent == 1 else {
                isBroken = true
                throw PostgresError(.connectionFailure, "The connection was lost, in: \(sql.statementSummary)")
            }
            start += count
        }
        writer.bytes.removeAll(keepingCapacity: true)
    }

    /// Reads and drops what the server still sends of a statement.
    func drain() {
        while let result = unsafe PQgetResult(handle) {
            unsafe PQclear(result)
        }
        if isLost { isBroken = true }
    }
}

/// Rows in PostgreSQL's binary COPY format: `begin(fields:)`, then as many values, for each row.
package struct CopyWriter {
    var bytes: [UInt8]

    init() {
        bytes = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]
        bytes.appendBigEndian(Int32(0))
        bytes.appendBigEndian(Int32(0))
    }

    mutating func end() {
        bytes.appendBigEndian(Int16(-1))
    }

    /// Starts a row of the given number of fields.
    package mutating func begin(fields: Int) {
        bytes.appendBigEndian(Int16(fields))
    }

    package mutating func append(_ value: Int16) {
        bytes.appendBigEndian(Int32(2))
        bytes.appendBigEndian(value)
    }

    package mutating func append(_ value: Int32) {
        bytes.appendBigEndian(Int32(4))
        bytes.appendBigEndian(value)
    }

    package mutating func append(_ value: Int64) {
        bytes.appendBigEndian(Int32(8))
        bytes.appendBigEndian(value)
    }

    /// Appends any parameter, NULL included.
    package mutating func append(_ value: Parameter) {
        guard let content = value.bytes else { return bytes.appendBigEndian(Int32(-1)) }
        bytes.appendBigEndian(Int32(content.count))
        bytes.append(contentsOf: content)
    }
}
