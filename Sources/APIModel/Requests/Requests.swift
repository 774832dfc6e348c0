package import TextFormats

extension APIObject {
    /// What a request may be.
    package static var shape: JSONShape {
        .object(schemaMembers.map { .init($0.name, $0.schema.shape, isRequired: $0.isRequired) })
    }
}

extension Schema {
    fileprivate var shape: JSONShape {
        switch self {
        case .text, .named: .text
        case .integer: .integer
        case .boolean: .boolean
        case .array(let element): .list(of: element.shape)
        case .object(let type): type.shape
        case .nullable(let schema): schema.shape
        }
    }
}

/// `POST /v1/statements`: proposes to close a month.
package struct StatementRequest: APIObject, JSONRequest {
    package var scope = ""
    package var month = ""
    package var overrideReason: String?

    package init() {}

    /// The longest reason for closing all the same, or for withdrawing, in bytes of UTF-8.
    package static let maxReasonBytes = 1_000

    package static let fields: [Field<StatementRequest>] = [
        Field("scope", \.scope, means: "The id of a scope."),
        Field("month", \.month, means: "A calendar month such as 2025-06."),
        .whenSet(
            "override_reason", \.overrideReason,
            means: "Why to close the month although something is short. It stands on the statement for ever.",
            maxLength: maxReasonBytes),
    ]
}

/// `POST /v1/statements/{id}/withdrawal`.
package struct StatementWithdrawal: APIObject, JSONRequest {
    package var reason = ""

    package init() {}

    package static let fields: [Field<StatementWithdrawal>] = [
        Field("reason", \.reason, maxLength: StatementRequest.maxReasonBytes)
    ]
}

/// `POST /v1/tokens`.
package struct TokenRequest: APIObject, JSONRequest {
    package var role = ""
    package var provider: String?
    package var note: String?
    package var holder: String?
    package var expires: String?

    package init() {}

    /// What a token can be for.
    package static let roles = ["operator", "auditor", "finance", "admin"]
    /// The longest note, in bytes of UTF-8.
    package static let maxNoteBytes = 200
    /// The longest name of a person, in bytes of UTF-8.
    package static let maxHolderBytes = 200

    package static let fields: [Field<TokenRequest>] = [
        Field("role", \.role, values: roles),
        .whenSet("provider", \.provider, means: "Binds the token to a provider's own figures."),
        .whenSet("note", \.note, maxLength: maxNoteBytes),
        .whenSet(
            "holder", \.holder,
            means: "The person whom it is for. Only such a token can propose, approve and withdraw statements.",
            maxLength: maxHolderBytes),
        .whenSet("expires", \.expires, means: TokenLifetime.meaning),
    ]
}

/// `POST /v1/tokens/{id}/rotation`.
package struct TokenRotationRequest: APIObject, JSONRequest {
    package var overlap: String?
    package var expires: String?

    package init() {}

    package static let fields: [Field<TokenRotationRequest>] = [
        .whenSet(
            "overlap", \.overlap,
            means: "How long the old token still works: 0s to 30d, such as 24h, which is the default."),
        .whenSet("expires", \.expires, means: "The same of the new token. " + TokenLifetime.meaning),
    ]
}

/// How long a token works.
package enum TokenLifetime: Sendable, Equatable {
    case seconds(Int64)
    /// Until it is revoked.
    case never

    /// 90 days.
    package static let standard = TokenLifetime.seconds(90 * secondsPerDay)
    /// Ten years.
    package static let maxSeconds = 3_650 * secondsPerDay
    /// How long a token that was rotated still works, unless something else is said: a day.
    package static let standardOverlapSeconds = secondsPerDay
    package static let maxOverlapSeconds = 30 * secondsPerDay
    package static let meaning =
        "How long it works: a number with s, m, h or d such as 30d, at most 3650d, or never; 90d unless it is said."
    private static let secondsPerDay: Int64 = 86_400

    /// Parses `30d`, `12h`, `45m`, `90s` and `never`; `nil` for anything else.
    package init?(_ text: String) {
        if text == "never" {
            self = .never
            return
        }
        guard let seconds = Self.seconds(text), (1...Self.maxSeconds).contains(seconds) else { return nil }
        self = .seconds(seconds)
    }

    /// A number with its unit in seconds; `nil` for anything else, and for what is longer than ``maxSeconds``.
    package static func seconds(_ text: String) -> Int64? {
        let digits = text.dropLast()
        guard let unit = text.last.flatMap({ units[$0] }), !digits.isEmpty, digits.utf8.count <= 9,
            digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let number = Int64(digits), number * unit <= maxSeconds
        else { return nil }
        return number * unit
    }

    private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": secondsPerDay]
}
