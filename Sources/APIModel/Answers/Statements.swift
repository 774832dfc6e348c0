package import Scopes

/// `GET /v1/statements`: closed months, and those that somebody proposed to close.
package struct StatementsResponse: APIObject {
    package var statements: [StatementSummary] = []

    package init() {}

    package static let fields: [Field<StatementsResponse>] = [Field("statements", \.statements)]
}

/// What every list and answer says of a statement.
package struct StatementSummary: APIObject {
    package var id = 0
    package var scope = StatementScope()
    package var month = ""
    package var status = ""
    package var sha256 = HexDigest()
    package var asKnownAt = Moment()
    package var position = 0
    package var overrideReason: String?
    package var proposedAt = Moment()
    package var proposedBy = ""
    package var proposedToken = ""
    package var decision: StatementDecisionRecord?

    package init() {}

    package static let approved = "approved"
    package static let withdrawn = "withdrawn"

    package static let fields: [Field<StatementSummary>] = [
        Field("id", \.id, en: "#", zh: "#"),
        Field("scope", \.scope),
        Field("month", \.month, en: "Month", zh: "月份"),
        Field("status", \.status, en: "Status", zh: "状态", values: ["proposed", approved, withdrawn]),
        Field("sha256", \.sha256, en: "SHA-256", zh: "SHA-256", means: "Of the statement's canonical form."),
        .asKnownAt(\.asKnownAt),
        .position(\.position),
        Field("override_reason", \.overrideReason, means: "Why the month is closed although something is short."),
        Field("proposed_at", \.proposedAt),
        Field("proposed_by", \.proposedBy, en: "Proposed by", zh: "提出人", means: "The holder of the token."),
        Field("proposed_token", \.proposedToken, means: "The id of the token."),
        Field("decision", \.decision, means: "Null until somebody else decides."),
    ]
}

package struct StatementScope: APIObject {
    package var id = ""
    package var version = 0
    package var sha256 = HexDigest()

    package init() {}

    package static let fields: [Field<StatementScope>] = [
        Field("id", \.id), Field("version", \.version),
        Field("sha256", \.sha256, means: "Of the definition's canonical form."),
    ]
}

package struct StatementDecisionRecord: APIObject {
    package var decision = ""
    package var at = Moment()
    package var by = ""
    package var token = ""
    package var reason: String?

    package init() {}

    package static let fields: [Field<StatementDecisionRecord>] = [
        Field("decision", \.decision, values: [StatementSummary.approved, StatementSummary.withdrawn]),
        Field("at", \.at),
        Field("by", \.by, en: "Decided by", zh: "审批人", means: "The holder of the token."),
        Field("token", \.token, means: "The id of the token."),
        Field("reason", \.reason, means: "Of a withdrawal."),
    ]
}

/// `GET /v1/statements/{id}`: the whole statement.
package struct StatementResponse: APIObject {
    package var summary = StatementSummary()
    package var title = LocalizedText()
    package var zone = ""
    package var calendar = ""
    package var measure = ""
    package var by = ""
    package var denominator = Amount()
    package var currency: String?
    package var rows: [StatementRow] = []
    package var total = StatementRow()
    package var shortcomings: [Shortcoming] = []
    package var coverage: [StatementCoverageRow] = []
    package var highWaterMarks: [HighWaterMark] = []
    package var canonicalForm = ""
    package var restatement: RestatementRecord?

    package init() {}

    package static let fields: [Field<StatementResponse>] = [
        .group(\.summary),
        Field("title", \.title, means: "Of the scope."),
        Field("zone", \.zone, means: "The scope's."),
        Field("calendar", \.calendar, means: "The zone of the reporting calendar."),
        .measure(\.measure),
        .by(\.by),
        Field("denominator", \.denominator, means: "What shares are shares of."),
        .currency(\.currency),
        Field("rows", \.rows),
        Field("total", \.total),
        Field("shortcomings", \.shortcomings, means: "What was short when it was proposed."),
        Field("coverage", \.coverage, means: "What each collector had delivered of the month."),
        Field("high_water_marks", \.highWaterMarks, means: "Up to where each epoch of a collector had come."),
        Field(
            "canonical_form", \.canonicalForm,
            means: "What the SHA-256 is of, in UTF-8; docs/closing.md says how it is made."),
        Field("restatement", \.restatement, means: "Null unless it was asked for."),
    ]
}

package struct StatementRow: APIObject {
    package var entity: String?
    package var gathered = 0
    package var rank = 0
    package var numerator = Amount()
    package var sharePercent: Percent?
    package var byKind = KindAmounts()
    package var unmapped = Amount()
    package var overLimit = OverLimitAmount()
    package var estimated = EstimatedAmount()
    package var revenueFrom: String?
    package var unpricedTokens = Count()

    package init() {}

    package static let meaning: String? =
        "The entity is null for the row of all entities that the scope doesn't name, and for the total."

    package static let fields: [Field<StatementRow>] = [
        Field("entity", \.entity),
        Field("gathered", \.gathered, means: "How many entities the row gathers; 0 for one of its own."),
        Field("rank", \.rank, means: "0 where the row is no single entity's, and where nothing counts."),
        Field("numerator", \.numerator, en: "Counted", zh: "计入"),
        Field("share_percent", \.sharePercent, en: "Share", zh: "份额", isBlank: true),
        .group(\.byKind),
        .unmapped(\.unmapped, en: nil),
        .group(\.overLimit),
        .group(\.estimated),
        .revenueFrom(\.revenueFrom, en: nil),
        .unpricedTokens(\.unpricedTokens, en: nil),
    ]
}

