import Logging
import Postgres
import TestSupport
import Testing
internal import UsageModel

@Suite struct ConnectionTests {
    @Test func `values of every type come back as they went`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                let row = try connection.query(
                    "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, '{\"a\": 1}'::jsonb, 7::smallint, NULL::bigint",
                    [
                        .bool(true), .int(Int64.min), .int32(-5), .text("Zürich 火山"), .bytes([0, 255, 10]),
                        .numeric(UInt128.max), .timestamp(Timestamp(microseconds: 1_750_000_000_123_456)),
                        .date(days: -719_162), .text(""),
                    ]
                ).one()
                #expect(try row.decode(0, as: Bool.self))
                #expect(try row.decode(1, as: Int64.self) == Int64.min)
                #expect(try row.decode(2, as: Int32.self) == -5)
                #expect(try row.decode(3, as: String.self) == "Zürich 火山")
                #expect(try row.decode(4, as: [UInt8].self) == [0, 255, 10])
                #expect(try row.decode(5, as: UInt128.self) == UInt128.max)
                #expect(try row.decode(6, as: Timestamp.self).microseconds == 1_750_000_000_123_456)
                #expect(try row.decode(7, as: DateColumn.self).days == -719_162)
                #expect(try row.decode(8, as: String.self).isEmpty)
                #expect(try row.decode(9, as: String.self) == "{\"a\": 1}")
                #expect(try row.decode(10, as: Int16.self) == 7)
                #expect(try row.decode(11, as: Int64?.self) == nil)
            }
        }
    }

    @Test func `numerics of every length survive both ways`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                var values: [UInt128] = [0, 1, 9_999, 10_000, 10_001, 99_990_000, UInt128(UInt64.max), UInt128.max]
                for shift in 0..<128 { values += [UInt128(1) << UInt128(shift), UInt128.max >> UInt128(shift)] }
                let rows = try connection.query(
                    "SELECT v, v::text FROM unnest($1::numeric[]) WITH ORDINALITY AS a (v, n) ORDER BY n",
                    [.numericArray(values)])
                for (row, value) in zip(rows, values) {
                    #expect(try row.decode(0, as: UInt128.self) == value)
                    #expect(try row.decode(1, as: String.self) == String(value))
                }
                #expect(rows.count == values.count)
            }
        }
    }

    @Test func `numerics of either sign survive both ways`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                var values: [Int128] = [0, 1, -1, -9_999, -10_000, Int128(Int64.min), Int128.min, Int128.max]
                for shift in 0..<127 { values += [-(Int128(1) << Int128(shift)), Int128.min >> Int128(shift)] }
                let rows = try connection.query(
                    "SELECT v::text, v FROM unnest($1::numeric[]) WITH ORDINALITY AS a (v, n) ORDER BY n",
                    [.numericArray(values)])
                #expect(try rows.map { try $0.decode(0, as: String.self) } == values.map { String($0) })
                #expect(try rows.map { try $0.decode(1, as: Int128.self) } == values)
                let one = try connection.query("SELECT $1::numeric::text", [.numeric(Int128.min)]).one()
                #expect(try one.decode(0, as: String.self) == String(Int128.min))
            }
        }
    }

    @Test(arguments: [
        "0.5", "'NaN'", "'Infinity'", "170141183460469231731687303715884105728",
        "-170141183460469231731687303715884105729",
    ])
    func `numerics that are no signed count are refused`(text: String) async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                let row = try connection.query("SELECT (\(text))::numeric").one()
                #expect { try row.decode(0, as: Int128.self) } throws: { ($0 as? PostgresError)?.code == .decoding }
            }
        }
    }

    @Test func `arrays of truth values unnest`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                let values = [true, false, false, true]
                let rows = try connection.query(
                    "SELECT v FROM unnest($1::bool[]) WITH ORDINALITY AS a (v, n) ORDER BY n", [.boolArray(values)])
                #expect(try rows.map { try $0.decode(0, as: Bool.self) } == values)
            }
        }
    }

    @Test(arguments: ["-1", "0.5", "'NaN'", "340282366920938463463374607431768211456"])
    func `numerics that are no count are refused`(text: String) async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                let row = try connection.query("SELECT \(text)::numeric").one()
                #expect { try row.decode(0, as: UInt128.self) } throws: { ($0 as? PostgresError)?.code == .decoding }
            }
        }
    }

    @Test func `arrays of every type unnest`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                let rows = try connection.query(
                    "SELECT * FROM unnest($1::int2[], $2::int4[], $3::int8[], $4::text[], $5::bytea[], $6::date[], $7::timestamptz[])",
                    [
                        .int16Array([1, -2]), .int32Array([3, -4]), .int64Array([5, -6]), .textArray(["", "x"]),
                        .bytesArray([[], [1]]), .dateArray(days: [0, 20_000]),
                        .timestampArray([Timestamp(seconds: 0), Timestamp(seconds: 1)]),
                    ])
                #expect(try rows.map { try $0.decode(2, as: Int64.self) } == [5, -6])
                #expect(try rows.map { try $0.decode(3, as: String.self) } == ["", "x"])
                #expect(try rows.map { try $0.decode(5, as: DateColumn.self).days } == [0, 20_000])
                #expect(try connection.query("SELECT * FROM unnest($1)", [.textArray([])]).isEmpty)
            }
        }
    }

    @Test func `copied rows are there and a failed copy leaves none`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                try connection.execute("CREATE TABLE c (a int, b numeric, t text)")
                let sql = "COPY c (a, b, t) FROM STDIN (FORMAT binary)"
                let copied = try connection.copyIn(sql) { writer in
                    for index in 0..<20_000 {
                        writer.begin(fields: 3)
                        writer.append(Int32(index))
                        writer.append(Parameter.numeric(UInt128(index)))
                        writer.append(Parameter.text(index == 7 ? nil : "row"))
                    }
                }
                #expect(copied == 20_000)
                struct Stop: Error {}
                #expect(throws: Stop.self) {
                    try connection.copyIn(sql) { _ in throw Stop() }
                }
                let row = try connection.query("SELECT count(*), sum(b), count(t) FROM c").one()
                #expect(try row.decode(0, as: Int.self) == 20_000)
                #expect(try row.decode(1, as: UInt128.self) == 199_990_000)
                #expect(try row.decode(2, as: Int.self) == 19_999)
            }
        }
    }

    @Test func `errors carry their state and statement but no values`() async throws {
        try await withPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withConnection { _ = try $0.query("SELECT $1::int / 0", [.int32(424_242)]) }
            }
            #expect(error?.code == PostgresError.Code("22012"))
            #expect(error?.isRetryable == false)
            #expect(error?.description.contains("424242") == false)
        }
    }

    @Test(arguments: [
        ("40001", true), ("40P01", true), ("55P03", true), ("57P01", true), ("57P03", true), ("08006", true),
        ("25006", true), ("53300", true), ("23505", false), ("22003", false), ("42501", false), ("57014", false),
    ])
    func `retryable states are those of the rule`(state: String, isRetryable: Bool) {
        #expect(PostgresError(PostgresError.Code(state), "").isRetryable == isRetryable)
    }

    @Test func `an unreachable server is named without its password`() async throws {
        let options = ConnectionOptions(connectionString: "host=127.0.0.1 port=1 user=x password=opensesame dbname=d")
        let error = #expect(throws: PostgresError.self) { _ = try Connection(options) }
        #expect(error?.code == .connectionFailure)
        #expect(error?.description.contains("127.0.0.1") == true)
        #expect(error?.description.contains("opensesame") == false)
    }

    @Test func `the first host that answers and takes writes is used`() async throws {
        try await TestDatabase.withDatabase { database in
            let fields = database.connectionString.replacing("host='", with: "host='127.0.0.1,")
            let options = ConnectionOptions(connectionString: fields.replacing("port=5432", with: "port=1,5432"))
            let connection = try Connection(options)
            #expect(try connection.query("SELECT 1").one().decode(0, as: Int.self) == 1)
        }
    }

    @Test func `a statement that runs too long is cancelled`() async throws {
        try await TestDatabase.withDatabase { database in
            let connection = try Connection(
                ConnectionOptions(connectionString: database.connectionString, statementTimeoutMilliseconds: 2_000))
            #expect { try connection.query("SELECT pg_sleep(60)") } throws: {
                ($0 as? PostgresError)?.code == .queryCanceled
            }
            #expect(connection.isUsable)
        }
    }

    @Test func `more statements than are kept prepared still run`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                for index in 0..<600 {
                    let value = try connection.query("SELECT \(index)").one().decode(0, as: Int.self)
                    #expect(value == index)
                }
                let zero = try connection.query("SELECT 0").one().decode(0, as: Int.self)
                #expect(zero == 0)
            }
        }
    }
}

