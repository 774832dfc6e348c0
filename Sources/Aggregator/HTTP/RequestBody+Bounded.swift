internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Request {
    /// Reads the whole body, if it is small enough: a declared length beyond the limit is refused before a byte is
    /// read, an undeclared one as soon as it passes the limit.
    ///
    /// - Throws: ``Problem`` 413.
    func boundedBody(limitBytes: Int) async throws -> [UInt8] {
        if let text = headers[.contentLength] {
            guard let length = Int(text), length >= 0 else {
                throw Problem.badRequest("Content-Length is not a number of bytes.")
            }
            guard length <= limitBytes else { throw Problem.contentTooLarge(limitBytes: limitBytes) }
        }
        var bytes: [UInt8] = []
        for try await chunk in body {
            guard bytes.count + chunk.readableBytes <= limitBytes else {
                throw Problem.contentTooLarge(limitBytes: limitBytes)
            }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return bytes
    }

    /// The media type of the body, lower case, without parameters.
    var mediaType: String? {
        guard let header = headers[.contentType] else { return nil }
        let first = header.split(separator: ";", maxSplits: 1).first ?? ""
        return first.trimmingSpaces().lowercased()
    }
}

extension Substring {
    func trimmingSpaces() -> String {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
