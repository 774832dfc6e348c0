internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Scopes
internal import TextFormats

/// A successful answer, in the form that was asked for.
struct Answer {
    var status: HTTPResponse.Status = .ok
    var contentType: String
    var body: [UInt8]
    var headers: HTTPFields = [:]

    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Answer {
        Answer(status: status, contentType: AnswerFormat.json.contentType, body: value.encoded + [0x0A])
    }

    static func csv(_ writer: CSVWriter) -> Answer {
        Answer(contentType: AnswerFormat.csv.contentType, body: writer.bytes)
    }

    /// Adds the rollup position that the figures count up to.
    func position(_ position: UInt64) -> Answer {
        var answer = self
        answer.headers[.steelyardPosition] = String(position)
        return answer
    }

    /// Makes the answer a file with a name. The name must be plain ASCII without quotes.
    func file(_ name: String) -> Answer {
        var answer = self
        answer.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        return answer
    }

    var response: Response {
        var headers = headers
        headers[.contentType] = contentType
        headers[.cacheControl] = "no-store"
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

extension HTTPField.Name {
    static let steelyardPosition = HTTPField.Name.known("Steelyard-Position")
}

extension Request {
    /// The format that the caller wants, of those offered.
    ///
    /// - Throws: ``Problem`` 406.
    func format(_ offered: [AnswerFormat]) throws(Problem) -> AnswerFormat {
        guard let format = Accept.choose(headers[.accept], from: offered) else {
            throw .notAcceptable(offered: offered.map(\.rawValue))
        }
        return format
    }

    /// The query parameters, strictly.
    func parameters(_ known: [String] = []) throws(Problem) -> QueryParameters {
        try QueryParameters(uri.query, known: known)
    }
}
