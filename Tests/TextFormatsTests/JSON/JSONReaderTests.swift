import Testing

@testable import TextFormats

@Suite struct JSONReaderTests {
    private static func read(_ text: String) throws(JSONReadingError) -> JSONValue {
        try JSONValue(request: Array(text.utf8))
    }

    @Test func `reads what RFC 8259 allows and no reader takes otherwise`() throws {
        let text = #" { "a" : [1, -2, 0, true, false, null] , "b\u00e9\n\/" : "\ud83d\ude00 北京", "c":{} } "#
        #expect(
            try Self.read(text)
                == .object([
                    JSONMember("a", [1, -2, 0, true, false, .null]), JSONMember("bé\n/", "😀 北京"),
                    JSONMember("c", .object([])),
                ]))
        #expect(try Self.read("[\(Int64.min),\(Int64.max)]") == [.integer(.min), .integer(.max)])
    }

    @Test(arguments: [
        "", " ", "{", "{}x", "{} {}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "[1,]", "[1 2]", "nul",
        "True",
        "\"a", "\"\u{1}\"", #""\x""#, #""\ud800""#, #""\ud800\n""#, #""\udc00\ud800""#, #""\u12""#, #""\u+123""#, "'a'",
        "01", "-", "+1", "1.0", "1.", ".5", "1e2", "1E400", "-0", "1e-1", "9223372036854775808", "-9223372036854775809",
        "18446744073709551616", "NaN", "Infinity", "/* */ 1", "\u{FEFF}{}",
    ])
    func `refuses what two readers could take differently`(text: String) {
        #expect(throws: JSONReadingError.self) { try Self.read(text) }
    }

    @Test func `refuses invalid UTF-8`() {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] {
            #expect(throws: JSONReadingError.self) { try JSONValue(request: bytes) }
        }
    }

    @Test func `a member that repeats is named with its place, however it is spelt`() {
        for text in [#"{"a":[{"b":1,"b":1}]}"#, #"{"a":[{"b":1,"\u0062":2}]}"#] {
            let error = #expect(throws: JSONReadingError.self) { try Self.read(text) }
            #expect(error?.place == "a.0.b")
            #expect(error?.description == "a.0.b stands there twice.")
        }
    }

    @Test func `depth is bounded before the stack is`() throws {
        let deep = { (count: Int) in String(repeating: "[", count: count) + String(repeating: "]", count: count) }
        _ = try Self.read(deep(JSONValue.maxRequestDepth))
        #expect(throws: JSONReadingError.self) { try Self.read(deep(JSONValue.maxRequestDepth + 1)) }
        #expect(throws: JSONReadingError.self) { try Self.read(String(repeating: "{\"a\":", count: 500_000)) }
    }

    private static let shape = JSONShape.object([
        .init("name", .text), .init("count", .count, isRequired: false),
        .init("parts", .list(of: .object([.init("flag", .boolean)])), isRequired: false),
    ])

    @Test(arguments: [
        (#"{"name":"x"}"#, nil), (#"{"name":"x","count":0,"parts":[{"flag":true}]}"#, nil),
        (#"{}"#, "name is missing."), (#"[]"#, "The body must be an object, not a list."),
        (#"{"Name":"x"}"#, "Name is not known here; did you mean name?"),
        (#"{"name":"x","cuont":1}"#, "cuont is not known here; did you mean count?"),
        (#"{"name":"x","zebra":1}"#, "zebra is not known here; known here: name, count, parts."),
        (#"{"name":null}"#, "name must be a text, not null; leave it out, or give a value."),
        (#"{"name":1}"#, "name must be a text, not a number."),
        (#"{"name":"x","count":-1}"#, "count must be a whole number from 0, not a number."),
        (#"{"name":"x","count":"1"}"#, "count must be a whole number from 0, not a text."),
        (#"{"name":"x","parts":[{"flag":true},{"flag":1}]}"#, "parts.1.flag must be true or false, not a number."),
        (#"{"name":"x","parts":[{"flag":true,"Flag":true}]}"#, "parts.0.Flag is not known here; did you mean flag?"),
    ])
    func `a shape names the member, its place and the near one`(text: String, message: String?) throws {
        let value = try Self.read(text)
        do throws(JSONReadingError) {
            try Self.shape.check(value)
            #expect(message == nil)
        } catch {
            #expect(error.description == message)
        }
    }
}
