import Foundation
import SourceFormats
import Testing
import UsageModel

/// Random records, and what a slow and simple parser on Foundation's JSON makes of them.
struct RandomRecords {
    var random: UInt64

    mutating func below(_ bound: Int) -> Int { random.nextRandom(below: bound) }

    mutating func oneOf<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    mutating func space() -> String { oneOf(["", "", "", " ", "\t", "  "]) }

    /// A string literal, with some of its characters as escapes.
    mutating func literal(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if below(12) == 0 || scalar == "\"" || scalar == "\\" || scalar.value < 0x20 {
                for unit in String(scalar).utf16 { result += String(format: oneOf(["\\u%04x", "\\u%04X"]), unit) }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    mutating func count() -> Int {
        oneOf([0, 1, below(100), below(10_000), below(1_000_000_000_000), 1_000_000_000_000])
    }

    /// Some value that no format reads.
    mutating func anything(_ depth: Int = 0) -> String {
        switch below(depth > 3 ? 5 : 7) {
        case 0:
            return literal(
                oneOf(["", "x", "Wie geht's? \"gut\" \\ 好\n🚀", "}{][,:", String(repeating: "lorem ", count: below(9))]))
        case 1: return oneOf(["0", "-0", "1", "-17", "3.25", "-0.5e-3", "1E4", "12345678901234567890"])
        case 2: return "true"
        case 3: return "false"
        case 4: return "null"
        case 5:
            return "[" + (0..<below(4)).map { _ in space() + anything(depth + 1) + space() }.joined(separator: ",")
                + "]"
        default:
            let members = (0..<below(4)).map {
                literal("k\($0)") + space() + ":" + space() + anything(depth + 1) + space()
            }
            return "{" + members.joined(separator: "," + space()) + space() + "}"
        }
    }

    mutating func object(_ members: [(String, String)]) -> String {
        var left = members
        var texts: [String] = []
        while !left.isEmpty {
            let (name, value) = left.remove(at: below(left.count))
            texts.append(space() + literal(name) + space() + ":" + space() + value + space())
        }
        return "{" + texts.joined(separator: ",") + "}"
    }

    /// A response or log line with a `usage` object of chat's shape.
    mutating func openAIRecord() -> String {
        let input = count()
        let output = count()
        var usage = [("prompt_tokens", "\(input)"), ("completion_tokens", "\(output)")]
        if below(2) == 0 { usage.append(("total_tokens", "\(input + output)")) }
        if below(2) == 0 {
            let cached = below(input + 1)
            usage.append(("prompt_tokens_details", object([("cached_tokens", "\(cached)"), ("audio_tokens", "0")])))
        }
        if below(2) == 0 {
            usage.append(("completion_tokens_details", object([("reasoning_tokens", "\(below(output + 1))")])))
        }
        if below(3) == 0 { usage.append(("cost", anything())) }
        var members = [
            ("created", "\(1_748_736_000 + below(100_000))"),
            ("tenant", literal(oneOf(["t-000123", "租户七", "Straße 5", "a🚀b", "_x.y/z:1"]))),
            ("model", literal(oneOf(["doubao-1.6-pro", "qwen3", "m(v2)", "模型"]))), ("usage", object(usage)),
        ]
        if below(2) == 0 { members.append(("region", literal("cn-beijing"))) }
        for extra in 0..<below(4) { members.append(("extra\(extra)", anything())) }
        return object(members)
    }
}

/// What Foundation's JSON says about a record, read as simply as possible.
func referenceEvent(_ record: [UInt8]) -> CollectedEvent? {
    guard let object = try? JSONSerialization.jsonObject(with: Data(record)) as? [String: Any],
        let usage = object["usage"] as? [String: Any], let created = object["created"] as? NSNumber,
        let tenant = object["tenant"] as? String, let model = object["model"] as? String
    else { return nil }
    func number(_ value: Any?) -> UInt64? { (value as? NSNumber)?.uint64Value }
    // A count of twelve digits and more is one of smaller units.
    let units: Double = [1e11, 1e14, 1e17].reduce(1) { $1 <= created.doubleValue.magnitude ? $0 * 1_000 : $0 }
    guard let input = number(usage["prompt_tokens"]), let output = number(usage["completion_tokens"]) else {
        return nil
    }
    let cached = number((usage["prompt_tokens_details"] as? [String: Any])?["cached_tokens"])
    let reasoning = number((usage["completion_tokens_details"] as? [String: Any])?["reasoning_tokens"])
    return CollectedEvent(
        minute: Int64((created.doubleValue / units / 60).rounded(.down)), tenant: tenant, model: model,
        region: object["region"] as? String ?? "",
        counts: TokenCounts(
            requests: 1, input: input, cachedInput: cached ?? 0, output: output, reasoningOutput: reasoning ?? 0))
}

@Suite struct ReferenceParserTests {
    /// As it is, but for records of no tokens.
    private static let format = {
        var format = OpenAIFormat()
        format.records.countsNoUsage = true
        return format
    }()

    /// One seed a run unless `STEELYARD_TEST_SEED` names one; it stands in every failure.
    static let seed: UInt64 =
        ProcessInfo.processInfo.environment["STEELYARD_TEST_SEED"].flatMap { UInt64($0) } ?? 20_251_122

    @Test func `random records mean what the reference says`() throws {
        var records = RandomRecords(random: ReferenceParserTests.seed)
        let texts = (0..<2_000).map { _ in records.openAIRecord() }
        let expected = texts.map { referenceEvent(Array($0.utf8)) }
        let source = Array(texts.joined(separator: "\n").utf8)
        let sink = try collect(source, Self.format, chunk: 1 + records.below(5_000))
        #expect(sink.rejections.isEmpty, "STEELYARD_TEST_SEED=\(ReferenceParserTests.seed)")
        #expect(sink.events == expected, "STEELYARD_TEST_SEED=\(ReferenceParserTests.seed)")
        let array = Array("[\(texts.joined(separator: ","))]".utf8)
        let document = try collect(array, Self.format, framing: .document, chunk: 1 + records.below(9_000))
        #expect(document == sink, "STEELYARD_TEST_SEED=\(ReferenceParserTests.seed)")
    }

    /// Whatever a byte here and there becomes: what is accepted is JSON, and means what the reference says.
    @Test func `damaged records are never misread`() throws {
        var records = RandomRecords(random: ReferenceParserTests.seed &+ 1)
        var parser = try Self.format.makeParser(defaults: testDefaults, framing: .stream)
        var accepted = 0
        for round in 0..<6_000 {
            var bytes = Array(records.openAIRecord().utf8)
            for _ in 0...records.below(2) {
                let place = records.below(bytes.count)
                switch records.below(3) {
                case 0: bytes[place] = UInt8(0x20 + records.below(0x5F))
                case 1: bytes.remove(at: place)
                default: bytes.insert(records.oneOf(Array(#"{}[]",:0123456789.-+eE\untf "#.utf8)), at: place)
                }
            }
            var sink = Collected()
            parser.resume(from: .start)
            parser.feed(bytes, into: &sink)
            // What stands behind a torn record is another one.
            #expect(sink.events.count + sink.rejections.count >= 1)
            guard let event = sink.events.first, sink.rejections.isEmpty else { continue }
            accepted += 1
            // Text that is skipped isn't held to UTF-8; Foundation holds all of it to that.
            guard String(validating: bytes, as: UTF8.self) != nil else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            // Nor is a number that is skipped held to any range, as Foundation holds it to that of a double.
            let inRange = text.replacing(/([0-9])[eE][+-]?[0-9]{3,}/) { "\($0.output.1)e1" }
            // Nor are the escapes of text that is skipped held to JSON's.
            let plain = inRange.replacing(/\\(u[0-9a-fA-F]{4}|.)/, with: "x")
            let isValid = [text, inRange, plain].contains {
                (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil
            }
            // What was damaged may be a name, so that a default or zero stands in; the counts that are there agree.
            let reference = referenceEvent(bytes)
            #expect(isValid, "STEELYARD_TEST_SEED=\(ReferenceParserTests.seed) round \(round): \(text)")
            // What was repaired by a rule is beyond the reference.
            if let reference, event.repair == nil {
                #expect(event == reference, "STEELYARD_TEST_SEED=\(ReferenceParserTests.seed) round \(round): \(text)")
            }
        }
        #expect(accepted > 500)
    }

    /// A checker that can't fail checks nothing.
    @Test func `the reference sees a difference`() {
        let record = #"{"created":60,"tenant":"t","model":"m","usage":{"prompt_tokens":1,"completion_tokens":2}}"#
        let event = referenceEvent(Array(record.utf8))
        #expect(
            event
                == CollectedEvent(
                    minute: 1, tenant: "t", model: "m", region: "",
                    counts: TokenCounts(requests: 1, input: 1, output: 2)))
        #expect(event != referenceEvent(Array(record.replacing("2}", with: "3}").utf8)))
        #expect(referenceEvent(Array(record.dropLast().utf8)) == nil)
    }
}
