internal import APIModel
internal import Foundation

/// Problem details (RFC 9457) as the server sends them.
struct Problem: Decodable, Sendable {
    /// One mistake in an imported file.
    struct Item: Decodable, Sendable {
        var line: Int?
        var field: String?
        var message: String?
    }

    var title: String?
    var detail: String?
    var code: String?
    var errors: [Item]?
    /// What changed since a statement was proposed.
    var changes: [RestatedRow]?
    /// What a month lacks to be closed.
    var shortcomings: [Shortcoming]?

    /// What an answer says that isn't one of success; `nil` where it says nothing that can be read.
    init?(_ response: ReceivedResponse) {
        guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(response.body)) else { return nil }
        self = problem
    }

    /// The error that an answer other than 2xx stands for.
    static func error(for response: ReceivedResponse, asking path: String) -> CommandError {
        let problem = Problem(response)
        let said = problem?.sentence ?? "the server answered \(response.status) to \(path)"
        switch response.status {
        case 401:
            return CommandError(
                .denied,
                "\(said.ended) The token isn't valid here (or was revoked); an administrator makes one with "
                    + "`steelyard token create`")
        case 403:
            return CommandError(.denied, said)
        case 413, 415, 422:
            return CommandError(.refusedInput, ([said] + (problem?.listed ?? [])).joined(separator: "\n"))
        case 400, 404:
            // 404: the scope, entity, statement or token that is asked for doesn't exist.
            return CommandError(.usage, ([said] + (problem?.listed ?? [])).joined(separator: "\n"))
        case 409:
            return CommandError(.failure, ([said] + (problem?.changed ?? [])).joined(separator: "\n"))
        case 503, 429:
            return CommandError(.failure, "\(said.ended) Try again in a moment")
        default:
            return CommandError(.failure, said)
        }
    }

    /// Whether the answer says that the position that was waited for isn't reached yet: the server gives up sooner than
    /// people.
    static func isStillCounting(_ response: ReceivedResponse) -> Bool {
        guard response.status == 503 else { return false }
        return Problem(response)?.code == "position-not-reached"
    }

    private var sentence: String? {
        let parts = [title, detail].compactMap { $0 }.filter { !$0.isEmpty }
        return parts.isEmpty ? nil : parts.joined(separator: ": ").printable
    }

    private var changed: [String] {
        (changes ?? []).map { row in
            let name = row.entity ?? (row.gathered ? "other" : "total")
            let (figure, late) = (row.numerator, row.numerator.lateUsage)
            return
                "  \(name): \(figure.closed) is now \(figure.now) (late \(late), reclassified \(figure.reclassification))"
                .printable
        }
    }

    private var listed: [String] {
        (errors ?? []).map { item in
            var place = item.line.map { "line \($0)" } ?? "file"
            if let field = item.field, !field.isEmpty { place += ", \(field)" }
            return "  \(place): \(item.message ?? "")".printable
        }
    }
}

extension String {
    /// As a sentence that another can follow. What a server says may end with its full stop or without.
    var ended: String { hasSuffix(".") ? self : self + "." }
}
