import Postgres
import TestSupport
import Testing

/// Rows that are handed over one by one, as they come.
@Suite struct RowByRowTests {
    private struct Enough: Error {}

    private static func expectUsable(_ connection: Connection) throws {
        let answer: Int = try connection.query("SELECT 7").one().decode(0)
        #expect(answer == 7 && !connection.isBroken)
    }

    @Test func `rows come in order, each with its values`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                var seen: [Int] = []
                let count = try connection.forEachRow(
                    "SELECT n, repeat('x', n) FROM generate_series(1, $1) AS n ORDER BY n DESC", [.int32(500)]
                ) { row in
                    let number: Int = try row.decode(0)
                    let text: String = try row.decode(1)
                    #expect(text.utf8.count == number)
                    seen.append(number)
                }
                #expect(count == 500 && seen == (1...500).reversed())
                let none = try connection.forEachRow("SELECT 1 WHERE false") { _ in }
                #expect(none == 0)
                try Self.expectUsable(connection)
            }
        }
    }

    @Test func `an error after the first rows is thrown, and the connection goes on`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                var seen = 0
                let error = #expect(throws: PostgresError.self) {
                    try connection.forEachRow("SELECT 1 / (300 - n) FROM generate_series(1, 1000) AS n") { _ in
                        seen += 1
                    }
                }
                #expect(error?.code.rawValue == "22012")
                #expect(seen == 299)
                try Self.expectUsable(connection)
            }
        }
    }

    @Test func `a statement of which nobody wants more is cancelled`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                #expect(throws: Enough.self) {
                    // Without an end within the test's time; as a column, whose rows come as they are made.
                    try connection.forEachRow("SELECT generate_series(1, 100000000000)") { _ in throw Enough() }
                }
                try Self.expectUsable(connection)
            }
            await #expect(throws: Enough.self) {
                try await pool.withTransaction(.snapshot) { connection in
                    try connection.forEachRow("SELECT 1") { _ in throw Enough() }
                }
            }
            let after = try await pool.withConnection { try $0.query("SELECT 8").one().decode(0, as: Int.self) }
            #expect(after == 8)
        }
    }

    @Test func `no statement begins after the time for statements`() async throws {
        try await withPool { pool in
            try await pool.withConnection { connection in
                connection.lastBegin = .now - .seconds(1)
                let whole = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
                let rowByRow = #expect(throws: PostgresError.self) {
                    try connection.forEachRow("SELECT 1") { _ in }
                }
                #expect(whole?.code == .queryCanceled && rowByRow?.code == .queryCanceled)
                connection.lastBegin = nil
                try Self.expectUsable(connection)
            }
        }
    }
}
