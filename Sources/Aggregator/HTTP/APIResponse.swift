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
    enum Body: Sendable {
        case bytes([UInt8])
        case stored(StoredAnswer)
    }

    var status: HTTPResponse.Status
    var contentType: String
    private(set) var body: Body
    var headers: HTTPFields
    /// Held until the answer is written.
    private var permit: QuestionPermit?
    /// How long the reader may take; `nil` for as long as each part comes away in time.
    private var deadline: Duration?

    init(
        status: HTTPResponse.Status = .ok, contentType: String, body: [UInt8], headers: HTTPFields = [:]
    ) {
        self.status = status
        self.contentType = contentType
        self.body = .bytes(body)
        self.headers = headers
    }

    /// An answer that was written row by row.
    init(_ answer: StoredAnswer, as format: AnswerFormat) {
        status = .ok
        contentType = format.contentType
        body = .stored(answer)
        headers = [:]
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

    /// The answer of a question, complete and stored, counted among its caller's until it is written.
    ///
    /// - Throws: ``Problem`` 422 where it is larger than any may be; ``QuestionBudget/Refusal``; ``AnswerFileError``.
    func held(by permit: QuestionPermit, in files: AnswerFiles) throws -> APIResponse {
        var response = self
        if case .bytes(let bytes) = body {
            guard bytes.count <= APILimits.maxAnswerBytes else { throw Problem.answerTooLarge(bytes: bytes.count) }
            let writer = AnswerWriter(files, permit: permit)
            for start in stride(from: 0, to: bytes.count, by: APILimits.responsePartBytes) {
                try writer.append(bytes[start..<min(start + APILimits.responsePartBytes, bytes.count)])
            }
            response.body = .stored(try writer.finish())
        }
        try permit.answered()
        response.permit = permit
        response.deadline = files.deadline
        return response
    }

    /// In parts, each read from where it is stored when the socket has taken the one before.
    private func parts(of answer: StoredAnswer) -> ResponseBody {
        let (permit, deadline) = (permit, deadline)
        return ResponseBody(contentLength: answer.count) { writer in
            let end = deadline.map { ContinuousClock.now + $0 }
            var offset = 0
            while offset < answer.count {
                // The connection is closed on it: the length says that something is missing.
                if let end, ContinuousClock.now > end { throw ReaderTooSlow() }
                let part = try await answer.part(at: offset)
                offset += part.readableBytes
                try await writer.write(part)
            }
            try await writer.finish(nil)
            withExtendedLifetime(permit) {}
        }
    }

    private var responseBody: ResponseBody {
        switch body {
        case .bytes(let bytes): parts(of: StoredAnswer(inMemory: bytes))
        case .stored(let answer): parts(of: answer)
        }
    }

    var response: Response {
        var headers = headers
        headers[.contentType] = contentType
        headers[.cacheControl] = "no-store"
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: headers, body: responseBody)
    }
}

/// The reader of an answer took longer than ``APILimits/answerDeadlineSeconds``.
private struct ReaderTooSlow: Error {}

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
