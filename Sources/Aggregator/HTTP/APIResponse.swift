internal import APIModel
internal import Foundation
internal import HTTPSupport
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Scopes
internal import Store
internal import TextFormats

/// A successful response, in the form that was asked for.
struct APIResponse {
    var status: HTTPResponse.Status
    var contentType: String
    var body: [UInt8]
    var headers: HTTPFields
    /// Held until the answer is written.
    private var permit: QuestionPermit?

    init(
        status: HTTPResponse.Status = .ok, contentType: String, body: [UInt8], headers: HTTPFields = [:]
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.headers = headers
    }

    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> APIResponse {
        APIResponse(status: status, contentType: AnswerFormat.json.contentType, body: value.encoded + [0x0A])
    }

    /// Without JSON's optional escapes, members in the order of their names.
    static func json(encoding value: some Encodable) throws -> APIResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return APIResponse(
            contentType: AnswerFormat.json.contentType, body: try Array(encoder.encode(value)) + [0x0A])
    }

    static func csv(_ writer: CSVWriter) -> APIResponse {
        APIResponse(contentType: AnswerFormat.csv.contentType, body: writer.bytes)
    }

    static func json(_ object: some APIObject, status: HTTPResponse.Status = .ok) -> APIResponse {
        APIResponse(status: status, contentType: AnswerFormat.json.contentType, body: object.json + [0x0A])
    }

    /// An answer in either format.
    init(_ answer: some APITable, as format: AnswerFormat) {
        switch format {
        case .json: self = .json(answer)
        case .csv: self = .csv(answer.csv)
        }
    }

    /// Adds the ledger position that the figures count up to.
    func position(_ position: UInt64) -> APIResponse {
        var response = self
        response.headers[.steelyardPosition] = String(position)
        return response
    }

    /// The same for a caller who may be bound to a provider: positions are the whole market's.
    func position(_ position: UInt64, for caller: TokenRecord) -> APIResponse {
        caller.provider == nil ? self.position(position) : self
    }

    /// Makes the answer a file with a name. The name must be plain ASCII without quotes.
    func file(_ name: String) -> APIResponse {
        var response = self
        response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        return response
    }

    /// The answer, counted among its caller's until it is written.
    ///
    /// - Throws: ``Problem`` 422 where it is larger than any may be; ``QuestionBudget/Refusal``.
    func holding(_ permit: QuestionPermit) throws -> APIResponse {
        guard body.count <= APILimits.maxAnswerBytes else { throw Problem.answerTooLarge(bytes: body.count) }
        try permit.hold(bytes: body.count)
        var response = self
        response.permit = permit
        return response
    }

    /// In parts, each written when the socket has taken the one before: a reader that is slow holds the answer's bytes,
    /// which are counted, and no second copy of them.
    private var parts: ResponseBody {
        let (body, permit) = (body, permit)
        return ResponseBody(contentLength: body.count) { writer in
            for start in stride(from: 0, to: body.count, by: APILimits.responsePartBytes) {
                let end = min(start + APILimits.responsePartBytes, body.count)
                try await writer.write(ByteBuffer(bytes: body[start..<end]))
            }
            try await writer.finish(nil)
            withExtendedLifetime(permit) {}
        }
    }

    var response: Response {
        var headers = headers
        headers[.contentType] = contentType
        headers[.cacheControl] = "no-store"
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: headers, body: parts)
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
