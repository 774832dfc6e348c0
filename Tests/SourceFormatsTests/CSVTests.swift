import SourceFormats
import Testing
import UsageModel

/// CSV as spreadsheets and people write it.
@Suite struct CSVTests {
    static func mapping(_ layout: CSVLayout = CSVLayout(), thousands: Character? = nil) -> MappedFormat {
        var mapping = MappedFormat(
            layout: .csv(layout),
            [
                .tenant: .column("租户"), .model: .column("model"), .time: .column("time"), .input: .column("in"),
                .output: .column("out"),
            ])
        mapping.thousandsSeparator = thousands?.asciiValue
        return mapping
    }

    static let text =
        "time, 租户 ,model,in,out\n2025-06-01T00:00:00Z,上海研发,m,10,1\n2025-06-01T00:01:00Z, \"a€，b\" ,m,20,\n"

    /// In GBK, but for the euro sign, which stands in GB 18030 and Windows' GBK.
    static let gbk: [UInt8] =
        Array("time, ".utf8) + [0xD7, 0xE2, 0xBB, 0xA7] + Array(" ,model,in,out\n2025-06-01T00:00:00Z,".utf8)
        + [0xC9, 0xCF, 0xBA, 0xA3, 0xD1, 0xD0, 0xB7, 0xA2] + Array(",m,10,1\n2025-06-01T00:01:00Z, \"a".utf8)
        + [0x80, 0xA3, 0xAC] + Array("b\" ,m,20,\n".utf8)

    private static func utf16(_ text: String, isBig: Bool, mark: Bool) -> [UInt8] {
        ((mark ? [0xFEFF] : []) + Array(text.utf16)).flatMap { unit in
            let bytes = [UInt8(truncatingIfNeeded: unit), UInt8(unit >> 8)]
            return isBig ? bytes.reversed() : bytes
        }
    }

    @Test(arguments: [
        (TextEncoding.gbk, gbk), (.gb18030, gbk), (.utf16, utf16(text, isBig: false, mark: true)),
        (.utf16, utf16(text, isBig: true, mark: true)), (.utf16, utf16(text, isBig: false, mark: false)),
        (.utf16LittleEndian, utf16(text, isBig: false, mark: true)),
        (.utf16BigEndian, utf16(text, isBig: true, mark: false)),
        (.utf8, Array(text.utf8)), (.utf8, [0xEF, 0xBB, 0xBF] + Array(text.utf8)),
    ])
    func `a file is read in its encoding, and its offsets are its own`(
        _ encoding: TextEncoding, _ bytes: [UInt8]
    ) throws {
        let mapping = Self.mapping(CSVLayout(encoding: encoding))
        for chunk in [1, 2, 3, 7, .max] {
            let sink = try collect(bytes, mapping, chunk: chunk)
            #expect(sink.events.map(\.tenant) == ["上海研发", "a€，b"], "in pieces of \(chunk)")
            #expect(sink.totals == TokenCounts(requests: 2, input: 30, output: 1))
        }
        for length in 0...bytes.count {
            var first = try mapping.makeParser(defaults: testDefaults, framing: .stream)
            var sink = Collected()
            let piece = Array(bytes[..<length])
            let used = unsafe first.consume(piece.span.bytes, endOfInput: false, into: &sink)
            #expect(first.position.byteOffset == UInt64(used))
            var second = try mapping.makeParser(defaults: testDefaults, framing: .stream)
            second.resume(from: first.checkpoint)
            second.feed(Array(bytes[used...]), into: &sink)
            #expect(sink.events.map(\.tenant) == ["上海研发", "a€，b"], "stopped at \(length)")
        }
    }

    @Test func `a character beyond the basic plane comes through, and a broken one is refused`() throws {
        let mapping = Self.mapping(CSVLayout(encoding: .gb18030))
        let head = Array(Self.gbk[...Self.gbk.firstIndex(of: 0x0A)!]) + Array("2025-06-01T00:00:00Z,".utf8)
        // U+20000 and U+00E9.
        let good = head + [0x95, 0x32, 0x82, 0x36, 0x81, 0x30, 0x86, 0x33] + Array(",m,1,1\n".utf8)
        let sink = try collect(good, mapping)
        #expect(sink.events.first?.tenant.unicodeScalars.first?.value == 0x20000)
        #expect(try collect(head + [0xFF] + Array(",m,1,1\n".utf8), mapping).reasons == [.badName])
    }

