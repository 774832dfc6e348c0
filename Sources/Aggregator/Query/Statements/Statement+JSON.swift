internal import Postgres
internal import Scopes
internal import Store
internal import TextFormats
internal import UsageModel

extension StatementHeader {
    /// What every list and answer says of a statement.
    var members: [JSONMember] {
        [
            JSONMember("id", .integer(id)),
            JSONMember(
                "scope",
                [
                    "id": .string(scopeID), "version": .integer(Int64(scopeVersion)), "sha256": .string(scopeDigest),
                ]),
            JSONMember("month", .string(month.description)), JSONMember("status", .string(status.rawValue)),
            JSONMember("sha256", .string(digest)), JSONMember("as_known_at", .string(RFC3339.text(knownAt))),
            JSONMember("position", .integer(Int64(clamping: position))),
            JSONMember("override_reason", .optional(overrideReason)),
            JSONMember("proposed_at", .string(RFC3339.text(proposedAt))),
            JSONMember("proposed_by", .string(proposedBy.holder)),
            JSONMember("proposed_token", .string(proposedBy.token)),
            JSONMember("decision", decision?.json ?? .null),
        ]
    }

    /// What stands beside figures that come from the statement.
    var beside: JSONValue {
        [
            "id": .integer(id), "status": "closed", "sha256": .string(digest),
            "approved_at": .optional(decision.map { RFC3339.text($0.at) }),
            "approved_by": .optional(decision?.person.holder),
        ]
    }
}

extension StatementDecision {
    fileprivate var json: JSONValue {
        [
            "decision": .string(kind.rawValue), "at": .string(RFC3339.text(at)), "by": .string(person.holder),
            "token": .string(person.token), "reason": .optional(reason),
        ]
    }
}

extension Statement {
    /// The whole statement.
    ///
    /// - Parameter restated: what its figures would be now, where that was asked for.
    func json(restated: RestatedStatement?) -> JSONValue {
        let table = content.table
        return .object(
            header.members + [
                JSONMember("title", ["en": .string(table.scope.title.en), "zh": .string(table.scope.title.zh)]),
                JSONMember("zone", .string(table.scope.zone)), JSONMember("calendar", .string(content.calendar)),
                JSONMember("measure", .string(table.scope.measure.rawValue)),
                JSONMember("by", .string(table.scope.entity.rawValue)),
                JSONMember("denominator", .string(table.text(of: table.denominator))),
                JSONMember("currency", .optional(table.scope.currency)),
                JSONMember(
                    "rows",
                    .array(
                        zip(table.rows, table.percentages()).map { row, percent in
                            .object(table.members(of: row, percent))
                        }
                    )), JSONMember("total", .object(table.members(of: table.total, nil))),
                JSONMember("shortcomings", .array(content.shortcomings.map(\.json))),
                JSONMember("coverage", .array(content.coverage.map(\.json))),
                JSONMember("high_water_marks", .array(content.highWater.map(\.json))),
                JSONMember("canonical_form", .string(text)), JSONMember("restatement", restated?.json ?? .null),
            ])
    }
}

extension RestatedStatement {
    fileprivate var json: JSONValue {
        [
            "as_known_at": .string(RFC3339.text(knownAt)), "position": .integer(Int64(clamping: position)),
            "changed": .bool(!restatement.isUnchanged), "denominator": restatement.json(restatement.denominator),
            "rows": .array(restatement.rows.map(restatement.json(_:))), "total": restatement.json(restatement.total),
        ]
    }
}

extension Restatement {
    func json(_ row: Row) -> JSONValue {
        [
            "entity": row.isGathered || row.entity.isEmpty ? .null : .string(row.entity),
            "gathered": .bool(row.isGathered), "changed": .bool(!row.isUnchanged),
            "closed_percent": .optional(row.closedPercent), "percent_now": .optional(row.percentNow),
            "numerator": json(row.numerator), "external": json(row.external), "own_business": json(row.ownBusiness),
            "unclassified": json(row.unclassified), "other_kinds": json(row.otherKinds),
            "outside_filters": json(row.outsideFilters), "unmapped": json(row.unmapped),
            "unpriced_tokens": Self.json(row.unpricedTokens) { String($0) },
        ]
    }

    fileprivate func json(_ figure: Figure) -> JSONValue { Self.json(figure, measure.text(of:)) }

    private static func json(_ figure: Figure, _ text: (UInt128) -> String) -> JSONValue {
        [
            "closed": .string(text(figure.closed)), "late_usage": .string(figure.lateUsage.number(text)),
            "reclassification": .string(figure.reclassification.number(text)), "now": .string(text(figure.now)),
        ]
    }
}

extension ShareTable {
    fileprivate func members(of row: Row, _ percent: String?) -> [JSONMember] {
        func amount(_ amount: UInt128) -> JSONValue { .string(text(of: amount)) }
        return [
            JSONMember("entity", row.isGathered || row.entity.isEmpty ? .null : .string(row.entity)),
            JSONMember("gathered", .integer(Int64(row.gathered))), JSONMember("rank", .integer(Int64(row.rank))),
            JSONMember("numerator", amount(row.numerator)), JSONMember("share_percent", .optional(percent)),
            JSONMember("external", amount(row.external)), JSONMember("own_business", amount(row.ownBusiness)),
            JSONMember("unclassified", amount(row.unclassified)), JSONMember("other_kinds", amount(row.otherKinds)),
            JSONMember("outside_filters", amount(row.outsideFilters)),
            JSONMember("unmapped", amount(row.unmapped)),
            JSONMember("revenue_from", .optional(row.revenueFromText)),
            JSONMember("unpriced_tokens", .count(row.unpricedTokens)),
        ]
    }
}

extension StatementShortcoming {
    var json: JSONValue {
        [
            "code": .string(code.rawValue), "subject": subject.isEmpty ? .null : .string(subject),
            "blocking": .bool(isBlocking), "text": .string(text),
        ]
    }
}

extension StatementCoverage {
    fileprivate var json: JSONValue {
        [
            "provider": .string(provider), "collector": .string(collector),
            "batches": .integer(Int64(clamping: batches)), "events": .count(events), "refused": .count(refused),
            "first_minute": .optional(firstMinute), "last_minute": .optional(lastMinute),
            "last_seen": .string(lastSeen), "pending": .integer(Int64(clamping: pending)),
            "quarantined": .integer(Int64(clamping: quarantined)),
        ]
    }
}

extension StatementHighWater {
    fileprivate var json: JSONValue {
        [
            "provider": .string(provider), "collector": .string(collector),
            "epoch": .integer(Int64(clamping: epoch)), "next_sequence": .integer(Int64(clamping: nextSequence)),
            "chain": .string(chain),
        ]
    }
}
