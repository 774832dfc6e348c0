internal import Foundation
internal import HTTPSupport
internal import Hummingbird
internal import UsageModel

extension Request {
    /// Reads a small JSON body.
    ///
    /// - Throws: ``Problem`` 415 for another type, 413 beyond the limit, 400 for anything that isn't what is expected,
    ///   naming the member.
    func jsonBody<Body: Decodable>(limitBytes: Int) async throws -> Body {
        guard mediaType == AnswerFormat.json.rawValue else {
            throw Problem.unsupportedMediaType("Send the body as Content-Type: application/json.")
        }
        let bytes = try await boundedBody(limitBytes: limitBytes)
        do {
            return try JSONDecoder().decode(Body.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw Problem.badRequest(Self.explanation(error))
        } catch let error as InvalidControlMessage {
            throw Problem.badRequest(error.message)
        }
    }

    private static func explanation(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.isEmpty ? "The body" : context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing."
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(place(context)) has the wrong type."
        default: return "The body is not the JSON object that is expected."
        }
    }
}
