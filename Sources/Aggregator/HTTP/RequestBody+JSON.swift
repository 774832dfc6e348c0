internal import APIModel
internal import Foundation
internal import HTTPSupport
internal import Hummingbird
package import TextFormats
package import UsageModel

extension Request {
    /// Reads a small JSON body, strictly: nothing that it says is passed over. See ``JSONShape``.
    ///
    /// - Throws: ``Problem`` 415 for another type, 413 beyond the limit, 400 for anything that isn't what is expected,
    ///   naming the member.
    func jsonBody<Body: JSONRequest>(limitBytes: Int) async throws -> Body {
        guard mediaType == AnswerFormat.json.rawValue else {
            throw Problem.unsupportedMediaType("Send the body as Content-Type: application/json.")
        }
        return try Body(request: try await boundedBody(limitBytes: limitBytes))
    }

    /// For routes that take no body.
    ///
    /// - Throws: ``Problem`` 400 where there is one.
    func requireNoBody() async throws {
        guard try await boundedBody(limitBytes: APILimits.maxQueryBodyBytes).isEmpty else {
            throw Problem.badRequest("This path takes no body; what it says would count for nothing.")
        }
    }
}

extension JSONRequest {
    /// - Throws: ``Problem`` 400 naming the member.
    init(request bytes: [UInt8]) throws(Problem) {
        do {
            let value = try JSONValue(request: bytes)
            try Self.shape.check(value)
            // From what was checked, and not from the bytes: no second reader can see something else in them.
            self = try JSONDecoder().decode(Self.self, from: Data(value.encoded))
        } catch let error as JSONReadingError {
            throw .badRequest(
                error.description,
                extensions: error.place.isEmpty ? [] : [JSONMember("member", .string(error.place))])
        } catch let error as InvalidControlMessage {
            throw .badRequest(error.message)
        } catch {
            throw .badRequest("The body is not the JSON object that is expected.")
        }
    }
}

// MARK: What collectors send

extension EpochRequest: JSONRequest {
    package static let shape = JSONShape.object([
        .init(CodingKeys.spoolID.rawValue, .text), .init(CodingKeys.softwareVersion.rawValue, .text),
        .init(CodingKeys.lastEpoch.rawValue, .count, isRequired: false),
        .init(CodingKeys.lastNextSequence.rawValue, .count, isRequired: false),
    ])
}

extension ControlMessages.LookupRequest: JSONRequest {
    package static let shape = JSONShape.object([
        .init(CodingKeys.epoch.rawValue, .count), .init(CodingKeys.digests.rawValue, .list(of: .text)),
    ])
}

extension ControlMessages.Heartbeat: JSONRequest {
    package static let shape = JSONShape.object([
        .init(CodingKeys.epoch.rawValue, .count), .init(CodingKeys.nextSequence.rawValue, .count),
        .init(CodingKeys.softwareVersion.rawValue, .text), .init(CodingKeys.backlogBatches.rawValue, .count),
        .init(CodingKeys.backlogBytes.rawValue, .count), .init(CodingKeys.ready.rawValue, .boolean),
        .init(CodingKeys.reasons.rawValue, .list(of: .text)),
        .init(CodingKeys.certificateEndSeconds.rawValue, .count, isRequired: false),
    ])
}
