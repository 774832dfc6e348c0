/// Writes protobuf for tests, field by field.
struct ProtobufText {
    private(set) var bytes: [UInt8] = []

    static func message(_ fill: (inout ProtobufText) -> Void) -> [UInt8] {
        var message = ProtobufText()
        fill(&message)
        return message.bytes
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func integer(_ field: UInt64, _ value: UInt64) {
        varint(field << 3)
        varint(value)
    }

    mutating func fixed(_ field: UInt64, _ value: UInt64) {
        varint(field << 3 | 1)
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift * 8))) }
    }

    mutating func content(_ field: UInt64, _ content: [UInt8]) {
        varint(field << 3 | 2)
        varint(UInt64(content.count))
        bytes += content
    }

    mutating func text(_ field: UInt64, _ text: String) { content(field, Array(text.utf8)) }

    mutating func message(_ field: UInt64, _ fill: (inout ProtobufText) -> Void) {
        content(field, Self.message(fill))
    }
}

/// Attributes as tests write them down.
enum TestAttribute {
    case text(String)
    case integer(Int64)
    case double(Double)
    case flag(Bool)

    func write(_ key: String, field: UInt64, to message: inout ProtobufText) {
        message.message(field) { pair in
            pair.text(1, key)
            pair.message(2) { value in
                switch self {
                case .text(let text): value.text(1, text)
                case .flag(let flag): value.integer(2, flag ? 1 : 0)
                case .integer(let number): value.integer(3, UInt64(bitPattern: number))
                case .double(let number): value.fixed(4, number.bitPattern)
                }
            }
        }
    }

    func json(_ key: String) -> String {
        let value =
            switch self {
            case .text(let text): "{\"stringValue\":\"\(text)\"}"
            case .flag(let flag): "{\"boolValue\":\(flag)}"
            case .integer(let number): "{\"intValue\":\"\(number)\"}"
            case .double(let number): "{\"doubleValue\":\(number)}"
            }
        return "{\"key\":\"\(key)\",\"value\":\(value)}"
    }
}

/// One span as protobuf and as JSON.
struct TestSpan {
    var attributes: [(String, TestAttribute)]
    var traceState = ""
    var trace: UInt8 = 1
    var span: UInt8 = 2
    /// 2025-06-01T00:00Z.
    var end: UInt64 = 1_748_736_000_000_000_000

    static func chat(_ more: [(String, TestAttribute)] = [], input: Int64 = 12, output: Int64 = 3) -> TestSpan {
        TestSpan(
            attributes: [
                ("gen_ai.operation.name", .text("chat")), ("gen_ai.request.model", .text("m")),
                ("tenant.id", .text("t")), ("gen_ai.usage.input_tokens", .integer(input)),
                ("gen_ai.usage.output_tokens", .integer(output)),
            ] + more)
    }

    var protobuf: [UInt8] {
        ProtobufText.message { message in
            message.content(1, Array(repeating: trace, count: 16))
            message.content(2, Array(repeating: span, count: 8))
            if !traceState.isEmpty { message.text(3, traceState) }
            message.text(5, "a span")
            message.integer(6, 3)
            message.fixed(7, end - 1_000_000)
            message.fixed(8, end)
            for (key, value) in attributes { value.write(key, field: 9, to: &message) }
            message.message(15) { $0.integer(3, 1) }
        }
    }

    var json: String {
        func hexadecimal(_ byte: UInt8, _ count: Int) -> String {
            let text = String(byte, radix: 16)
            return String(repeating: text.count < 2 ? "0\(text)" : text, count: count)
        }
        return "{\"traceId\":\"\(hexadecimal(trace, 16).uppercased())\",\"spanId\":\"\(hexadecimal(span, 8))\","
            + (traceState.isEmpty ? "" : "\"traceState\":\"\(traceState)\",")
            + "\"name\":\"a span\",\"kind\":3,\"startTimeUnixNano\":\"\(end - 1_000_000)\","
            + "\"endTimeUnixNano\":\"\(end)\",\"attributes\":["
            + attributes.map { $1.json($0) }.joined(separator: ",") + "],\"status\":{\"code\":1}}"
    }

    static func protobuf(_ spans: [TestSpan], resource: [(String, TestAttribute)] = []) -> [UInt8] {
        ProtobufText.message { request in
            request.message(1) { spansOfResource in
                spansOfResource.message(1) { for (key, value) in resource { value.write(key, field: 1, to: &$0) } }
                spansOfResource.message(2) { scope in
                    scope.message(1) { $0.text(1, "a scope") }
                    for span in spans { scope.content(2, span.protobuf) }
                }
            }
        }
    }

    static func json(_ spans: [TestSpan], resource: [(String, TestAttribute)] = []) -> [UInt8] {
        let attributes = resource.map { $1.json($0) }.joined(separator: ",")
        return Array(
            ("{\"resourceSpans\":[{\"resource\":{\"attributes\":[\(attributes)]},\"scopeSpans\":[{\"scope\":"
                + "{\"name\":\"a scope\"},\"spans\":[\(spans.map(\.json).joined(separator: ","))]}]}]}").utf8)
    }
}
