/// `POST /v1/statements`: proposes to close a month.
package struct StatementRequest: APIObject {
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
package struct StatementWithdrawal: APIObject {
    package var reason = ""

    package init() {}

    package static let fields: [Field<StatementWithdrawal>] = [
        Field("reason", \.reason, maxLength: StatementRequest.maxReasonBytes)
    ]
}

/// `POST /v1/tokens`.
package struct TokenRequest: APIObject {
    package var role = ""
    package var provider: String?
    package var note: String?
    package var holder: String?

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
    ]
}
