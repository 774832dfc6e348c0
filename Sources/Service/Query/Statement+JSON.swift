internal import Postgres
internal import Scopes
internal import Store
internal import Usage

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
            JSONMember("mark", .integer(Int64(clamping: mark))),
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
                JSONMember("denominator", .amount(table.denominator)),
                JSONMember(
                    "rows",
                    .array(zip(table.rows, table.percentages()).map { row, percent in .object(row.members(percent)) })),
                JSONMember("total", .object(table.total.members(nil))),
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
            "as_known_at": .string(RFC3339.text(knownAt)), "mark": .integer(Int64(clamping: mark)),
            "changed": .bool(!restatement.isUnchanged), "denominator": restatement.denominator.json,
            "rows": .array(restatement.rows.map(\.json)), "total": restatement.total.json,
        ]
    }
}

extension Restatement.Row {
    var json: JSONValue {
        [
            "entity": isGathered || entity.isEmpty ? .null : .string(entity), "gathered": .bool(isGathered),
            "changed": .bool(!isUnchanged), "closed_percent": .optional(closedPercent),
            "percent_now": .optional(percentNow), "numerator": numerator.json, "external": external.json,
            "own_business": ownBusiness.json, "unclassified": unclassified.json, "other_kinds": otherKinds.json,
            "outside_filters": outsideFilters.json,
        ]
    }
}

extension Restatement.Figure {
    fileprivate var json: JSONValue {
        [
            "closed": .amount(closed), "late_usage": .string(lateUsage.description),
            "reclassification": .string(reclassification.description), "now": .amount(now),
        ]
    }
}

extension ShareTable.Row {
    fileprivate func members(_ percent: String?) -> [JSONMember] {
        [
            JSONMember("entity", isGathered || entity.isEmpty ? .null : .string(entity)),
            JSONMember("gathered", .integer(Int64(gathered))), JSONMember("rank", .integer(Int64(rank))),
            JSONMember("numerator", .amount(numerator)), JSONMember("share_percent", .optional(percent)),
            JSONMember("external", .amount(external)), JSONMember("own_business", .amount(ownBusiness)),
            JSONMember("unclassified", .amount(unclassified)), JSONMember("other_kinds", .amount(otherKinds)),
            JSONMember("outside_filters", .amount(outsideFilters)),
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
            "last_seen": .string(lastSeen), "unfolded": .integer(Int64(clamping: unfolded)),
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

extension JSONValue {
    /// A figure of a statement, whatever the scope measures.
    fileprivate static func amount(_ value: UInt128) -> JSONValue { .count(value) }
}
