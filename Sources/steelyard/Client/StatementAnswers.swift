/// The parts of a statement that tables show. Amounts stay the decimal strings that they are.
struct StatementAnswer: Decodable, Sendable {
    struct Scope: Decodable, Sendable {
        var id: String
        var version: Int
    }

    struct Decision: Decodable, Sendable {
        var decision: String
        var at: String
        var by: String
        var reason: String?
    }

    struct Row: Decodable, Sendable {
        var entity: String?
        var gathered: Int
        var rank: Int
        var sharePercent: String?
        var numerator: String
        var external: String
        var ownBusiness: String
        var unclassified: String
        var otherKinds: String
        var outsideFilters: String

        enum CodingKeys: String, CodingKey {
            case entity, gathered, rank, numerator, external, unclassified
            case sharePercent = "share_percent"
            case ownBusiness = "own_business"
            case otherKinds = "other_kinds"
            case outsideFilters = "outside_filters"
        }
    }

    struct Shortcoming: Decodable, Sendable {
        /// A stable word.
        var code: String
        var blocking: Bool
        var text: String
    }

    struct Coverage: Decodable, Sendable {
        var provider: String
        var collector: String
        var batches: Int
        var events: String
        var refused: String
        var firstMinute: String?
        var lastMinute: String?
        var quarantined: Int

        enum CodingKeys: String, CodingKey {
            case provider, collector, batches, events, refused, quarantined
            case firstMinute = "first_minute"
            case lastMinute = "last_minute"
        }
    }

    struct Figure: Decodable, Sendable {
        var closed: String
        var lateUsage: String
        var reclassification: String
        var now: String

        enum CodingKeys: String, CodingKey {
            case closed, reclassification, now
            case lateUsage = "late_usage"
        }
    }

    struct RestatedRow: Decodable, Sendable {
        var entity: String?
        var gathered: Bool
        var closedPercent: String?
        var percentNow: String?
        var numerator: Figure

        enum CodingKeys: String, CodingKey {
            case entity, gathered, numerator
            case closedPercent = "closed_percent"
            case percentNow = "percent_now"
        }
    }

    struct Restatement: Decodable, Sendable {
        var asKnownAt: String
        var position: Int
        var changed: Bool
        var rows: [RestatedRow]
        var total: RestatedRow

        enum CodingKeys: String, CodingKey {
            case position, changed, rows, total
            case asKnownAt = "as_known_at"
        }
    }

    var id: Int64
    var scope: Scope
    var month: String
    var status: String
    var sha256: String
    var asKnownAt: String
    var position: Int
    var overrideReason: String?
    var proposedAt: String
    var proposedBy: String
    var decision: Decision?
    var title: LocalizedTitle
    var zone: String
    var by: String
    var denominator: String
    var rows: [Row]
    var total: Row
    var shortcomings: [Shortcoming]
    var coverage: [Coverage]
    var canonicalForm: String
    var restatement: Restatement?

    enum CodingKeys: String, CodingKey {
        case id, scope, month, status, sha256, position, decision, title, zone, by, denominator, rows, total,
            shortcomings
        case coverage, restatement
        case asKnownAt = "as_known_at"
        case overrideReason = "override_reason"
        case proposedAt = "proposed_at"
        case proposedBy = "proposed_by"
        case canonicalForm = "canonical_form"
    }
}

struct StatementsAnswer: Decodable, Sendable {
    struct Statement: Decodable, Sendable {
        var id: Int64
        var scope: StatementAnswer.Scope
        var month: String
        var status: String
        var sha256: String
        var proposedBy: String
        var decision: StatementAnswer.Decision?

        enum CodingKeys: String, CodingKey {
            case id, scope, month, status, sha256, decision
            case proposedBy = "proposed_by"
        }
    }

    var statements: [Statement]
}
