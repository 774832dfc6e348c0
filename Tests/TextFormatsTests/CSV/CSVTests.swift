import TestSupport
import Testing

@testable import TextFormats

@Suite struct CSVTests {
    /// Bytes, because Swift holds canonically equivalent strings equal and a round trip must not.
    static func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    @Test func `every text comes back as it was`() throws {
        try withSeeds(300) { seed, random in
            let columns = Int.random(in: 1...6, using: &random)
            let rows = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                (0..<columns).map { _ in HostileText.random(using: &random) }
            }
            var writer = CSVWriter(header: (0..<columns).map { "c\($0)" })
            for row in rows { writer.append(row.map { .text($0) }) }
            let read = try CSVReader.records(in: writer.bytes).dropFirst().map { record in
                record.fields.map(FormulaGuard.unguarded)
            }
            #expect(read.map(Self.bytes) == rows.map(Self.bytes), "seed \(seed)")
        }
    }

    @Test func `no text cell starts a formula`() throws {
        try withSeeds(300) { seed, random in
            let text = HostileText.random(using: &random)
            var writer = CSVWriter(header: ["a", "b"])
            writer.append([.text(text), .text(text)])
            let cell = try #require(try CSVReader.records(in: writer.bytes).last?.fields.first)
            if let first = cell.unicodeScalars.first(where: { $0 != " " }) {
                #expect(!"=+-@\t\r\n\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}".unicodeScalars.contains(first), "seed \(seed)")
            }
        }
    }

    @Test(arguments: [
        ("=1+1", "'=1+1"), ("'=1+1", "''=1+1"), ("it's", "it's"), ("'quoted'", "'quoted'"), ("", ""), ("'", "'"),
        ("-5", "'-5"), (" =1", "' =1"), ("\u{3000}@a", "'\u{3000}@a"), (" a=1", " a=1"), ("\u{FF1D}A1", "'\u{FF1D}A1"),
    ])
    func `the guard is one apostrophe`(text: String, guarded: String) {
        #expect(FormulaGuard.guarded(text) == guarded)
        #expect(FormulaGuard.unguarded(guarded) == text)
    }

    @Test func `numbers are plain and nothing else passes as one`() {
        var writer = CSVWriter(header: ["a", "b", "c", "d"])
        writer.append([.number("-12.5"), .number("+369.96"), .count(UInt128.max), .number("=1+1")])
        writer.append([.number("1e5"), .number("-"), .number("1."), .empty])
        #expect(
            writer.text == "a,b,c,d\r\n-12.5,+369.96,340282366920938463463374607431768211455,'=1+1\r\n1e5,'-,1.,\r\n")
    }

    @Test func `a record of one empty cell is not a blank line`() throws {
        var writer = CSVWriter(header: ["only"])
        writer.append([.empty])
        writer.append([.text("")])
        #expect(writer.text == "only\r\n\"\"\r\n\"\"\r\n")
        #expect(try CSVReader.records(in: writer.bytes).count == 3)
    }

    @Test func `reads both line ends, a byte order mark, blank lines and a missing last newline`() throws {
        let text = "\u{FEFF}a,b\r\n\r\n1,\"x,\"\"y\"\"\nz\"\n\n2,"
        let records = try CSVReader.records(in: Array(text.utf8))
        #expect(
            records == [
                CSVRecord(line: 1, fields: ["a", "b"]), CSVRecord(line: 3, fields: ["1", "x,\"y\"\nz"]),
                CSVRecord(line: 6, fields: ["2", ""]),
            ])
    }

    @Test(arguments: [
        ("a\nb\"c\n", 2, "quote inside"), ("a\n\"b", 2, "not closed"), ("a\n\"b\"c\n", 2, "after a closing quote"),
        ("a\rb\n", 1, "carriage return"), ("a\n\nb\0\n", 3, "NUL"),
    ])
    func `broken files are refused with the line`(text: String, line: Int, part: String) {
        let problem = #expect(throws: FileProblem.self) { try CSVReader.records(in: Array(text.utf8)) }
        #expect(problem?.line == line)
        #expect(problem?.message.contains(part) == true)
    }

    @Test func `bytes that are no text are refused`() {
        let problem = #expect(throws: FileProblem.self) { try CSVReader.records(in: [0x61, 0x0A, 0xFF, 0xFE]) }
        #expect(problem?.line == 2)
        let long = Array(repeating: UInt8(ascii: "x"), count: CSVReader.maxFieldBytes + 1)
        #expect(throws: FileProblem.self) { try CSVReader.records(in: long) }
        let wide = Array(repeating: UInt8(ascii: ","), count: CSVReader.maxFields)
        #expect(throws: FileProblem.self) { try CSVReader.records(in: wide) }
    }
}
