import Foundation
import TestSupport
import Testing

/// Export calls over gRPC, made with curl: real HTTP/2 of another library than ours, and every byte of a message as the
/// test wants it.
struct GRPCCall {
    struct Answer: Sendable {
        /// gRPC's code; `nil` where there was none.
        var code: Int?
        /// HTTP's own status.
        var status: Int
        var message: String
        /// The answer's message, with its head.
        var body: [UInt8]
        /// Whether it is said when to come again, in the field that the Python SDK reads and in the one that others do.
        var saysWhen: [Bool]
    }

    /// Of the listener.
    var port: Int
    var directory: String
    /// Options of curl for every call.
    var arguments: [String] = ["--http2-prior-knowledge"]
    var origin = "http"

    static let tracesPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

    /// - Parameter body: framed.
    func send(
        _ body: [UInt8], to path: String = Self.tracesPath, _ fields: [String] = [],
        type: String = "application/grpc", more: [String] = []
    ) throws -> Answer {
        let files = ["body", "answer", "fields"].map { "\(directory)/grpc-\(UUID().uuidString).\($0)" }
        defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
        try Data(body).write(to: URL(fileURLWithPath: files[0]))
        let given = ["Content-Type: \(type)", "TE: trailers"] + fields
        let answer = try Curl.run(
            arguments + more + given.flatMap { ["--header", $0] } + [
                "--data-binary", "@\(files[0])", "--output", files[1], "--dump-header", files[2],
                "\(origin)://localhost:\(port)\(path)",
            ])
        let said = Self.fields(files[2])
        return Answer(
            code: said["grpc-status"].flatMap { Int($0) }, status: answer.status,
            message: said["grpc-message"] ?? "",
            body: FileManager.default.contents(atPath: files[1]).map { Array($0) } ?? [],
            saysWhen: ["google.rpc.retryinfo-bin", "grpc-status-details-bin"].map { said[$0] != nil })
    }

    /// What an answer's fields and trailers say.
    private static func fields(_ file: String) -> [String: String] {
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        var said: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            said[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return said
    }

    /// A message with its head.
    static func framed(_ message: [UInt8], isCompressed: Bool = false, length: Int? = nil) -> [UInt8] {
        let length = UInt32(length ?? message.count)
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - $0 * 8)) }
        return [isCompressed ? 1 : 0] + bytes + message
    }
}

/// Spans as protobuf.
enum Protobuf {
    static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func content(_ field: UInt64, _ content: [UInt8]) -> [UInt8] {
        varint(field << 3 | 2) + varint(UInt64(content.count)) + content
    }

    static func text(_ field: UInt64, _ text: String) -> [UInt8] { content(field, Array(text.utf8)) }

    static func fixed(_ field: UInt64, _ value: UInt64) -> [UInt8] {
        varint(field << 3 | 1) + (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func attribute(_ name: String, _ value: [UInt8]) -> [UInt8] {
        content(9, text(1, name) + content(2, value))
    }

    /// 2025-12-31T23:59:00Z.
    private static let time: UInt64 = 1_767_225_540_000_000_000

    /// A request with one span of a call, told from others by its number.
    static func span(_ number: UInt8, input: Int64 = 12, tenant: String? = "t") -> [UInt8] {
        let count = varint(3 << 3) + varint(UInt64(bitPattern: input))
        let span =
            content(1, Array(repeating: number, count: 16)) + content(2, Array(repeating: number, count: 8))
            + fixed(8, time) + (tenant.map { attribute("tenant.id", text(1, $0)) } ?? [])
            + attribute("gen_ai.operation.name", text(1, "chat"))
            + attribute("gen_ai.request.model", text(1, "m")) + attribute("gen_ai.usage.input_tokens", count)
        return content(1, content(2, content(2, span)))
    }
}