@Suite struct OneStatementTests {
    private static func with(_ body: (Connection) throws -> Void) async throws {
        try await TestDatabase.withDatabase { database in
            try body(
                Connection(
                    ConnectionOptions(
                        connectionString: database.connectionString, takesOneStatementPerMessage: true)))
        }
    }

    @Test(
        arguments: [
            "SELECT 1; SELECT 2", "SET LOCAL x.y = '1'; SELECT 1", "SELECT 1; COMMIT; SET x.y = '1'",
        ])
    func `a connection that takes one statement a message refuses a second one`(text: String) async throws {
        try await Self.with { connection in
            let asked = #expect(throws: PostgresError.self) { try connection.query(text) }
            let run = #expect(throws: PostgresError.self) { try connection.execute(text) }
            let oneOff = #expect(throws: PostgresError.self) { try connection.query(text, isOneOff: true) }
            #expect([asked, run, oneOff].map { $0?.code.rawValue } == ["42601", "42601", "42601"])
        }
    }

    @Test func `transactions, settings and copies go on as on any other`() async throws {
        try await Self.with { connection in
            try connection.transaction { connection in
                try connection.execute("CREATE TABLE t (a int8)")
                try connection.copyIn("COPY t (a) FROM STDIN (FORMAT binary)") { writer in
                    for value in 1...3 as ClosedRange<Int64> {
                        writer.begin(fields: 1)
                        writer.append(value)
                    }
                }
            }
            #expect(throws: CancellationError.self) {
                try connection.transaction { connection in
                    try connection.execute("DELETE FROM t")
                    throw CancellationError()
                }
            }
            #expect(try connection.query("SELECT sum(a)::int8 FROM t").one().decode(0, as: Int64.self) == 6)
            #expect(try connection.query("SHOW timezone").one().decode(0, as: String.self) == "UTC")
        }
    }
}
