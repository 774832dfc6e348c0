package import Scopes
internal import TextFormats
package import UsageModel

/// Who does something that needs two people.
package struct StatementPerson: Sendable, Hashable {
    /// The name that the token's holder was registered under.
    package var holder: String
    package var token: String

    package init(holder: String, token: String) {
        self.holder = holder
        self.token = token
    }

    /// Whether both are the same human being, through whatever tokens: names compare by what they look like.
    package func isSame(as holder: String) -> Bool { NameSkeleton(self.holder).isAlike(NameSkeleton(holder)) }
}

/// What a month must have before it is closed.
package struct StatementRules: Sendable, Hashable {
    /// How long after the month's end usage of it is waited for, in seconds.
    package var graceSeconds: Int64
    /// The largest part of unclassified usage, in percent of what the scope counts and it together; `nil`: any amount
    /// is a warning only.
    package var maxUnclassifiedPercent: Int?

    /// A day.
    package static let defaultGraceSeconds: Int64 = 86_400

    package init(graceSeconds: Int64 = StatementRules.defaultGraceSeconds, maxUnclassifiedPercent: Int? = nil) {
        self.graceSeconds = graceSeconds
        self.maxUnclassifiedPercent = maxUnclassifiedPercent
    }
}

/// A month to close under a scope.
package struct StatementProposal: Sendable {
    package var scope: Scope
    /// A calendar month.
    package var month: Period
    /// Why to close although something is short.
    package var overrideReason: String?
    package var person: StatementPerson
    package var rules: StatementRules
    package var now: Timestamp

    package init(
        scope: Scope, month: Period, overrideReason: String? = nil, person: StatementPerson, rules: StatementRules,
        now: Timestamp
    ) {
        precondition(month.granularity == .month, "\(month) is no month")
        self.scope = scope
        self.month = month
        self.overrideReason = overrideReason
        self.person = person
        self.rules = rules
        self.now = now
    }
}

/// What was decided about a proposal.
package struct StatementDecision: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case approved, withdrawn
    }

    package var kind: Kind
    package var person: StatementPerson
    /// Why it was withdrawn.
    package var reason: String?
    package var at: Timestamp

    package init(kind: Kind, person: StatementPerson, reason: String?, at: Timestamp) {
        self.kind = kind
        self.person = person
        self.reason = reason
        self.at = at
    }
}

/// A statement without its figures.
package struct StatementHeader: Sendable, Hashable {
    /// Raw values stand in answers.
    package enum Status: String, Sendable, CaseIterable {
        case proposed, approved, withdrawn
    }

    package var id: Int64
    package var scopeID: String
    package var scopeVersion: Int
    package var scopeDigest: String
    package var month: Period
    /// SHA-256 of the canonical form, 64 hexadecimal digits.
    package var digest: String
    package var position: UInt64
    package var knownAt: Timestamp
    package var overrideReason: String?
    package var proposedAt: Timestamp
    package var proposedBy: StatementPerson
    package var decision: StatementDecision?

    package init(
        id: Int64, scopeID: String, scopeVersion: Int, scopeDigest: String, month: Period, digest: String,
        position: UInt64, knownAt: Timestamp, overrideReason: String?, proposedAt: Timestamp,
        proposedBy: StatementPerson, decision: StatementDecision?
    ) {
        self.id = id
        self.scopeID = scopeID
        self.scopeVersion = scopeVersion
        self.scopeDigest = scopeDigest
        self.month = month
        self.digest = digest
        self.position = position
        self.knownAt = knownAt
        self.overrideReason = overrideReason
        self.proposedAt = proposedAt
        self.proposedBy = proposedBy
        self.decision = decision
    }

    package var status: Status {
        switch decision?.kind {
        case nil: .proposed
        case .approved: .approved
        case .withdrawn: .withdrawn
        }
    }
}

/// A statement as it was proposed, with what was decided about it.
package struct Statement: Sendable, Hashable {
    package var header: StatementHeader
    package var content: StatementContent
    /// The canonical form, whose SHA-256 is the header's digest.
    package var text: String

    package init(header: StatementHeader, content: StatementContent, text: String) {
        self.header = header
        self.content = content
        self.text = text
    }
}

/// Why a month isn't closed.
package struct StatementRefusal: Error, Sendable, CustomStringConvertible {
    /// Compare these; the message is for people.
    package enum Code: String, Sendable {
        /// The month is closed under the scope, or a proposal waits for a decision.
        case exists = "statement-exists"
        /// Something is short, and no reason was given.
        case coverageShort = "coverage-short"
        /// The figures are no longer those that were proposed.
        case figuresChanged = "figures-changed"
        /// Proposer and approver are one person.
        case samePerson = "same-person"
        /// The person makes tokens.
        case mintsTokens = "mints-tokens"
        /// Proposer or approver holds a token that the other one made.
        case mintedByOther = "minted-by-other"
        /// The statement was approved or withdrawn before.
        case decided = "statement-decided"
    }

    package var code: Code
    package var message: String
    /// What is short, for `coverageShort`.
    package var shortcomings: [StatementShortcoming]
    /// What changed, for `figuresChanged`.
    package var changes: Restatement?

    init(
        _ code: Code, _ message: String, shortcomings: [StatementShortcoming] = [], changes: Restatement? = nil
    ) {
        self.code = code
        self.message = message
        self.shortcomings = shortcomings
        self.changes = changes
    }

    package var description: String { "\(message) [\(code.rawValue)]" }
}

/// The figures of a closed month, with those of the month before.
package struct ClosedMonth: Sendable {
    package var statement: StatementHeader
    package var table: ShareTable
    /// From the statement of the month before where there is one, evaluated at the statement's knowledge otherwise.
    /// `nil` where facts don't reach back to it.
    package var previous: ComparedPeriod?
}

/// A statement beside what its figures would be now.
package struct RestatedStatement: Sendable {
    package var statement: Statement
    package var restatement: Restatement
    /// Up to where, and at which knowledge, "now" is.
    package var position: UInt64
    package var knownAt: Timestamp
}
