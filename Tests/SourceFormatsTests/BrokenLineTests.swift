import SourceFormats
import Testing
import UsageModel

/// Nothing good lies behind broken bytes.
@Suite struct BrokenLineTests {
    static func record(_ tenant: String, more: String = "") -> String {
        #"{"time":"2026-01-01T00:00:00Z","tenant":"\#(tenant)","model":"m","attributes":{"a":[1,{"b":"c"}]}\#(more),"#
            + #""input_tokens":1,"output_tokens":2}"#
    }

    private func read(_ bytes: [UInt8], chunk: Int = .max) throws -> Collected {
        var parser = try NativeFormat().makeParser(defaults: EventDefaults(provider: "p"), framing: .stream)
        var sink = Collected()
        parser.feed(bytes, chunk: min(chunk, max(1, bytes.count)), into: &sink)
        return sink
    }

    private func tenants(_ text: String) throws -> [String] { try read(Array(text.utf8)).events.map(\.tenant) }

    @Test func `the record behind a torn one counts, wherever that was torn`() throws {
        let torn = Array(Self.record("torn").utf8)
        for length in 1..<torn.count {
            let bytes = torn.prefix(length) + Array((Self.record("good") + "\n").utf8)
            let found = try read(Array(bytes))
            #expect(found.events.map(\.tenant) == ["good"], "torn at byte \(length)")
            // Torn right behind an inner object, it is quarantined in two pieces.
            #expect(found.rejections.flatMap(\.record) == Array(torn.prefix(length)))
        }
    }

    @Test func `several torn records and several whole ones behind them`() throws {
        let torn = Self.record("torn")
        let broken = String(torn.prefix(50)) + String(torn.prefix(20))
        let text = broken + Self.record("a") + Self.record("b") + "\n" + Self.record("c") + "\n"
        #expect(try tenants(text) == ["a", "b", "c"])
    }

    @Test func `zeros before, between and behind records count for nothing`() throws {
        let zeros = [UInt8](repeating: 0, count: 5_000)
        let torn = Array(Self.record("torn").utf8.prefix(70))
        let (first, second) = (Array((Self.record("a") + "\n").utf8), Array((Self.record("b") + "\n").utf8))
        let bytes = zeros + first + zeros + second + torn + zeros + first + zeros
        for chunk in [1, 7, 4_096, .max] {
            let found = try read(bytes, chunk: chunk)
            #expect(found.events.map(\.tenant) == ["a", "b", "a"])
            #expect(found.rejections.count == 1)
        }
    }

    @Test func `more zeros than a record may have bytes hide nothing behind a torn record`() throws {
        let zeros = [UInt8](repeating: 0, count: Limits.maxRecordBytes + 100_000)
        let bytes = Array(Self.record("torn").utf8.prefix(70)) + zeros + Array((Self.record("a") + "\n").utf8)
        for chunk in [65_536, 3 << 20] {
            let found = try read(bytes, chunk: chunk)
            #expect(found.events.map(\.tenant) == ["a"])
            #expect(found.rejections.count == 1)
        }
    }

    @Test(arguments: [
        // An object within a broken one, with more of that behind it.
        #"{"bad":nope,"inner":\#(BrokenLineTests.record("forged")),"more":1}"#,
        // Text within a string.
        #"{"bad":nope,"text":"\#(BrokenLineTests.record("forged").replacing("\"", with: "\\\""))"}"#,
        // Text of a logger that isn't a record's.
        #"retrying \#(BrokenLineTests.record("forged"))"#,
        // Something behind.
        #"{"bad":\#(BrokenLineTests.record("forged")) and so on"#,
    ])
    func `what isn't a record of its own isn't taken for one`(line: String) throws {
        let found = try read(Array((line + "\n").utf8))
        #expect(found.events.isEmpty)
        #expect(found.rejections.count == 1)
    }

    @Test func `what is whole and refused is final, and nothing within it counts`() throws {
        let refused = #"{"tenant":"t","unknown":1,"inner":\#(Self.record("forged"))}"#
        let found = try read(Array((#"{"torn":"# + refused + "\n").utf8))
        #expect(found.events.isEmpty)
    }

    @Test func `a line of nothing but beginnings is looked through in time`() throws {
        let line = String(repeating: #"{"a":{"b":["#, count: 9_000) + "\n"
        #expect(try tenants(line + Self.record("good") + "\n") == ["good"])
    }

    @Test func `zeros before a row of CSV count for nothing`() throws {
        let format = MappedFormat(
            layout: .csv(CSVLayout()),
            [.time: .column("t"), .tenant: .column("n"), .model: .constant("m"), .input: .column("i")])
        var parser = try format.makeParser(defaults: EventDefaults(provider: "p"), framing: .stream)
        var sink = Collected()
        let zeros = [UInt8](repeating: 0, count: 999)
        let row = Array("2026-01-01T00:00:00Z,x,1\n".utf8)
        parser.feed(zeros + Array("t,n,i\n".utf8) + row + zeros + row, chunk: 64, into: &sink)
        #expect(sink.events.count == 2)
        #expect(sink.rejections.isEmpty)
    }
}