    @Test func `a first line names the delimiter`() throws {
        let text = "sep=;\r\n" + Self.text.replacing(",", with: ";")
        for chunk in [1, 3, .max] {
            #expect(try collect(text, Self.mapping(), chunk: chunk).totals.input == 30)
            #expect(try collect("\u{FEFF}" + text, Self.mapping(), chunk: chunk).totals.input == 30)
        }
        #expect(try collect("\"sep=;\"\n" + Self.text.replacing(",", with: ";"), Self.mapping()).totals.input == 30)
        #expect(try collect(text, Self.mapping(CSVLayout(delimiter: 0x3B, skippedLines: 1))).totals.input == 30)
    }

    @Test func `empty rows make no noise, and broken ones do`() throws {
        let rows = Self.text + ",,,,\n \r\n,\"\",,, \n,,,x,\n,,,\n"
        let sink = try collect(rows, Self.mapping())
        #expect(sink.events.count == 2)
        #expect(sink.reasons == [.missingField])
    }

    @Test(
        arguments: [
            ("\"1,234,567\"", ",", 1_234_567), ("\"1,234\"", nil, nil), ("\"12,34\"", ",", nil),
            ("\"1,2345\"", ",", nil),
            ("\",123\"", ",", nil), ("\"1,234.00\"", ",", 1_234), ("1.234.567", ".", 1_234_567),
            ("\"1.234,0\"", ".", 1_234), ("1 234", " ", 1_234), ("1\u{A0}234", " ", 1_234),
            ("1\u{202F}234", " ", 1_234),
            ("1'234", "'", 1_234), ("1234", ",", 1_234), (" 12 ", nil, 12), ("12.0", nil, 12), ("12.50", nil, nil),
            ("1.23457E+11", nil, nil), ("1e3", nil, nil), ("-1", nil, nil), ("12.", nil, nil),
        ] as [(String, Character?, UInt64?)])
    func `counts are read as spreadsheets write them`(
        _ cell: String, _ separator: Character?, _ count: UInt64?
    ) throws {
        let text = "time,租户,model,in,out\n2025-06-01T00:00:00Z,t,m,\(cell),1\n"
        let sink = try collect(text, Self.mapping(thousands: separator))
        #expect(sink.events.first?.counts.input == count)
        #expect(sink.rejections.count == (count == nil ? 1 : 0))
    }

    @Test func `a column may hold JSON, and a filter may look at it`() throws {
        var mapping = MappedFormat(
            layout: .csv(CSVLayout()),
            [
                .tenant: .column("t"), .model: .columnPath("use.all{}.model"), .time: .column("at"),
                .input: .columnPath("'use.all'{}.in"),
            ])
        #expect(throws: SourceFormatError.self) {
            _ = try mapping.makeParser(defaults: testDefaults, framing: .stream)
        }
        mapping[.model] = .columnPath("'use.all'{}.model")
        mapping.records.except = ["'use.all'{}.test = true", "t = x"]
        let sink = try collect(
            """
            at,t,use.all
            2025-06-01T00:00:00Z,a,"{""in"":5,""model"":""m \\"",1""}"
            2025-06-01T00:00:00Z,a,"{""in"":5,""model"":""m"",""test"":true}"
            2025-06-01T00:00:00Z,x,"{""in"":5,""model"":""m""}"
            2025-06-01T00:00:00Z,a,"{""in"":5,""model"":"
            2025-06-01T00:00:00Z,a,

            """, mapping)
        #expect(sink.events.map(\.model) == ["m \",1"])
        #expect(sink.ignored == [.filtered, .filtered])
        #expect(sink.reasons == [.syntax, .missingField])
    }
}
