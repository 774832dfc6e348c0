internal import CLibPQ

/// What a statement returned. Belongs to the thread that ran it: take values out, don't keep it.
@safe package struct Rows: RandomAccessCollection {
    let box: ResultBox
    package let count: Int

    init(box: ResultBox) {
        self.box = box
        count = unsafe Int(PQntuples(box.result))
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { count }

    package subscript(position: Int) -> Row { Row(box: box, row: Int32(position)) }

    /// Rows that an INSERT, UPDATE, DELETE or COPY touched.
    package var affectedRows: Int { unsafe Int(String(cString: PQcmdTuples(box.result))) ?? 0 }

    /// The command that ran, such as `INSERT 0 1`.
    package var commandTag: String { unsafe String(cString: PQcmdStatus(box.result)) }

    /// The only row, where a statement must return exactly one.
    package func one() throws -> Row {
        guard count == 1 else { throw PostgresError(.decoding, "Expected one row and got \(count).") }
        return self[0]
    }
}

/// One row of a result.
package struct Row {
    let box: ResultBox
    let row: Int32

    /// The value of the column at a position (from 0).
    package func decode<Value: ColumnDecodable>(_ column: Int, as type: Value.Type = Value.self) throws -> Value {
        try Value.decode(Cell(box: box, row: row, column: Int32(column)))
    }

    /// The value of the column with a name.
    package func decode<Value: ColumnDecodable>(_ column: String, as type: Value.Type = Value.self) throws -> Value {
        let index = unsafe PQfnumber(box.result, column)
        guard index >= 0 else { throw PostgresError(.decoding, "The result has no column \"\(column)\".") }
        return try Value.decode(Cell(box: box, row: row, column: index))
    }
}

/// One value of a row in binary.
package struct Cell {
    let box: ResultBox
    let row: Int32
    let column: Int32

    var isNull: Bool { unsafe PQgetisnull(box.result, row, column) == 1 }
    var type: UInt32 { unsafe PQftype(box.result, column) }
    var name: String { unsafe PQfname(box.result, column).map { unsafe String(cString: $0) } ?? "?" }

    var bytes: [UInt8] {
        let length = unsafe Int(PQgetlength(box.result, row, column))
        guard let start = unsafe PQgetvalue(box.result, row, column) else { return [] }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: length))
    }

    /// The value as a big-endian integer of 1, 2, 4 or 8 bytes.
    func integer(_ types: Set<UInt32>) throws -> Int64 {
        guard !isNull, types.contains(type) else { throw mismatch("an integer") }
        let length = unsafe Int(PQgetlength(box.result, row, column))
        guard let start = unsafe PQgetvalue(box.result, row, column), length <= 8 else { throw mismatch("an integer") }
        var value: Int64 = 0
        for index in 0..<length {
            let byte = unsafe UInt8(bitPattern: start[index])
            value = index == 0 ? Int64(Int8(bitPattern: byte)) : value << 8 | Int64(byte)
        }
        return value
    }

    func mismatch(_ wanted: String) -> PostgresError {
        PostgresError(
            .decoding, "Column \"\(name)\" (type \(type)\(isNull ? ", NULL" : "")) can't be read as \(wanted).")
    }
}