/// Something that a month lacks to be closed.
package struct Shortcoming: APIObject {
    package var code = ""
    package var subject: String?
    package var blocking = false
    package var text = ""

    package init() {}

    package static let fields: [Field<Shortcoming>] = [
        Field(
            "code", \.code, means: "A stable word.",
            values: StatementShortcoming.Code.allCases.map(\.rawValue)),
        Field(
            "subject", \.subject, means: "The collector, as PROVIDER/NAME; null where it is about the month."),
        Field(
            "blocking", \.blocking,
            means: "Whether the month can't be closed without a reason; otherwise it is a warning."),
        Field("text", \.text),
    ]
}

package struct StatementCoverageRow: APIObject {
    package var provider = ""
    package var collector = ""
    package var batches = 0
    package var events = Count()
    package var refused = Count()
    package var firstMinute: String?
    package var lastMinute: String?
    package var lastSeen = ""
    package var pending = 0
    package var quarantined = 0

    package init() {}

    package static let fields: [Field<StatementCoverageRow>] = [
        Field("provider", \.provider),
        Field("collector", \.collector),
        Field("batches", \.batches, en: "Batches", zh: "批次"),
        Field("events", \.events, en: "Events", zh: "事件"),
        Field("refused", \.refused, en: "Refused", zh: "拒收", means: "Records that the collector refused."),
        Field("first_minute", \.firstMinute, en: "First minute", zh: "首分钟"),
        Field("last_minute", \.lastMinute, en: "Last minute", zh: "末分钟"),
        Field("last_seen", \.lastSeen),
        Field("pending", \.pending, means: "Batches that weren't rolled up."),
        Field("quarantined", \.quarantined, en: "Quarantined", zh: "隔离批次"),
    ]
}

package struct HighWaterMark: APIObject {
    package var provider = ""
    package var collector = ""
    package var epoch = 0
    package var nextSequence = 0
    package var chain = HexDigest()

    package init() {}

    package static let fields: [Field<HighWaterMark>] = [
        Field("provider", \.provider), Field("collector", \.collector), Field("epoch", \.epoch),
        Field("next_sequence", \.nextSequence),
        Field("chain", \.chain, means: "The SHA-256 over the digests of all batches so far."),
    ]
}

/// What a statement's figures would be now.
package struct RestatementRecord: APIObject {
    package var asKnownAt = Moment()
    package var position = 0
    package var changed = false
    package var denominator = RestatedFigure()
    package var rows: [RestatedRow] = []
    package var total = RestatedRow()

    package init() {}

    package static let fields: [Field<RestatementRecord>] = [
        .asKnownAt(\.asKnownAt),
        .position(\.position),
        Field("changed", \.changed, means: "Whether any figure is another one now."),
        Field("denominator", \.denominator),
        Field("rows", \.rows),
        Field("total", \.total),
    ]
}

/// A frozen figure, and by what it would be another one now.
package struct RestatedFigure: APIObject {
    package var closed = Amount()
    package var lateUsage = Change()
    package var reclassification = Change()
    package var now = Amount()

    package init() {}

    package static let meaning: String? = "closed + late_usage + reclassification = now, exactly."

    /// Neither then nor now.
    static let nothing = RestatedFigure {
        $0.closed = Amount("0")
        $0.lateUsage = Change("0")
        $0.reclassification = Change("0")
        $0.now = Amount("0")
    }

    package static let fields: [Field<RestatedFigure>] = [
        Field("closed", \.closed, en: "Closed", zh: "关账值"),
        Field("late_usage", \.lateUsage, en: "Late usage", zh: "迟到用量"),
        Field("reclassification", \.reclassification, en: "Reclassification", zh: "重分类"),
        Field("now", \.now, en: "Now", zh: "现值"),
    ]
}

package struct RestatedRow: APIObject {
    package var entity: String?
    package var gathered = false
    package var changed = false
    package var closedPercent: Percent?
    package var percentNow: Percent?
    package var numerator = RestatedFigure()
    package var external = RestatedFigure()
    package var ownBusiness = RestatedFigure()
    package var unclassified = RestatedFigure()
    package var otherKinds = RestatedFigure()
    package var outsideFilters = RestatedFigure()
    package var unmapped = RestatedFigure()
    package var overLimit = RestatedFigure()
    package var estimated = RestatedFigure()
    package var unpricedTokens = RestatedFigure()

    package init() {}

    package static let fields: [Field<RestatedRow>] = [
        Field(
            "entity", \.entity, means: "Null for the row of all entities that the scope doesn't name, and the total."),
        Field("gathered", \.gathered, means: "Whether the row gathers entities."),
        Field("changed", \.changed, means: "Whether any of its figures is another one now."),
        Field("closed_percent", \.closedPercent, en: "Share closed", zh: "关账份额", isBlank: true),
        Field("percent_now", \.percentNow, en: "Share now", zh: "现份额", isBlank: true),
        Field("numerator", \.numerator),
        Field("external", \.external),
        Field("own_business", \.ownBusiness),
        Field("unclassified", \.unclassified),
        Field("other_kinds", \.otherKinds),
        Field("outside_filters", \.outsideFilters),
        Field("unmapped", \.unmapped),
        Field("over_limit", \.overLimit, ifAbsent: .nothing),
        Field("estimated", \.estimated, ifAbsent: .nothing),
        Field("unpriced_tokens", \.unpricedTokens),
    ]
}
