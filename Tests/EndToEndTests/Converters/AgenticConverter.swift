internal import Foundation

/// Turns the agentic sessions into native usage events: one per request, tenant = session id.
///
/// An element of `requests` of type `subagent` is no request of its own; the requests inside it count once each, at
/// the sub-agent's start plus their own offset. `in` holds cached input already. Cached input could be derived from
/// repeated `hash_ids`; it isn't, so these events say nothing about it.
struct AgenticConverter {
    private struct Element {
        /// Since the start of the session, or of the sub-agent around it.
        var milliseconds: Int64 = 0
        var type = ""
        var model = ""
        var input: UInt64?
        var output: UInt64?
        var nestedRequestsAt: Int?
    }

    enum Problem: Error {
        case incompleteRequest(session: String)
    }

    let archive: String

    /// Writes every request of every session to `output` and returns how many there were.
    func convert(to output: String) throws -> Int {
        var writer = try NativeEventWriter(path: output)
        try TraceArchive(path: archive).forEachMember { name, content in
            let session = ((name as NSString).lastPathComponent as NSString).deletingPathExtension
            var scanner = ByteScanner(content)
            try scanner.object { key, scanner in
                if key == "requests" {
                    try Self.requests(&scanner, session: session, baseMilliseconds: 0, into: &writer)
                } else {
                    try scanner.skipValue()
                }
            }
        }
        try writer.finish()
        return writer.eventCount
    }

    private static func requests(
        _ scanner: inout ByteScanner, session: String, baseMilliseconds: Int64, into writer: inout NativeEventWriter
    ) throws {
        try scanner.array { scanner in
            let element = try self.element(&scanner)
            let millisecond = baseMilliseconds + element.milliseconds
            if element.type == "subagent" {
                guard let start = element.nestedRequestsAt else { throw Problem.incompleteRequest(session: session) }
                let end = scanner.position
                scanner.position = start
                try requests(&scanner, session: session, baseMilliseconds: millisecond, into: &writer)
                scanner.position = end
            } else {
                guard let input = element.input, let output = element.output, !element.model.isEmpty else {
                    throw Problem.incompleteRequest(session: session)
                }
                try writer.write(
                    .init(
                        millisecond: TraceEpochs.agenticSecond * 1000 + millisecond, tenant: session,
                        model: element.model, input: input, output: output))
            }
        }
    }

    private static func element(_ scanner: inout ByteScanner) throws -> Element {
        var element = Element()
        try scanner.object { key, scanner in
            switch key {
            case "t":
                element.milliseconds = Int64(try scanner.decimal().timesRoundedHalfUp(1000))
            case "type": element.type = try scanner.string()
            case "model": element.model = try scanner.string()
            case "in": element.input = try scanner.decimal().timesRoundedHalfUp(1)
            case "out": element.output = try scanner.decimal().timesRoundedHalfUp(1)
            case "hash_ids": try scanner.skipNumberArray()
            case "requests":
                element.nestedRequestsAt = scanner.position
                try scanner.array { scanner in
                    try scanner.object { key, scanner in
                        if key == "hash_ids" { try scanner.skipNumberArray() } else { try scanner.skipValue() }
                    }
                }
            default: try scanner.skipValue()
            }
        }
        return element
    }
}
