internal import TestHarness
internal import Testing
internal import UsageModel

/// One kind of malformed input: the bytes of a line, and the reason that must name it.
struct MalformedInput: Sendable, CustomTestStringConvertible {
    var kind: String
    var bytes: [UInt8]
    var reason: RejectionReason

    var testDescription: String { kind }

    init(_ kind: String, _ text: String, _ reason: RejectionReason) {
        self.init(kind, Array(text.utf8), reason)
    }

    init(_ kind: String, _ bytes: [UInt8], _ reason: RejectionReason) {
        self.kind = kind
        self.bytes = bytes
        self.reason = reason
    }

    /// A native event that is good but for what `replacing` says.
    private static func event(
        time: String = "\"2025-06-01T08:00:00Z\"", tenant: String = "\"bad\"", model: String = "\"m\"",
        input: String = "1", output: String = "1", more: String = ""
    ) -> String {
        "{\"time\":\(time),\"tenant\":\(tenant),\"model\":\(model),\"input_tokens\":\(input),"
            + "\"output_tokens\":\(output)\(more)}"
    }

    /// An event whose tenant holds raw bytes.
    private static func event(tenantBytes: [UInt8]) -> [UInt8] {
        let parts = event(tenant: "\"|\"").utf8.split(separator: UInt8(ascii: "|"), maxSplits: 1).map { Array($0) }
        return parts[0] + tenantBytes + parts[1]
    }

    /// Every kind, none of which may be counted or stand in the way of the line behind it.
    static let all: [MalformedInput] = syntax + counts + names + fields + times

    private static let syntax = [
        MalformedInput("cut in the middle of a string", #"{"time":"2025-06-01T08:00:00Z","tenant":"ba"#, .syntax),
        MalformedInput("cut after a colon", #"{"time":"2025-06-01T08:00:00Z","tenant":"bad","model":"#, .syntax),
        MalformedInput("cut before the last brace", String(event().dropLast()), .syntax),
        MalformedInput("plain words", "tokens: 17, please count them", .syntax),
        MalformedInput("something behind the object", event() + " x", .syntax),
        MalformedInput("two objects on a line", event() + event(), .syntax),
        MalformedInput("single quotes", event(tenant: "'bad'"), .syntax),
        MalformedInput("a comma before the end", event(more: ","), .syntax),
        MalformedInput("a leading zero", event(input: "007"), .syntax),
        MalformedInput("a hexadecimal number", event(input: "0x10"), .syntax),
        MalformedInput("NaN", event(input: "NaN"), .syntax),
        MalformedInput("a raw NUL in a string", event(tenantBytes: [0x62, 0x00, 0x64]), .syntax),
        MalformedInput("a byte order mark in the middle", [0xEF, 0xBB, 0xBF] + Array(event().utf8), .syntax),
        MalformedInput("UTF-16", event().utf8.flatMap { [$0, 0] }, .syntax),
        MalformedInput("a number", "42", .notAnObject),
        MalformedInput("null", "null", .notAnObject),
        MalformedInput("a string", "\"event\"", .notAnObject),
        MalformedInput(
            "deep nesting", event(more: ",\"attributes\":" + nested(levels: Limits.maxJSONDepth + 10)),
            .nestingTooDeep),
        MalformedInput(
            "a record of two megabytes", event(tenant: "\"\(String(repeating: "x", count: 2 << 20))\""),
            .recordTooLong),
    ]

    private static let counts = [
        MalformedInput("a count in quotes", event(input: "\"17\""), .wrongType),
        MalformedInput("a count that is true", event(input: "true"), .wrongType),
        MalformedInput("a count that is a list", event(input: "[1]"), .wrongType),
        MalformedInput("a negative count", event(input: "-1"), .negativeCount),
        MalformedInput("a fractional count", event(output: "1.5"), .fractionalCount),
        MalformedInput("a fraction by exponent", event(output: "15e-1"), .fractionalCount),
        MalformedInput("one more than a field may hold", event(input: "1000000000001"), .countTooLarge),
        MalformedInput("2 to the 64th", event(input: "18446744073709551616"), .countTooLarge),
        MalformedInput("a one with 400 zeros", event(input: "1" + String(repeating: "0", count: 400)), .countTooLarge),
        MalformedInput("a count with an exponent", event(input: "1e300"), .countTooLarge),
        MalformedInput("more cached than input", event(more: ",\"cached_input_tokens\":2"), .inconsistentCounts),
        MalformedInput(
            "more reasoning than output", event(more: ",\"reasoning_output_tokens\":2"), .inconsistentCounts),
        MalformedInput("no request", event(more: ",\"requests\":0"), .inconsistentCounts),
    ]

    private static let names = [
        MalformedInput("an empty tenant", event(tenant: "\"\""), .badName),
        MalformedInput("an escaped NUL in a name", event(tenant: #""ba\u0000d""#), .badName),
        MalformedInput("a reserved name", event(tenant: "\"(over-limit)\""), .badName),
        MalformedInput("a line end in a name", event(tenant: #""ba\nd""#), .badName),
        MalformedInput("a direction override in a name", event(model: "\"m\u{202E}x\""), .badName),
        MalformedInput(
            "a tenant of a megabyte", event(tenant: "\"\(String(repeating: "x", count: 1_000_000))\""), .nameTooLong),
        MalformedInput("a tenant that is a number", event(tenant: "17"), .wrongType),
        MalformedInput("invalid UTF-8", event(tenantBytes: [0x62, 0xFF, 0x64]), .invalidUTF8),
        MalformedInput("overlong UTF-8", event(tenantBytes: [0xC0, 0xAF]), .invalidUTF8),
        MalformedInput("a surrogate in UTF-8", event(tenantBytes: [0xED, 0xA0, 0x80]), .invalidUTF8),
    ]

    private static let fields = [
        MalformedInput("an unknown field", event(more: ",\"prompt_tokens\":3"), .unknownField),
        MalformedInput("a field twice", event(more: ",\"tenant\":\"worse\""), .duplicateField),
        MalformedInput(
            "no tenant", #"{"time":"2025-06-01T08:00:00Z","model":"m","input_tokens":1,"output_tokens":1}"#,
            .missingField),
        MalformedInput("no time", #"{"tenant":"bad","model":"m","input_tokens":1,"output_tokens":1}"#, .missingField),
        MalformedInput("another provider", event(more: ",\"provider\":\"somebody-else\""), .wrongProvider),
        MalformedInput("an unknown layer", event(more: ",\"layer\":\"saas\""), .unknownValue),
        MalformedInput("an unknown modality", event(more: ",\"modality\":\"smell\""), .unknownValue),
    ]

    private static let times = [
        MalformedInput("the year 9999", event(time: "\"9999-12-31T23:59:59Z\""), .timeInFuture),
        MalformedInput("the year 1970", event(time: "\"1970-01-01T00:00:00Z\""), .timeTooOld),
        MalformedInput("30 February", event(time: "\"2025-02-30T00:00:00Z\""), .badTime),
        MalformedInput("25 o'clock", event(time: "\"2025-06-01T25:00:00Z\""), .badTime),
        MalformedInput("no zone", event(time: "\"2025-06-01T08:00:00\""), .badTime),
        MalformedInput("yesterday", event(time: "\"yesterday\""), .badTime),
        MalformedInput("a time of a list", event(time: "[2025]"), .wrongType),
    ]

    private static func nested(levels: Int) -> String {
        String(repeating: "{\"a\":", count: levels) + "1" + String(repeating: "}", count: levels)
    }
}
